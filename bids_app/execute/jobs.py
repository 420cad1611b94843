"""Jobs one after another: finished ones are skipped, failed ones are kept on record, the others go on."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from bids_app.derivatives.files import write_json
from bids_app.derivatives.names import record_path
from bids_app.derivatives.records import fingerprint, is_done, write_record
from bids_app.errors import DeqiError
from bids_app.execute.progress import relabelling_bar, say
from bids_app.vocabulary.job import GroupJob, Job, ParticipantJob, Summary


def run_jobs(jobs: Sequence[Job], *, quiet: bool = False) -> dict[str, str]:
    """Do jobs one after another in this process; `quiet` says what goes wrong alone.

    Returns
    -------
    failures : dict
        Message of each failed job by its label.
    """
    failures = {}
    for job in jobs:
        mark = fingerprint(job.context(), job.inputs)
        record = record_path(job.output_dir, job.label)
        if is_done(record, mark):
            if not quiet:
                say(f"{job.label}: already done")
            continue
        try:
            started = time.monotonic()
            summary = _run(job)
            for warning in summary.warnings:
                say(f"warning: {warning}")
            write_record(record, mark, summary.files, summary.notes)
            _failure_path(job).unlink(missing_ok=True)
            if not quiet:
                say(f"{job.label}: done in {time.monotonic() - started:.1f} s")
        except (DeqiError, MemoryError) as error:
            failures[job.label] = _failed(job, str(error) or "out of memory; raise --mem", error)
        except Exception as error:  # noqa: BLE001  (one job's fault must not stop the others)
            failures[job.label] = _failed(job, f"unexpected {type(error).__name__}: {error}", error)
    return failures


def _run(job: Job) -> Summary:
    # Each level pays for its own imports alone: the compiler of the kernels is the group's.
    if isinstance(job, ParticipantJob):
        from bids_app.levels import participant

        return participant.run(job)
    assert isinstance(job, GroupJob)
    from bids_app.levels import group

    with relabelling_bar() as progress:
        return group.run(job, progress)


def _failure_path(job: Job) -> Path:
    return job.output_dir / "logs" / "failed" / f"{job.label}.json"


def _failed(job: Job, message: str, error: BaseException) -> str:
    """Keep a record of a failed job and return its message."""
    content = {"Message": message, "Error": type(error).__name__, "Inputs": [str(path) for path in job.inputs[:20]]}
    if not isinstance(error, DeqiError):
        content["Traceback"] = traceback.format_exception(error)
    with contextlib.suppress(DeqiError):
        write_json(_failure_path(job), content)
    say(f"failed: {job.label}: {message}")
    return message
