"""Many participants: those that are not done yet, each in a call of its own."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app.derivatives.names import person_page
from bids_app.execute.calls import run_calls
from bids_app.execute.executors import executor
from bids_app.execute.failures import settle, why
from bids_app.execute.jobs import is_finished
from bids_app.execute.progress import say
from bids_app.launch.words import without_options
from bids_app.vocabulary.execution import Execution
from bids_app.vocabulary.job import Job, ParticipantJob

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
    left = [label for label, own in people.items() if not _is_done(execution, label, own)]
    if len(left) < len(people):
        say(f"{len(people) - len(left)} of {len(people)} participants are done already")
    settle(execution.output_dir, [label for label in people if label not in left], {})
    if not left:
        return {}
    words = without_options(execution.argv, (), LABELS)
    calls = {
        label: [*words, "--participant-label", label.removeprefix("sub-"), "--nprocs", "1"] for label in sorted(left)
    }
    with executor(execution, len(calls)) as (pool, side_by_side):
        say(f"{len(calls)} participants to do, {side_by_side} side by side")
        outcome = run_calls(calls, pool, "participant", stop_early=execution.stop_early)
    settle(execution.output_dir, [label for label in calls if label not in outcome.not_started], outcome.failed)
    failures = {label: why(ended) for label, ended in outcome.failed.items()}
    if outcome.not_started:
        failures["not started"] = f"{len(outcome.not_started)} participants, because of --stop-on-first-crash"
    return failures


def _is_done(execution: Execution, label: str, jobs: Sequence[Job]) -> bool:
    return person_page(execution.output_dir, label).exists() and all(is_finished(job) for job in jobs)
