"""Jobs one after another: finished ones are skipped, failed ones are kept on record, the others go on."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bids_app import __version__
from bids_app.derivatives.files import write_json
from bids_app.derivatives.names import record_path
from bids_app.derivatives.records import digest, failure_path, fingerprint, is_done, read_failures, write_record
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
            failure_path(job.output_dir, job.label).unlink(missing_ok=True)
            if not quiet:
                say(f"{job.label}: already done")
            continue
        try:
            started = time.monotonic()
            summary = _run(job)
            for warning in summary.warnings:
                say(f"warning: {warning}")
            write_record(record, mark, summary.files, {**_made_with(job), **summary.notes})
            failure_path(job.output_dir, job.label).unlink(missing_ok=True)
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
    from threadpoolctl import threadpool_limits

    from bids_app.levels import group

    # Sums of BLAS depend on how many threads share them; the threads of the permutations are our own.
    with relabelling_bar() as progress, threadpool_limits(1):
        return group.run(job, progress)


def settle(output_dir: Path, people: Sequence[str], failures: Mapping[str, str]) -> None:
    """Keep a record of participants whose process came to no end, and take away those of people who are done since."""
    known = read_failures(output_dir)
    for label in (f"sub-{person}" for person in people):
        path = failure_path(output_dir, label)
        if label not in failures:
            path.unlink(missing_ok=True)
        elif not any(name.startswith(f"{label}_") for name in known):
            write_json(path, {"Message": failures[label]})


def _made_with(job: Job) -> dict[str, Any]:
    """Return what the group level must know of how a session was made."""
    if not isinstance(job, ParticipantJob):
        return {}
    options = {"modalities": job.modality, "measures": job.measures}
    return {
        "Version": __version__,
        "Options": {f"{kind}.{name}": asdict(o) for kind, plugs in options.items() for name, o in plugs.items()},
        "SharedInputs": {path.name: digest(path) for path in job.shared},
        "LeftRightExchanged": job.flipped,
        "Runs": [recording.series.name for recording in job.recordings],
    }


def _failed(job: Job, message: str, error: BaseException) -> str:
    """Keep a record of a failed job and return its message."""
    content = {"Message": message, "Error": type(error).__name__, "Inputs": [str(path) for path in job.inputs[:20]]}
    if not isinstance(error, DeqiError):
        content["Traceback"] = traceback.format_exception(error)
    with contextlib.suppress(DeqiError):
        write_json(failure_path(job.output_dir, job.label), content)
    say(f"failed: {job.label}: {message}")
    return message
