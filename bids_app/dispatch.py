"""A plan becomes results: here, in processes of their own, or on other machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bids_app.plan.inputs import JobPlan
    from bids_app.settings import Settings
    from bids_app.vocabulary.options.execution import Execution


def run_plan(execution: Execution, plan: JobPlan) -> dict[str, str]:
    """Do the jobs; several participants go to processes of their own, one is done here."""
    from bids_app.execute import output_dataset
    from bids_app.execute.subprocess_call import die_with_parent, is_child

    child = is_child()
    if child:
        die_with_parent()
    if child or execution.share:
        return _do(execution, plan)
    _describe(execution, plan)
    if execution.level == "meta":
        output_dataset.forget_others(execution.output_dir, "meta_", [job.label for job in plan.jobs])
    if execution.level == "group":
        output_dataset.forget_others(execution.output_dir, "group_pathway_", [job.label for job in plan.jobs])
    failures = _do(execution, plan)
    output_dataset.require_still_there(execution.output_dir)
    if execution.level == "group":
        _confirm(execution, plan)
    return failures


def _confirm(execution: Execution, plan: JobPlan) -> None:
    """Write what passes of all that is called confirmatory, and say it."""
    from bids_app.execute import progress
    from bids_app.levels.confirmatory import confirm
    from bids_app.vocabulary.job import GroupJob

    chosen, groups = plan.settings, [job for job in plan.jobs if isinstance(job, GroupJob)]
    there = {key.measure for job in groups for maps in job.sessions.values() for key in maps.maps}
    lines = confirm(
        execution.output_dir,
        chosen.hypotheses(there),
        tuple(chosen.outcomes),
        chosen.inference.alpha,
        chosen.multiplicity.arms,
    )
    for line in ["confirmatory hypotheses, over all of them:", *lines] if lines else ():
        progress.say(line)


def _do(execution: Execution, plan: JobPlan) -> dict[str, str]:
    from bids_app.execute import jobs
    from bids_app.execute.subprocess_call import is_child

    if is_child() or execution.share:
        return jobs.run_jobs(plan.jobs, quiet=is_child())
    people, elsewhere = people_of(plan), execution.executor == "dask"
    if execution.level == "participant" and (len(people) > 1 or elsewhere):
        from bids_app.execute.batches import run_participants

        return run_participants(execution, plan.jobs)
    from bids_app.execute.forked import run_apart

    if people:
        return run_apart(plan.jobs, f"sub-{people[0]}")
    if elsewhere:
        from bids_app.execute.batches import relabel_on_workers

        relabel_on_workers(execution, plan.jobs)
    failures: dict[str, str] = {}
    for job in plan.jobs:
        if not (failures and execution.stop_early):
            failures |= run_apart([job], job.label)
    return failures


def _describe(execution: Execution, plan: JobPlan) -> None:
    """Write what belongs to the whole dataset before any result, and say what is left out."""
    from bids_app import report
    from bids_app.execute import output_dataset, progress
    from bids_app.settings import describe_settings
    from bids_app.vocabulary.note import merged

    tables, mark = describe_settings(plan.settings), plan.settings.mark()
    output_dataset.describe(execution.output_dir, plan.sources, plan.generated_by, tables)
    output_dataset.keep_notes(execution.output_dir, execution.level, plan.notes, execution.participants)
    report.write_citation(execution.output_dir, tables, mark)
    for text in (*merged(plan.notes), *([mark] if mark else [])):
        progress.say(text, "warning")


def multiverse(execution: Execution, chosen: Settings) -> dict[str, str]:
    """Do the other analyses that could have been chosen, and set them side by side at the group level."""
    from bids_app.execute.subprocess_call import is_child

    if not execution.multiverse or is_child() or execution.share:
        return {}
    from bids_app.execute.batches import run_alternatives

    specifications = chosen.multiverse.specifications()
    failures = run_alternatives(specifications, execution.argv)
    if execution.level == "group":
        from bids_app.levels.multiverse import collect

        collect(execution.output_dir, specifications, failures)
    return {f"multiverse {name}": message for name, message in failures.items()}


def people_of(plan: JobPlan) -> list[str]:
    """Return the labels of the participants of a plan."""
    return sorted({run.participant for job in plan.jobs for run in getattr(job, "recordings", ())})
