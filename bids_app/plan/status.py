"""`--status`: who is done, failed or missing, by the names of files and records alone."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bids_app import plugs
from bids_app.dataset.layout import names_in
from bids_app.dataset.tables import Json
from bids_app.derivatives.failure_records import read_failure, read_failures
from bids_app.plan.discovery import find_runs, label_of, search_in
from bids_app.plan.inputs import roots_of, selection_of
from bids_app.settings import DEFAULT_PLUGS, segments_of
from bids_app.vocabulary.found import Candidate
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options.dataset import Dataset
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.options.validated import validate

MOST = 20
"""Failures that are printed; the records have all."""

Reasons = Mapping[str, str]


@dataclass(frozen=True)
class Status:
    """Labels of sessions by what has become of them; why those failed that did, and who works on those begun."""

    done: list[str]
    failed: Reasons
    missing: list[str]
    begun: Reasons

    def unfinished_people(self) -> list[str]:
        """Return the labels of participants who lack a session."""
        return sorted({label.split("_")[0].removeprefix("sub-") for label in (*self.failed, *self.missing)})


def print_status(execution: Execution, tables: Mapping[str, object]) -> None:
    """Print what has been done of a call; with `--missing` the labels of participants alone, one a line.

    The first goes by names: a record says that the work was finished once. The second lists also those whose records
    are of other options or another version, or older than their files.
    """
    sessions, notes = _sessions(execution, tables)
    for note in notes[:MOST]:
        print(f"left out: {note.text}", file=sys.stderr)
    if len(notes) > MOST:
        print(f"... and {len(notes) - MOST} more are left out", file=sys.stderr)
    if execution.missing:
        from bids_app.plan.outdated import outdated

        people = status_of(execution, sessions, outdated(execution, sessions, tables)).unfinished_people()
        print("\n".join(people), end="\n" if people else "")
        return
    status = status_of(execution, sessions)
    total = len(status.done) + len(status.failed) + len(status.missing)
    print(
        f"{len(status.done)} of {total} sessions are done, {len(status.failed)} failed, {len(status.missing)} missing."
    )
    for word, those in (("failed", status.failed), ("running, or ended without a word", status.begun)):
        for label, why in list(those.items())[:MOST]:
            print(f"  {word}: {label}: {why}")
        if len(those) > MOST:
            print(f"  ... and {len(those) - MOST} more in {execution.output_dir}/logs")
    if people := status.unfinished_people():
        print(f"Not done: {len(people)} participants (--missing lists them). The same command does them alone.")
    group = [name for name in names_in(execution.output_dir / "logs" / "done") if name.startswith("group_")]
    print(f"Group level: {f'{len(group)} analyses done' if group else 'not done'}.")


def _sessions(execution: Execution, tables: Json) -> tuple[dict[str, list[Candidate]], list[Note]]:
    """Return the runs of each session that a call is about, and what is not there."""
    dataset: Dataset = validate(Dataset, tables.get("dataset", {}), "dataset")
    selection = selection_of(execution, dataset, segments_of(tables, dataset))
    sessions, notes = dict[str, list[Candidate]](), list[Note]()
    for name in tables.get("modalities") or DEFAULT_PLUGS["modalities"]:
        modality = plugs.modality(name)
        found = find_runs(search_in(roots_of(execution, modality), execution, selection), execution, modality)
        notes += found.notes
        for run in (run for runs in found.runs.values() for run in runs):
            for entities in selection.parts_of(run.entities):
                sessions.setdefault(label_of(entities, selection.join, modality), []).append(run)
    return sessions, notes


def status_of(execution: Execution, sessions: Iterable[str], outdated: frozenset[str] = frozenset()) -> Status:
    """Return what has become of every session that a call is about; those that are outdated are missing."""
    logs, labels = execution.output_dir / "logs", sorted(sessions)
    pages = set(names_in(execution.output_dir))
    done = {
        name.removesuffix(".json")
        for name in names_in(logs / "done")
        if f"{name.split('_')[0]}.html" in pages  # else it was killed before the page of the participant
    } - outdated
    left = [label for label in labels if label not in done]
    known = read_failures(execution.output_dir)
    why = {label: known.get(label) or known.get(label.split("_")[0], "") for label in left} if known else {}
    failed = {label: said for label, said in why.items() if said}
    missing = [label for label in left if label not in failed]
    names = set(names_in(logs / "begun"))
    begun = {label: _where(logs / "begun" / f"{label}.json") for label in missing if f"{label}.json" in names}
    return Status([label for label in labels if label in done], failed, missing, begun)


def _where(begun: Path) -> str:
    """Return where the work of a session was begun."""
    record = read_failure(begun)
    return f"on {record.get('Host')}, batch job {record.get('BatchJob') or 'none'}"
