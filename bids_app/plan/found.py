"""Which runs are there, by the names of files alone: what the plan and the status of thousands both start from."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bids_app.dataset.fmriprep import (
    NO_SURFACES,
    Selection,
    choose_space,
    find_series,
    has_surfaces,
)
from bids_app.dataset.layout import participants_in
from bids_app.dataset.runs import Complete, complete
from bids_app.errors import DeqiError, NothingSelectedError
from bids_app.vocabulary.entities import Entities, join, without
from bids_app.vocabulary.execution import Execution


@dataclass(frozen=True)
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
    notes : list of str
        What is not there, person by person and run by run.
    """

    runs: Mapping[str, list[Complete]]
    space: str
    participants: list[str]
    notes: list[str]


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
    series, notes = {}, []
    if not execution.participants:  # else others are told of by whoever works on them
        raw = participants_in(execution.bids_dir)
        notes = [f"sub-{label}: in BIDS_DIR but without fMRIPrep derivatives" for label in raw if label not in labels]
    for name, root in roots.items():
        series[name], problems = find_series(root, [label for label in present[name] if label in asked], selection)
        notes += problems
    everything = [one for own in series.values() for one in own]
    if not everything:
        raise _nothing(roots, len(chosen), selection)
    space, resolution = choose_space(everything, selection)
    runs = {}
    for name, own in series.items():
        runs[name], incomplete = complete(own, space, resolution)
        notes += [why for _, why in incomplete]
    return Found(runs, space, chosen, notes)


def why_absent(roots: Mapping[str, Path], labels: AbstractSet[str], selection: Selection) -> dict[tuple[str, str], str]:
    """Return which files lack of people without results, by participant and session."""
    series, reasons = [], {}
    for root in roots.values():
        series += find_series(root, sorted(labels & set(participants_in(root))), selection)[0]
    with suppress(DeqiError):  # a space that would have to be chosen
        for one, why in complete(series, *choose_space(series, selection))[1]:
            reasons[one.entities["sub"], one.entities.get("ses", "")] = why
    return reasons


def label_of(entities: Entities) -> str:
    """Return the label of the job that a run belongs to: one for all runs of a session."""
    return join(without(entities, "run", "desc"), "", "").removesuffix("_")


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


def _nothing(roots: Mapping[str, Path], people: int, selection: Selection) -> NothingSelectedError:
    """Return what to say when no series was found."""
    if any(has_surfaces(root, participants_in(root)) for root in roots.values()):
        return NothingSelectedError(f"There is no volumetric series; {NO_SURFACES}")
    return NothingSelectedError(
        f"No preprocessed series (desc-preproc_bold) of {people} participants matches {selection.describe()}. "
        "Loosen --task-id, --session-label, --space or the filter file."
    )
