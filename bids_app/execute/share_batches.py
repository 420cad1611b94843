"""Relabellings of the group level on the workers of Dask: each keeps its share as files for the call that sums up."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app.execute.call_pool import run_calls
from bids_app.execute.executors import workers
from bids_app.execute.failures import why
from bids_app.execute.jobs import is_finished
from bids_app.execute.progress import say
from bids_app.vocabulary.job import Job
from bids_app.vocabulary.options.execution import Execution

SHARES_PER_WORKER = 2
"""So that a slow worker holds up less; the result does not depend on it."""


def relabel_on_workers(execution: Execution, jobs: Sequence[Job]) -> None:
    """Have the relabellings of jobs made elsewhere; what is not made is left to the call that sums up."""
    if all(is_finished(job) for job in jobs):
        return
    with workers(execution, 0) as found:
        number = found.side_by_side * SHARES_PER_WORKER
        calls = {
            f"share {i} of {number}": [*execution.argv, "--permutation-share", f"{i}/{number}", "--nprocs", "1"]
            for i in range(1, number + 1)
        }
        outcome = run_calls(calls, found, "share", lambda *_: None)
    for label, ended in outcome.failed.items():
        say(f"{label} of the relabellings is made here instead: {why(ended)}", "warning")
