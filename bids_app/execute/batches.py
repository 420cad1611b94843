"""Many calls as one: participants, shares of permutations, and analyses of the multiverse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial

from bids_app.derivatives.failure_records import failure_path
from bids_app.derivatives.paths import person_page
from bids_app.execute.call_messages import RECORDS, read
from bids_app.execute.call_pool import run_calls
from bids_app.execute.executors import workers
from bids_app.execute.failures import last_words, reason_of, record_failures
from bids_app.execute.jobs import is_finished
from bids_app.execute.progress import say
from bids_app.execute.subprocess_call import environment
from bids_app.launch.arguments import without_options
from bids_app.vocabulary.job import Job, ParticipantJob
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.options.multiverse import Specification

LABELS = ("--participant-label", "--participant_label")


def run_participants(execution: Execution, jobs: Sequence[Job]) -> dict[str, str]:
    """Do the jobs of all participants who are not done, and keep a record of each call that fails.

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
            calls, found, "participant", partial(record_failures, execution.output_dir), stop_early=execution.stop_early
        )
    if outcome.not_started:
        say(f"{len(outcome.not_started)} participants were not started, because of --stop-on-first-crash")
    return {label: reason_of(ended) for label, ended in outcome.failed.items()}


def _is_done(execution: Execution, label: str, jobs: Sequence[Job]) -> bool:
    """Tell whether all is there, and take away what tells of failures before that."""
    if not (person_page(execution.output_dir, label).exists() and all(is_finished(job) for job in jobs)):
        return False
    for name in (label, *(job.label for job in jobs)):
        failure_path(execution.output_dir, name).unlink(missing_ok=True)
    return True


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
        say(f"{label} of the relabellings is made here instead: {reason_of(ended)}", "warning")


def run_alternatives(specifications: Sequence[Specification], argv: Sequence[str]) -> dict[str, str]:
    """Do every analysis beside the main one; one that cannot be done does not stop the others.

    Returns
    -------
    failures : dict
        Last words of those that failed, by name.
    """
    failures = {}
    for number, specification in enumerate(specifications, 1):
        said = "; ".join(specification.settings)
        say(f"multiverse {number} of {len(specifications)}: {specification.name} ({said})")
        command = [sys.executable, "-P", "-m", "bids_app", *argv, "--alternative", specification.name]
        messages = []
        with subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**environment(), RECORDS: "1"},
            text=True,
            errors="replace",
        ) as child:
            assert child.stderr is not None
            for line in child.stderr:
                (message,) = read(line)
                messages.append(message)
                if message.kind != "warning":
                    say(f"  {specification.name}: {message.line.rstrip()}")
            code = child.wait()
        if code:
            failures[specification.name] = last_words(messages) or f"exit code {code}"
    return failures
