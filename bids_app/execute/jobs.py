"""Jobs one after another: finished ones are skipped, failed ones are kept on record, the others go on."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from bids_app.derivatives.atomic import sweep
from bids_app.derivatives.completion_records import begin, digest, fingerprint, forget, is_done, made_with, write_record
from bids_app.derivatives.failure_records import failure_path
from bids_app.derivatives.files import write_json
from bids_app.derivatives.paths import person_page, record_path
from bids_app.errors import DeqiError
from bids_app.execute.failures import this_machine
from bids_app.execute.progress import permutation_bar, say
from bids_app.execute.scratch_arrays import Scratch
from bids_app.vocabulary import array_allocation
from bids_app.vocabulary.job import (
    GroupJob,
    Job,
    MetaJob,
    ParticipantJob,
    PathwayJob,
    PredictionJob,
    Summary,
    TrialJob,
)


def is_finished(job: Job) -> bool:
    """Tell whether a job was done with these very inputs and options, and its files are still there."""
    record = record_path(job.output_dir, job.label)
    return record.exists() and is_done(record, fingerprint(job.context(), job.inputs))


def run_jobs(jobs: Sequence[Job], *, quiet: bool = False) -> dict[str, str]:
    """Do jobs one after another in this process; `quiet` says what goes wrong alone.

    Returns
    -------
    failures : dict
        Message of each failed job by its label.
    """
    failures: dict[str, str] = {}
    for job in jobs:
        try:
            _do(job, quiet=quiet)
        except DeqiError as error:
            failures[job.label] = _failed(job, str(error), error)
        except MemoryError as error:
            said = f" ({error})" if str(error) else ""
            failures[job.label] = _failed(job, f"out of memory{said}: give it more, or lower --nprocs", error)
        except Exception as error:  # noqa: BLE001  (one job's fault must not stop the others)
            failures[job.label] = _failed(job, f"unexpected {type(error).__name__}: {error}", error)
    return failures


def _do(job: Job, *, quiet: bool) -> None:
    mark = fingerprint(job.context(), job.inputs)
    record = record_path(job.output_dir, job.label)
    said = "already done"
    if not is_done(record, mark):
        started = time.monotonic()
        shared = isinstance(job, GroupJob) and job.share is not None
        if not shared:
            _begin(job, record)
        summary = _run(job)
        for warning in summary.warnings:
            say(warning, "warning")
        for line in summary.lines:
            say(line)
        if shared:
            return  # the call that sums up has the results and their record
        write_record(record, mark, summary.files, {**_made_with(job), **summary.notes})
        for folder in {path.parent for path in (record, *summary.files)}:
            sweep(folder)
        said = f"done in {time.monotonic() - started:.1f} s"
    failure_path(job.output_dir, job.label).unlink(missing_ok=True)
    if not quiet:
        say(f"{job.label}: {said}")


def _begin(job: Job, record: Path) -> None:
    begin(record, this_machine())
    if isinstance(job, ParticipantJob):  # the page tells of what is being made anew
        person_page(job.output_dir, f"sub-{job.recordings[0].participant}").unlink(missing_ok=True)
    if isinstance(job, TrialJob | PredictionJob | MetaJob):
        # An attempt that fails must not leave what names arms, or old answers.
        forget(record)


def _run(job: Job) -> Summary:
    """Do a job by its kind; each level pays for its own imports alone: the compiler of the kernels is the group's."""
    if isinstance(job, ParticipantJob):
        return _of_participant(job)
    if isinstance(job, PredictionJob):
        return _predict(job)
    if isinstance(job, PathwayJob):
        return _of_pathway(job)
    if isinstance(job, TrialJob):
        return _of_trial(job)
    if isinstance(job, MetaJob):
        return _of_studies(job)
    assert isinstance(job, GroupJob)
    return _of_group(job)


def _of_participant(job: ParticipantJob) -> Summary:
    from threadpoolctl import threadpool_limits

    from bids_app.levels import participant

    with threadpool_limits(1):  # the bytes that a batch writes, whose calls have one processor each
        return participant.run(job)


def _predict(job: PredictionJob) -> Summary:
    from bids_app.levels.prediction import prediction_analysis

    with permutation_bar("trained pipelines", "set of features") as progress:
        return prediction_analysis.run(job, progress)


def _of_trial(job: TrialJob) -> Summary:
    from threadpoolctl import threadpool_limits

    from bids_app.levels.trial import trial_analysis

    with threadpool_limits(1):  # products of some dozen participants: threads take six times as long as they save
        return trial_analysis.run(job)


def _of_pathway(job: PathwayJob) -> Summary:
    from threadpoolctl import threadpool_limits

    from bids_app.levels import pathways

    with threadpool_limits(1):
        return pathways.run(job)


def _of_studies(job: MetaJob) -> Summary:
    from bids_app.levels import meta_analysis

    counted = ("voxels", "map") if job.synthesis.name == "maps" else ("redraws", "contrast")
    with permutation_bar(*counted) as progress:
        return meta_analysis.run(job, progress)


def _of_group(job: GroupJob) -> Summary:
    from threadpoolctl import threadpool_limits

    from bids_app.levels.group import group_analysis, permutation_shares

    # Sums of BLAS depend on how many threads share them; the threads of the permutations are our own.
    mapped = Scratch(job.scratch, job.in_memory).room
    with permutation_bar() as progress, threadpool_limits(1), array_allocation.provided_by(mapped):
        return permutation_shares.permute_share(job, progress) if job.share else group_analysis.run(job, progress)


def _made_with(job: Job) -> dict[str, object]:
    """Return what the group level must know of how a session was made."""
    if not isinstance(job, ParticipantJob):
        return {}
    return {
        **made_with(job.modality, job.measures, job.segments),
        "SharedInputs": {path.name: digest(path) for path in job.shared},
        "LeftRightExchanged": job.flipped,
        "Runs": [recording.series.name for recording in job.recordings],
    }


def _failed(job: Job, message: str, error: BaseException) -> str:
    """Keep a record of a failed job and return its message.

    None of a job that another call has finished meanwhile, nor of a share, which the call that sums up replaces.
    """
    inputs = [str(path) for path in job.inputs[:20]]
    content = {"Message": message, "Error": type(error).__name__, **this_machine(), "Inputs": inputs}
    if not isinstance(error, DeqiError):
        content["Traceback"] = traceback.format_exception(error)
    if not (is_finished(job) or (isinstance(job, GroupJob) and job.share)):
        with contextlib.suppress(DeqiError):
            write_json(failure_path(job.output_dir, job.label), content)
    say(f"{job.label}: {message}", "failed")
    return message
