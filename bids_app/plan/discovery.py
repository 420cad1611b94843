"""Which runs are there, by the names of files alone: what the plan and the status of thousands both start from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bids_app.dataset.layout import participants_in
from bids_app.errors import NothingSelectedError
from bids_app.vocabulary.entities import STAGES, Entities, join, without
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.selection import Selection

if TYPE_CHECKING:
    from bids_app.plugs.modality import Modality


def search_in(
    roots: Mapping[str, Path], execution: Execution, selection: Selection, *, with_events: bool = False
) -> Search:
    """Return what a call looks for.

    Raises
    ------
    NothingSelectedError
        If a participant who was asked for is not there.
    """
    labels = {label for root in roots.values() for label in participants_in(root)}
    return Search(
        roots=roots, bids_dir=execution.bids_dir, selection=selection, people=_chosen(execution, labels),
        with_events=with_events,
    )  # fmt: skip


def find_runs(search: Search, execution: Execution, modality: Modality) -> Found:
    """Look through the folders of the participants asked for.

    Raises
    ------
    NothingSelectedError, UsageError
        If no one and nothing fits, or a choice has to be made.
    """
    notes = list[Note]()
    if not execution.participants:  # the calls that work on the others tell of them
        labels = {label for root in search.roots.values() for label in participants_in(root)}
        absent = [label for label in participants_in(execution.bids_dir) if label not in labels]
        notes += [Note(text=f"sub-{p}: in BIDS_DIR but without {modality.source}", participant=p) for p in absent]
    found = modality.find(search)
    notes += found.notes
    if not execution.participants:
        names = (run.entities for ready in found.runs.values() for run in ready)
        known = (*search.selection.join, search.selection.stage)
        notes += [Note(text=text) for text in analysed_apart(names, known)]
    return replace(found, participants=search.people, notes=notes)


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
            elif len(values) > 1 and name not in STAGES:
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


def label_of(entities: Entities, join_over: Sequence[str], modality: Modality) -> str:
    """Return the label of the job that a run belongs to: one for all runs of a session."""
    return join(without(entities, *join_over, "desc"), "", "").removesuffix("_") + modality.ending


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
            f"{', '.join(there[:10]) or 'none'}{' ...' if len(there) > 10 else ''}."
        )
    return sorted(wanted or present)
