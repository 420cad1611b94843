"""Many participants: those that are not done yet, each in a call of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bids_app.derivatives.failure_records import failure_path
from bids_app.derivatives.paths import person_page
from bids_app.execute.call_pool import run_calls
from bids_app.execute.executors import workers
from bids_app.execute.failures import settle, why
from bids_app.execute.jobs import is_finished
from bids_app.execute.progress import say
from bids_app.launch.arguments import without_options
from bids_app.vocabulary.job import Job, ParticipantJob
from bids_app.vocabulary.options.execution import Execution

LABELS = ("--participant-label", "--participant_label")


def run_participants(execution: Execution, jobs: Sequence[Job]) -> dict[str, str]:
    """Do the jobs of everybody who is not done, and keep a record of each call that fails.

    Returns
    -------
    failures : dict
        Why, by participant.
    """
    people: dict[str, list[Job]] = {}
    for job in jobs:
        assert isinstance(job, ParticipantJob)
        people.setdefault(f"sub-{job.recordings[0].participant}", []).append(job)
    done = {label for label, own in people.items() if _is_done(execution, label, own)}
    if done:
        say(f"{len(done)} of {len(people)} participants are done already")
    words = without_options(execution.argv, (), LABELS)
    calls = {
        label: [*words, "--participant-label", label.removeprefix("sub-"), "--nprocs", "1"]
        for label in sorted(people.keys() - done)
    }
    if not calls:
        return {}
    with workers(execution, len(calls)) as found:
        say(f"{len(calls)} participants to do, {found.side_by_side} side by side")
        outcome = run_calls(
            calls, found, "participant", partial(settle, execution.output_dir), stop_early=execution.stop_early
        )
    if outcome.not_started:
        say(f"{len(outcome.not_started)} participants were not started, because of --stop-on-first-crash")
    return {label: why(ended) for label, ended in outcome.failed.items()}


def _is_done(execution: Execution, label: str, jobs: Sequence[Job]) -> bool:
    """Tell whether all is there, and take away what tells of failures before that."""
    if not (person_page(execution.output_dir, label).exists() and all(is_finished(job) for job in jobs)):
        return False
    for name in (label, *(job.label for job in jobs)):
        failure_path(execution.output_dir, name).unlink(missing_ok=True)
    return True
