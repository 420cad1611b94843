"""`--status`: who is done, failed or missing, by the names of files and records alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bids_app.dataset.layout import names_in
from bids_app.derivatives.failed import read_failures
from bids_app.plan.found import find_runs, label_of
from bids_app.plan.inputs import find_roots, selection_of
from bids_app.settings import Dataset, validate
from bids_app.vocabulary.execution import Execution

MOST = 20
"""Failures that are printed; the records have all."""


@dataclass(frozen=True)
class Status:
    """Labels of sessions by what has become of them, and why those failed that did."""

    done: list[str]
    failed: Mapping[str, str]
    missing: list[str]

    def unfinished_people(self) -> list[str]:
        """Return the labels of participants who lack a session."""
        return sorted({label.split("_")[0].removeprefix("sub-") for label in (*self.failed, *self.missing)})


def tell(execution: Execution, tables: Mapping[str, Any]) -> None:
    """Print what has been done of a call; with `--missing` the labels of people alone, one a line.

    A record says that the work was finished once. Whether inputs or options have changed since is for the run to see.
    """
    status = status_of(execution, validate(Dataset, tables.get("dataset", {}), "dataset"))
    if execution.missing:
        print("\n".join(status.unfinished_people()), end="\n" if status.unfinished_people() else "")
        return
    group = [name for name in names_in(execution.output_dir / "logs" / "done") if name.startswith("group_")]
    total = len(status.done) + len(status.failed) + len(status.missing)
    print(
        f"{len(status.done)} of {total} sessions are done, {len(status.failed)} failed, {len(status.missing)} missing."
    )
    for label, why in list(status.failed.items())[:MOST]:
        print(f"  failed: {label}: {why}")
    if len(status.failed) > MOST:
        print(f"  ... and {len(status.failed) - MOST} more in {execution.output_dir}/logs/failed")
    if people := status.unfinished_people():
        print(f"Not done: {len(people)} participants (--missing lists them). The same command does them alone.")
    print(f"Group level: {f'{len(group)} analyses done' if group else 'not done'}.")


def status_of(execution: Execution, dataset: Dataset) -> Status:
    """Return what has become of every session that a call is about.

    Raises
    ------
    DeqiError
        As the call itself, if there is nothing that it could be about.
    """
    found = find_runs(find_roots(execution), execution, selection_of(execution, dataset))
    labels = sorted({label_of(run.series.entities) for runs in found.runs.values() for run in runs})
    pages = set(names_in(execution.output_dir))
    done = {
        name.removesuffix(".json")
        for name in names_in(execution.output_dir / "logs" / "done")
        if f"{name.split('_')[0]}.html" in pages  # else it was killed before the page of the person
    }
    known = read_failures(execution.output_dir)
    why = {label: known.get(label) or known.get(label.split("_")[0], "") for label in labels} if known else {}
    failed = {label: said for label, said in why.items() if said}
    return Status(
        [label for label in labels if label in done and label not in failed],
        failed,
        [label for label in labels if label not in done and label not in failed],
    )
