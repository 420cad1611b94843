"""`--dry-run`: the jobs in words, with the files they would read and write and the freedom they will have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bids_app import plugs
from bids_app.errors import DeqiError
from bids_app.levels.design_summary import describe_design
from bids_app.levels.group import inputs
from bids_app.plan.expected_cost import expected
from bids_app.plan.inputs import JobPlan, unreadable
from bids_app.plan.participant import expected_outputs
from bids_app.plan.session_gates import advice, none_left, too_little
from bids_app.vocabulary.job import GroupJob, Job, MetaJob, ParticipantJob, PredictionJob, TrialJob
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.options.multiverse import Specification
from bids_app.vocabulary.run_state import RunState

MOST = 20
"""Jobs shown whole without -v: reading a confound table for each of thousands would take minutes."""


def print_plan(plan: JobPlan, execution: Execution) -> bool:
    """Print the plan, a summary first; return whether it is known that no session can be used."""
    sessions = [job for job in plan.jobs if isinstance(job, ParticipantJob)]
    verbose = execution.verbose
    for line in _summary(plan, execution):
        print(line)
    shown = plan.jobs if verbose else plan.jobs[:MOST]
    for job in shown:
        print("\n".join(_lines(job, execution.bids_dir)))
    if len(shown) < len(plan.jobs):
        print(f"... and {len(plan.jobs) - len(shown)} more jobs (all of them: -v)")
    for note in (*(note.text for note in plan.notes), plan.settings.mark()):
        if note:
            print(f"note: {note}")
    # Of files without content, as in a dataset of DataLad, nothing is known beforehand.
    looked = [job for job in (sessions if verbose else sessions[:MOST]) if not unreadable(job)]
    said = none_left(looked, {job.label: too_little(job) for job in looked})
    if said:
        print(f"warning: {said}")
    elif looked and (help_ := advice(looked)):
        print(f"note: some sessions will be left out. {help_}")
    print(f"{len(plan.jobs)} jobs; nothing was written.")
    return bool(said)


def _summary(plan: JobPlan, execution: Execution) -> Iterator[str]:
    """Yield who and what a call is about, in a few lines."""
    sessions = [job for job in plan.jobs if isinstance(job, ParticipantJob)]
    if sessions:
        runs = [run for job in sessions for run in job.recordings]
        people, spaces = {run.participant for run in runs}, sorted({run.entities.get("space", "") for run in runs})
        tasks = sorted({run.entities.get("task", "") for run in runs})
        yield f"{len(people)} participants, {len(sessions)} sessions, {len(runs)} runs of task {', '.join(tasks)}"
        where = f"space {', '.join(filter(None, spaces))}; " if any(spaces) else ""
        yield f"{where}measures {', '.join(plan.settings.measures)}"
        if said := expected(plan.jobs, execution):
            yield said
    for job in plan.jobs:
        if isinstance(job, GroupJob) and not isinstance(job, PredictionJob):
            yield from describe_design(inputs.build_design(job), job.design.name, job.design.options, job.label)


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
    if isinstance(job, MetaJob):
        yield f"  {job.subject.title}: reads {', '.join(path.name for path in job.inputs)}"
        yield f"  writes {job.output_dir}/meta/*"
        return
    assert isinstance(job, ParticipantJob)
    for path in job.inputs:
        yield f"  reads  {_short(path, bids_dir)}"
    for path in expected_outputs(job):
        yield f"  writes {path}"
    yield f"  {unreadable(job) or _amount(job)}"


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _amount(job: ParticipantJob) -> str:
    """Return what a session will have, or why it cannot be used."""
    modality, options = plugs.modality(job.modality.name), job.modality.options
    try:
        runs = [RunState(recording=one, prepared=modality.prepare(one, options)) for one in job.recordings]
    except DeqiError as error:
        return f"problem: {error}"
    problem = modality.too_little(runs, options)
    return f"will be left out: {problem}" if problem else modality.summary(runs, options)


def print_alternatives(specifications: Sequence[Specification]) -> None:
    """Say what else a multiverse would do."""
    for one in specifications:
        print(f"The same again with {'; '.join(one.settings)} (--alternative {one.name})")
