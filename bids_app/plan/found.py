"""Which runs are there, by the names of files alone: what the plan and the status of thousands both start from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bids_app.dataset.fmriprep import (
    NO_SURFACES,
    Selection,
    Series,
    choose_space,
    find_series,
    has_surfaces,
)
from bids_app.dataset.layout import Folder, functional_folders, participants_in
from bids_app.dataset.runs import Complete, Elsewhere, complete
from bids_app.errors import DeqiError, NothingSelectedError
from bids_app.vocabulary.entities import Entities, join, without
from bids_app.vocabulary.execution import Execution
from bids_app.vocabulary.note import Note


@dataclass(frozen=True, kw_only=True)
class Found:
    """Runs that a call is about.

    Attributes
    ----------
    runs : mapping
        Runs with all their files, by derivative dataset.
    space : str
        That all of them are taken in.
    participants : list of str
        Labels that were asked for, or all there are.
    notes : list of Note
        What is not there, person by person and run by run.
    join : tuple of str
        Entities that tell runs of one session apart.
    """

    runs: Mapping[str, list[Complete]]
    space: str
    participants: list[str]
    notes: list[Note]
    join: tuple[str, ...]


def find_runs(roots: Mapping[str, Path], execution: Execution, selection: Selection) -> Found:
    """Look through the folders of the people asked for.

    Raises
    ------
    NothingSelectedError, UsageError
        If nobody and nothing fits, or a space has to be chosen.
    """
    present = {name: participants_in(root) for name, root in roots.items()}
    labels = {label for people in present.values() for label in people}
    chosen = _chosen(execution, labels)
    asked = set(chosen)
    series, notes = {}, list[Note]()
    if not execution.participants:  # else others are told of by whoever works on them
        raw = participants_in(execution.bids_dir)
        absent = [label for label in raw if label not in labels]
        notes += [Note(text=f"sub-{p}: in BIDS_DIR but without fMRIPrep derivatives", participant=p) for p in absent]
    for name, root in roots.items():
        series[name], problems = find_series(root, [label for label in present[name] if label in asked], selection)
        notes += problems
    everything = [one for own in series.values() for one in own]
    if not everything:
        raise _nothing(roots, chosen, selection)
    space, resolution = choose_space(everything, selection)
    runs = {}
    for name, own in series.items():
        runs[name], incomplete = complete(own, space, resolution, _elsewhere(roots, name))
        notes += [Note(text=why, participant=one.entities["sub"]) for one, why in incomplete]
    if not execution.participants:
        names = (run.series.entities for ready in runs.values() for run in ready)
        notes += [Note(text=text) for text in analysed_apart(names, selection.join)]
    return Found(runs=runs, space=space, participants=chosen, notes=notes, join=selection.join)


def _elsewhere(roots: Mapping[str, Path], own: str) -> Elsewhere:
    """Return where else the files of a session may lie: in the other derivative datasets."""
    others = [root for name, root in roots.items() if name != own]

    @cache
    def folders(participant: str) -> list[Folder]:
        return [folder for root in others for folder in functional_folders(root, participant)]

    def elsewhere(one: Series) -> list[Folder]:
        if not others:
            return []
        session = f"ses-{one.entities['ses']}" if "ses" in one.entities else f"sub-{one.entities['sub']}"
        return [folder for folder in folders(one.entities["sub"]) if Path(folder.path).parent.name == session]

    return elsewhere


def analysed_apart(names: Iterable[Entities], join_over: Sequence[str]) -> list[str]:
    """Return which scans of one session and task are analysed apart, and which entities are joined that need not be."""
    scans: dict[tuple[str, ...], list[Entities]] = {}
    for entities in names:
        key = tuple(entities.get(name, "") for name in ("sub", "ses", "task"))
        scans.setdefault(key, []).append(entities)
    apart: dict[str, set[str]] = {}
    directions: set[str] = set()
    for members in scans.values():
        for name in dict.fromkeys(key for entities in members for key in entities):
            values = {entities.get(name, "none") for entities in members}
            if len(values) > 1 and name not in join_over:
                apart.setdefault(name, set()).update(values)
            elif len(values) > 1 and name != "run":
                directions |= {f"{name}-{value}" for value in values}
    said = []
    for name, values in apart.items():
        words = json.dumps([*join_over, name])
        joined = f"To take them together as runs: --set 'dataset.join={words}'"
        chosen = f"They are one scan in several forms: choose one with --bids-filter-file ({name})"
        said.append(
            f"Scans of one session and task with {name} {', '.join(sorted(values))} are analysed apart. "
            f"{joined if name in ('acq', 'ce') else chosen}"
        )
    if directions:
        said.append(
            f"{', '.join(sorted(directions))} of one session and task are taken together as its runs (dataset.join; "
            "apart, also by direction: --set 'dataset.join=[\"run\"]')"
        )
    return said


def why_absent(roots: Mapping[str, Path], labels: AbstractSet[str], selection: Selection) -> dict[tuple[str, str], str]:
    """Return which files lack of people without results, by participant and session."""
    series, reasons = [], {}
    for root in roots.values():
        series += find_series(root, sorted(labels & set(participants_in(root))), selection)[0]
    with suppress(DeqiError):  # a space that would have to be chosen
        for one, why in complete(series, *choose_space(series, selection))[1]:
            reasons[one.entities["sub"], one.entities.get("ses", "")] = why
    return reasons


def label_of(entities: Entities, join_over: Sequence[str]) -> str:
    """Return the label of the job that a run belongs to: one for all runs of a session."""
    return join(without(entities, *join_over, "desc"), "", "").removesuffix("_")


def _chosen(execution: Execution, present: set[str]) -> list[str]:
    """Return the labels asked for, or all.

    Raises
    ------
    NothingSelectedError
        If one is not there.
    """
    wanted = {label.removeprefix("sub-") for label in execution.participants}
    if absent := sorted(wanted - present):
        there = sorted(present)
        raise NothingSelectedError(
            f"--participant-label {' '.join(absent)}: not in the derivatives, which have "
            f"{', '.join(there[:10]) or 'nobody'}{' ...' if len(there) > 10 else ''}."
        )
    return sorted(wanted or present)


def _nothing(roots: Mapping[str, Path], people: Sequence[str], selection: Selection) -> NothingSelectedError:
    """Return what to say when no series was found: what there is, if anything."""
    if any(has_surfaces(root, participants_in(root)) for root in roots.values()):
        return NothingSelectedError(f"There is no volumetric series; {NO_SURFACES}")
    loose = Selection(desc=selection.desc)
    there = [one.entities for root in roots.values() for one in find_series(root, people, loose)[0]]
    if not there:
        return NothingSelectedError(
            f"No preprocessed series (desc-{selection.desc}_bold.nii.gz) of {len(people)} participants is in "
            f"{', '.join(map(str, roots.values()))}. Is it the folder with sub-*/func of fMRIPrep?"
        )
    said = {
        key: sorted({entities[key] for entities in there if key in entities}) for key in ("ses", "task", "run", "space")
    }
    words = "; ".join(f"{key} {', '.join(values[:8])}" for key, values in said.items() if values)
    return NothingSelectedError(
        f"None of {len(there)} preprocessed series of {len(people)} participants matches {selection.describe()}. "
        f"There are {words}. Loosen --task-id, --session-label, --space or the filter file."
    )
