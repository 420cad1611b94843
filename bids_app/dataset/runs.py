"""Runs as they can be read: series, mask, confounds, sidecars and events brought together by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bids_app.dataset.fmriprep import Series
from bids_app.dataset.layout import PREPROCESSED, Folder, inherited, modern_name, names_in
from bids_app.dataset.tables import read_json
from bids_app.errors import DeqiError
from bids_app.vocabulary.entities import parse, same, without
from bids_app.vocabulary.recording import Recording

Listed = Callable[[str], list[str]]
"""Folder -> what lies in it that may apply to several runs."""

Elsewhere = Callable[[Series], Sequence[Folder]]
"""Series -> the folders of the same session in other derivative datasets."""

SPATIAL = ("space", "cohort", "res", "den")
"""Entities that confounds, which belong to no space, do not have."""


class Kind(NamedTuple):
    """A kind of file: a word that every such name has, and the endings that it may have, the best first."""

    desc: str
    suffix: str
    word: str
    endings: tuple[str, ...]


MASK = Kind("brain", "mask", "mask", (".nii.gz", ".nii"))
CONFOUNDS = Kind("confounds", "timeseries", "confounds", (".tsv",))


class Complete(NamedTuple):
    """A run of which every file that is needed is there, by their names alone.

    `more` are the confounds of the same run in other derivative datasets.
    """

    series: Series
    mask: Path
    confounds: Path
    more: tuple[Path, ...] = ()


def complete(
    series: Iterable[Series], space: str, resolution: str | None, elsewhere: Elsewhere = lambda _: ()
) -> tuple[list[Complete], list[tuple[Series, str]]]:
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
            runs.append(Complete(one, mask[0], confounds[0], tuple(confounds[1:])))
            continue
        lacks = CONFOUNDS if mask else MASK
        name = f"*_desc-{lacks.desc}_{lacks.suffix}{lacks.endings[0]}"
        why = "so it cannot be cleaned. Copy the file from the fMRIPrep output, or run fMRIPrep again."
        incomplete.append((one, f"{one.name} has no {name} of the same run, {why}"))
    return runs, incomplete


def _companions(one: Series, kind: Kind, places: Iterable[Folder], *, without_space: bool = False) -> Iterator[Path]:
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


def recordings(
    name: str, root: Path, raw: Path, runs: Iterable[Complete], *, links: Mapping[str, Path], with_events: bool
) -> list[Recording]:
    """Return runs with what their sidecars say, and their events.

    Parameters
    ----------
    name, root : str, Path
        Derivative dataset that the runs are in.
    raw : Path
        Dataset that may have their events, and the repetition time that old fMRIPrep did not write.
    links : mapping
        Every dataset that files may lie in, by its name.
    """
    found, listed = [], cache(_general_files)
    for series, mask, confounds, more in runs:
        entities = series.entities
        sidecars = [path for path in inherited(root, entities, "bold", ".json", listed) if _describes(path, entities)]
        metadata, problem = _metadata(sidecars)
        for above in _further(raw, root, entities, listed):
            if not problem and "RepetitionTime" not in metadata:
                own, problem = _metadata(above)
                metadata |= {key: own[key] for key in ("RepetitionTime",) if key in own}
                sidecars += above
        places = (raw, root) if with_events else ()
        events = [path for place in places for path in inherited(place, entities, "events", ".tsv", listed)[-1:]]
        notes = [path for place in places for path in inherited(place, entities, "events", ".json", listed)]
        found.append(
            Recording(
                entities=without(entities, "desc"),
                series=series.path,
                mask=mask,
                confounds=confounds,
                more_confounds=more,
                root=root,
                dataset=name,
                links=tuple(links.items()),
                sidecars=tuple(sidecars),
                metadata=metadata,
                events=events[0] if events else None,
                event_sidecars=tuple(notes) if events else (),
                problem=problem,
            )
        )
    return found


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


def _metadata(sidecars: Iterable[Path]) -> tuple[dict[str, object], str]:
    """Return what sidecars say together, and what is wrong with one: it is the fault of that run alone."""
    metadata: dict[str, object] = {}
    try:
        for sidecar in sidecars:
            metadata.update(read_json(sidecar))
    except DeqiError as error:
        return {}, str(error)
    return metadata, ""


def _general_files(folder: str) -> list[str]:
    """Return what in a folder may apply to several runs: the folder of a dataset holds thousands of people besides."""
    with suppress(OSError):  # of a folder that cannot be looked into nothing is known
        return [name for name in names_in(folder) if name.endswith((".json", "_events.tsv"))]
    return []
