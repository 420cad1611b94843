"""Runs of fMRIPrep: series, mask and confounds of one space brought together, and what their sidecars say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bids_app.dataset.fmriprep import NO_SURFACES, BoldFile, choose_space, find_series, has_surfaces
from bids_app.dataset.further_confounds import check_pattern, table_of
from bids_app.dataset.layout import Folder, inherited, modern_name, participants_in, scan_folders
from bids_app.dataset.recordings import Listed, SidecarMetadata, recordings, together
from bids_app.errors import DeqiError, NothingSelectedError
from bids_app.vocabulary.entities import parse, same, without
from bids_app.vocabulary.found import Candidate, Found, Search
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.selection import PREPROCESSED, Selection

Elsewhere = Callable[[BoldFile], Sequence[Folder]]
"""Series -> the folders of the same session in other derivative datasets."""

SPATIAL = ("space", "cohort", "res", "den")
"""Entities that confounds, which belong to no space, do not have."""


class FileKind(NamedTuple):
    """A kind of file: a word that every such name has, and the endings that it may have, the best first."""

    desc: str
    suffix: str
    word: str
    endings: tuple[str, ...]


MASK = FileKind("brain", "mask", "mask", (".nii.gz", ".nii"))
CONFOUNDS = FileKind("confounds", "timeseries", "confounds", (".tsv",))


def find(search: Search) -> Found:
    """Return the complete runs of the participants asked for, in one space.

    Raises
    ------
    NothingSelectedError, UsageError
        If nothing fits, or a space has to be chosen.
    """
    series, notes = _series(search)
    everything = [one for own in series.values() for one in own]
    if not everything:
        raise _nothing(search)
    space, resolution = choose_space(everything, search.selection)
    runs = {}
    for name, own in series.items():
        runs[name], incomplete = complete(own, space, resolution, _elsewhere(search.roots, name))
        notes += [Note(text=why, participant=one.entities["sub"]) for one, why in incomplete]
    return Found(runs=runs, shared={"space": space}, notes=notes)


def survey(search: Search) -> list[Mapping[str, str]]:
    """Return the entities of all series that are there, in any space."""
    return [one.entities for own in _series(search)[0].values() for one in own]


def why_absent(search: Search) -> dict[tuple[str, str], str]:
    """Return which files lack of participants without results, by participant and session."""
    series = [one for own in _series(search)[0].values() for one in own]
    reasons: dict[tuple[str, str], str] = {}
    with suppress(DeqiError):  # a space that would have to be chosen
        for one, why in complete(series, *choose_space(series, search.selection))[1]:
            reasons |= {(one.entities["sub"], stage): why for stage in search.selection.stages_of(one.entities)}
    return reasons


def _series(search: Search) -> tuple[dict[str, list[BoldFile]], list[Note]]:
    """Return the series of each dataset that pass the filters, and what cannot be looked into."""
    series, notes, asked = {}, list[Note](), set(search.people)
    for name, root in search.roots.items():
        people = [label for label in participants_in(root) if label in asked]
        series[name], problems = find_series(root, people, search.selection)
        notes += problems
    return series, notes


def _elsewhere(roots: Mapping[str, Path], own: str) -> Elsewhere:
    """Return where else the files of a session may lie: in the other derivative datasets."""
    others = [root for name, root in roots.items() if name != own]

    @cache
    def folders(participant: str) -> list[Folder]:
        return [folder for root in others for folder in scan_folders(root, participant)]

    def elsewhere(one: BoldFile) -> list[Folder]:
        if not others:
            return []
        session = f"ses-{one.entities['ses']}" if "ses" in one.entities else f"sub-{one.entities['sub']}"
        return [folder for folder in folders(one.entities["sub"]) if Path(folder.path).parent.name == session]

    return elsewhere


def _nothing(search: Search) -> NothingSelectedError:
    """Return what to say when no series was found: what there is, if anything."""
    if any(has_surfaces(root, participants_in(root)) for root in search.roots.values()):
        return NothingSelectedError(f"There is no volumetric series; {NO_SURFACES}")
    loose, count = Selection(desc=search.selection.desc), len(search.people)
    there = [one.entities for root in search.roots.values() for one in find_series(root, search.people, loose)[0]]
    if not there:
        return NothingSelectedError(
            f"No preprocessed series (desc-{search.selection.desc}_bold.nii.gz) of {count} participants is in "
            f"{', '.join(map(str, search.roots.values()))}. Is it the folder with sub-*/func of fMRIPrep?"
        )
    said = {
        key: sorted({entities[key] for entities in there if key in entities}) for key in ("ses", "task", "run", "space")
    }
    words = "; ".join(f"{key} {', '.join(values[:8])}" for key, values in said.items() if values)
    return NothingSelectedError(
        f"None of {len(there)} preprocessed series of {count} participants matches {search.selection.describe()}. "
        f"There are {words}. Loosen --task-id, --session-label, --space or the filter file."
    )


def complete(
    series: Iterable[BoldFile], space: str, resolution: str | None, elsewhere: Elsewhere = lambda _: ()
) -> tuple[list[Candidate], list[tuple[BoldFile, str]]]:
    """Bring series of one space together with the masks and confounds that belong to them.

    Returns
    -------
    runs, incomplete
        Runs that can be read, and those that cannot, with why.
    """
    runs, incomplete = [], []
    for one in series:
        if one.entities.get("space") != space or one.entities.get("res") != resolution:
            continue
        if "echo" in one.entities:
            incomplete.append((one, f"{one.name} is a single echo, which is not analysed: the combined series is"))
            continue
        places = [Folder(one.folder, list(one.beside)), *elsewhere(one)]
        mask = [*_companions(one, MASK, places)]
        confounds = [*_companions(one, CONFOUNDS, places, without_space=True)]
        if mask and confounds:
            beside = {"mask": mask[0], **confound_tables(confounds)}
            runs.append(Candidate(one.entities, one.path, beside))
            continue
        lacks = CONFOUNDS if mask else MASK
        name = f"*_desc-{lacks.desc}_{lacks.suffix}{lacks.endings[0]}"
        why = "so it cannot be cleaned. Copy the file from the fMRIPrep output, or run fMRIPrep again."
        incomplete.append((one, f"{one.name} has no {name} of the same run, {why}"))
    return runs, incomplete


def confound_tables(paths: Iterable[Path]) -> dict[str, Path]:
    """Return tables of confounds by their kind among the files beside a series: the first, and those joined to it."""
    return {f"confounds{number or ''}": path for number, path in enumerate(paths)}


def _companions(
    one: BoldFile, kind: FileKind, places: Iterable[Folder], *, without_space: bool = False
) -> Iterator[Path]:
    """Yield the file of a kind that belongs to a series, of each place that has one."""
    wanted = {**without(one.entities, *(SPATIAL if without_space else ())), "desc": kind.desc}
    stem = one.name.partition("_space-" if without_space else "_desc-")[0]
    usual = f"{stem}_desc-{kind.desc}_{kind.suffix}{kind.endings[0]}"
    for folder, names, _ in places:
        if usual in names:  # in the order that fMRIPrep writes: no name has to be taken apart
            yield Path(folder, usual)
            continue
        found = {}
        for name in names:
            if kind.word in name:
                entities, suffix, ending = parse(modern_name(name))
                if suffix == kind.suffix and same(entities, wanted):
                    found[ending] = name
        if best := next((found[ending] for ending in kind.endings if ending in found), ""):
            yield Path(folder, best)


def recordings_of(found: Found, search: Search, more_confounds: Sequence[str] = ()) -> list[Recording]:
    """Return runs with what their sidecars say; the repetition time also where old fMRIPrep did not write it.

    Parameters
    ----------
    more_confounds : sequence of str
        Patterns of further tables of confounds; a run that lacks one has a problem.

    Raises
    ------
    UsageError
        If a pattern cannot be understood.
    """

    def describe(root: Path, entities: Mapping[str, str], listed: Listed) -> SidecarMetadata:
        sidecars = [path for path in inherited(root, entities, "bold", ".json", listed) if _describes(path, entities)]
        metadata, problem = together(sidecars)
        for above in _further(search.bids_dir, root, entities, listed):
            if not problem and "RepetitionTime" not in metadata:
                own, problem = together(above)
                metadata |= {key: own[key] for key in ("RepetitionTime",) if key in own}
                sidecars += above
        return SidecarMetadata(sidecars, metadata, problem)

    for pattern in more_confounds:
        check_pattern(pattern)
    runs = recordings(found, search, modality="fmri", suffix="bold", datatype="func", describe=describe)
    return [_with_further_tables(run, more_confounds, search.links) for run in runs] if more_confounds else runs


def _with_further_tables(run: Recording, patterns: Sequence[str], links: Mapping[str, Path]) -> Recording:
    """Return a run with further tables of confounds; one that lacks a table has a problem."""
    found = [table_of(pattern, run.entities, links) for pattern in patterns]
    companions = {
        **run.companions,
        **confound_tables([*run.several("confounds"), *(table for table, _ in found if table)]),
    }
    problems = [run.problem] * bool(run.problem) + [f"{run.series.name}: {why}" for _, why in found if why]
    return replace(run, companions=companions, problem="; ".join(problems))


def _further(raw: Path, root: Path, entities: Mapping[str, str], listed: Listed) -> Iterator[list[Path]]:
    """Yield where else the repetition time of a scan may stand: in the raw dataset, with its preprocessed series."""
    if raw != root:
        yield inherited(raw, entities, "bold", ".json", listed)
    if entities.get("desc") != PREPROCESSED:
        yield inherited(root, {**entities, "desc": PREPROCESSED}, "bold", ".json", listed)


def _describes(sidecar: Path, entities: Mapping[str, str]) -> bool:
    """Tell whether a sidecar is of this very series or of all: not of another of the same run."""
    desc = parse(modern_name(sidecar.name))[0].get("desc")
    return desc is None or desc == entities.get("desc")
