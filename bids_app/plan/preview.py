"""`--dry-run`: the jobs in words, with the files they would read and write and the freedom they will have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bids_app import plugs
from bids_app.errors import DeqiError
from bids_app.plan.inputs import Plan, unreadable
from bids_app.plan.participant import expected_outputs
from bids_app.vocabulary.job import GroupJob, Job, ParticipantJob, TrialJob
from bids_app.vocabulary.multiverse import Specification

MOST = 20
"""Jobs shown whole without -v: reading a confound table for each of thousands would take minutes."""


def show(plan: Plan, bids_dir: Path, verbose: int) -> None:
    """Print the plan."""
    shown = plan.jobs if verbose else plan.jobs[:MOST]
    for job in shown:
        print("\n".join(_lines(job, bids_dir)))
    if len(shown) < len(plan.jobs):
        print(f"... and {len(plan.jobs) - len(shown)} more jobs (all of them: -v)")
    for note in (*plan.notes, plan.settings.mark()):
        if note:
            print(f"note: {note}")
    print(f"{len(plan.jobs)} jobs; nothing was written.")


def _lines(job: Job, bids_dir: Path) -> Iterator[str]:
    yield job.label
    if isinstance(job, GroupJob):
        people = {participant for participant, _ in job.sessions}
        yield f"  reads  {len(job.inputs)} files of {len(people)} participants"
        yield f"  writes {job.output_dir}/group/*"
        return
    if isinstance(job, TrialJob):
        said = ", ".join(outcome.name for outcome in job.outcomes) or "none"
        yield f"  reads  {len(job.inputs)} tables of {len(job.participants)} participants; outcomes: {said}"
        yield f"  writes {job.output_dir}/group/*"
        return
    assert isinstance(job, ParticipantJob)
    for path in job.inputs:
        yield f"  reads  {_short(path, bids_dir)}"
    for path in expected_outputs(job):
        yield f"  writes {path}"
    yield f"  {unreadable(job) or _freedom(job)}"


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _freedom(job: ParticipantJob) -> str:
    """Return the degrees of freedom and minutes that a session will have, or why it cannot be used."""
    ((kind, options),) = job.modality.items()
    modality = plugs.load("modalities", kind)
    try:
        plans = [modality.prepare(recording, options) for recording in job.recordings]
    except DeqiError as error:
        return f"problem: {error}"
    df, minutes = sum(p.df_res for p in plans), sum(p.minutes for p in plans)
    problem = modality.too_little(df, minutes, options)
    return f"will be left out: {problem}" if problem else f"{df} residual degrees of freedom, {minutes:.1f} min kept"


def show_alternatives(specifications: Sequence[Specification]) -> None:
    """Say what else a multiverse would do."""
    for one in specifications:
        print(f"The same again with {'; '.join(one.settings)} (--alternative {one.name})")
