"""The jobs of the group level: one for each task, from the maps that the participant level left on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bids_app import plugs
from bids_app.dataset.participants import participants_file
from bids_app.errors import DeqiError, MissingInputError, NothingToCompareError
from bids_app.launch.available_memory import memory_there
from bids_app.levels.design_summary import describe_design
from bids_app.levels.group import inputs
from bids_app.levels.group.equivalence import require_units
from bids_app.levels.group.reference_associations import require_maps
from bids_app.plan.bids_uri import with_paths
from bids_app.plan.blinding import blinded
from bids_app.plan.completed_sessions import CompletedSession, Key, Shared, failed_people, require_alike
from bids_app.plan.discovery import find_runs, search_in
from bids_app.plan.gene_expression import with_tables
from bids_app.plan.group_inputs import (
    analysed_separately,
    analyses_of,
    lacking_a_session,
    nothing_usable,
)
from bids_app.plan.inputs import JobPlan, find_roots, generated_by, roots_of, selection_of
from bids_app.plan.laterality import require_same_sides
from bids_app.plan.measured_columns import measured
from bids_app.plan.participants_table import People, people_of
from bids_app.plan.pathways import of_columns_alone, plan_pathways
from bids_app.plan.prediction import plan_predictions
from bids_app.plan.preregistration import read_locked_plan
from bids_app.plan.provenance import Chosen, chosen_maps, recorded_settings, settings_as_compared
from bids_app.plan.session_files import maps_of
from bids_app.plan.species import mark_of
from bids_app.plan.trial import (
    later_columns,
    outcomes_of,
    plan_trial,
    refuse_late_columns,
    treated,
    validate_request,
    with_composites,
)
from bids_app.settings import Settings
from bids_app.trial.cohort import Table
from bids_app.vocabulary.entities import join
from bids_app.vocabulary.job import GroupJob, SessionMaps
from bids_app.vocabulary.near_matches import unmatched
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.selection import Selection

ARRAYS = 10
"""Arrays of all people and voxels that an analysis has at once, at most, and some air."""


@dataclass(frozen=True, kw_only=True)
class _Level:
    """What the participant level left of one modality: its finished sessions, and the settings they were made with.

    `roots` are the datasets that it was read from, `told` what is to be said of it.
    """

    analyses: Mapping[Shared, Sequence[CompletedSession]]
    made: Settings
    roots: Mapping[str, Path]
    told: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Maps:
    """The maps of one analysis: what its sessions share, the sessions, and which of their maps are compared.

    `absent` tells why participants have no session at all.
    """

    shared: Shared
    sessions: Sequence[CompletedSession]
    chosen: Chosen
    absent: Mapping[Key, str]


def plan_group(execution: Execution, settings: Settings) -> JobPlan:
    """Return one job per modality, task and space, and the settings that their maps were made with.

    Raises
    ------
    DeqiError
        If there are no maps, they were made in different ways, there is no table of participants, or no design
        can be built from it.
    """
    validate_request(execution, settings)
    roots = find_roots(execution, settings.modalities)
    people = people_of(execution, participants_file(execution.bids_dir, *roots.values()))
    selection = selection_of(execution, settings.dataset, settings.segments)
    people = measured(execution, settings, treated(execution, settings, people), selection)
    people = with_composites(settings, people)
    refuse_late_columns(settings, people)
    levels, missing = _levels(execution, settings, people, selection)
    made = settings.with_all(level.made for level in levels.values())
    sealed = read_locked_plan(execution, settings_as_compared(settings, made) if levels else settings)
    if execution.blind and not execution.allocation:
        rows, made = blinded(people.rows, made)
        people = replace(people, rows=rows)
    found = []
    for name, level in levels.items():
        chosen = chosen_maps(settings.of(name), level.made)
        search = search_in(level.roots, replace(execution, participants=()), selection)
        gone = replace(search, people=sorted(lacking_a_session(people, level.analyses) & set(search.people)))
        absent = plugs.modality(name).why_absent(gone)
        found += [
            _job(execution, made.of(name), _Maps(shared=shared, sessions=own, chosen=chosen, absent=absent), people)
            for shared, own in level.analyses.items()
        ]
    columns_alone = not levels or not any(plugs.measure(name).group for name in settings.measures)
    jobs, notes = (
        ((), ())
        if columns_alone
        else _with_a_design([replace(job, sealed=sealed, mark=mark_of(people.chosen.values())) for job in found if job])
    )
    require_units(jobs)
    told = dict.fromkeys(text for level in levels.values() for text in level.told)
    said = (*told, *missing, *notes, *require_maps(jobs), *analysed_separately(jobs, selection.join))
    trial = None if execution.share else plan_trial(execution, made, people, sealed)
    beside = () if execution.share else (
        *plan_predictions(made, jobs), *plan_pathways(execution, made, people, [job for job in found if job], sealed)
    )  # fmt: skip
    sources = {**roots, **({} if execution.bids_dir in roots.values() else {"raw": execution.bids_dir})}
    return JobPlan(
        jobs=(*([trial] if trial else []), *beside, *jobs),
        sources=sources,
        settings=made,
        notes=tuple(Note(text=text) for text in said),
        generated_by=tuple(generated_by(roots.values() if levels else [execution.bids_dir])),
    )


def _levels(
    execution: Execution, settings: Settings, people: People, selection: Selection
) -> tuple[dict[str, _Level], list[str]]:
    """Return what there is of each modality, and why there is nothing of others.

    Raises
    ------
    DeqiError
        If there is nothing of any, and it is not declared paths of columns alone that are asked for.
    """
    levels, problems = dict[str, _Level](), list[DeqiError]()
    for name in settings.modalities:
        try:
            levels[name] = _level(execution, settings.of(name), people, selection)
        except (MissingInputError, NothingToCompareError) as error:  # the latter of a dry run
            problems.append(error)
    if not levels and of_columns_alone(settings):
        return {}, ["No recordings are read: declared paths of columns and outcomes alone."]
    if not levels:
        raise problems[0]
    return levels, [str(error) for error in problems]


def _level(execution: Execution, settings: Settings, people: People, selection: Selection) -> _Level:
    roots = roots_of(execution, plugs.modality(settings.modality.name))
    analyses, otherwise = analyses_of(execution, settings, people, selection)
    used, told = _usable(execution, settings, people, analyses, roots)
    require_alike(used)
    made = recorded_settings(settings, used)
    require_same_sides(used, made, execution.bids_dir, *roots.values())
    return _Level(analyses=analyses, made=made, roots=roots, told=(*told, *otherwise))


def _usable(
    execution: Execution, settings: Settings, people: People, analyses: Mapping[Shared, Sequence[CompletedSession]],
    roots: Mapping[str, Path],
) -> tuple[list[CompletedSession], tuple[str, ...]]:  # fmt: skip
    """Return the sessions that can be used, and what is to be said of tables and maps that do not fit.

    Raises
    ------
    DeqiError
        If there are none, or identifiers of tables and maps differ by zeros, case or `sub-` alone.
    """
    everything = [session for sessions in analyses.values() for session in sessions]
    used = [session for session in everything if not session.problem]
    asked = selection_of(execution, settings.dataset, settings.segments).describe()
    if not used:
        ahead = foreseen(execution, settings, people, roots) if execution.dry_run and not everything else ""
        raise nothing_usable(execution, everything, asked, ahead)
    strangers = unmatched(list(people.rows), {session.key[0] for session in everything}, "the maps", people.table.name)
    unknown = (f"sub-{label} has maps but no row in {people.table.name}: not analysed" for label in strangers)
    return used, (*people.notes, *unknown)


def foreseen(execution: Execution, settings: Settings, people: People, roots: Mapping[str, Path]) -> str:
    """Return the design that there will be, before maps exist: from the sessions that have series."""
    available: dict[str, set[str]] = {}
    if roots:
        search = search_in(roots, execution, selection_of(execution, settings.dataset, settings.segments))
        runs = find_runs(search, execution, plugs.modality(settings.modality.name)).runs
        for run in (run for ready in runs.values() for run in ready):
            available.setdefault(run.entities["sub"], set()).update(search.selection.stages_of(run.entities))
    table = Table(people.chosen, available, {}, people.coded)
    built = plugs.design(settings.design.name).design(table, settings.design.options)
    return "\n".join(describe_design(built, settings.design.name, settings.design.options, "as sessions are there"))


def _job(execution: Execution, settings: Settings, asked: _Maps, people: People) -> GroupJob | None:
    found: dict[Key, SessionMaps] = {}
    sessions = {session.key[1] for session in asked.sessions}
    failed = failed_people(execution.output_dir).items()
    reasons = {**asked.absent}
    reasons |= {(label, session): f"participant level failed: {why}" for label, why in failed for session in sessions}
    for session in asked.sessions:
        if session.problem:
            reasons[session.key] = session.problem
        elif maps := maps_of(session, asked.chosen):
            found[session.key] = maps
        else:
            said = "; ".join(f"{name}: {why}" for name, why in session.refused.items())
            reasons[session.key] = said or "its files are gone: run the participant level again"
    if not found:
        return None
    files = [path for maps in found.values() for path in (maps.mask, *maps.maps.values()) if path]
    entities = dict(asked.shared)
    space = entities.get("space", "")
    associations = {name: with_paths(o, execution.bids_dir) for name, o in settings.associations.items()}
    associations = with_tables(associations, execution, space)
    inference = with_paths(settings.inference, execution.bids_dir)
    return GroupJob(
        label="group_" + join(entities, "x", "").removesuffix("_x") + plugs.modality(settings.modality.name).ending,
        output_dir=execution.output_dir,
        modality=settings.modality,
        measures=settings.measures,
        inputs=(
            people.table,
            *files,
            *(session.record for session in asked.sessions),
            *(file for name, o in associations.items() for file in _files(name, o, space)),
            *([Path(inference.sensor_neighbours)] if inference.sensor_neighbours else []),
        ),
        entities=entities,
        sessions=dict(sorted(found.items())),
        reasons=reasons,
        participants=people.rows,
        later=later_columns(settings, people.rows),
        coded=tuple(sorted(people.coded)),
        stage=settings.dataset.stage,
        design=settings.design,
        associations=associations,
        words=settings.associations,
        outcomes=outcomes_of(settings, people) if settings.associations or settings.predictors else (),
        inference=inference,
        threads=execution.nprocs,
        share=execution.share,
        scratch=execution.work_dir or execution.output_dir / "logs" / "parts",
        in_memory=_memory(execution) / ARRAYS,
    )


def _files(association: str, options: object, space: str) -> list[Path]:
    """Return the files that an association reads."""
    found: list[Path] = plugs.association(association).files(options, space)
    return found


def _memory(execution: Execution) -> float:
    """Return the bytes that may be used: those given, or half of what there are."""
    return execution.memory_mb * 2.0**20 if execution.memory_mb else memory_there() / 2


def _with_a_design(jobs: Sequence[GroupJob]) -> tuple[tuple[GroupJob, ...], tuple[str, ...]]:
    """Return the jobs that compare anything, and why others do not.

    The call ends before any work if no job has a design; a single one fails on its own.
    """
    problems: list[DeqiError] = []
    kept, notes = [], []
    for job in jobs:
        try:
            inputs.build_design(job)
            kept.append(job)
        except NothingToCompareError as error:
            problems.append(error)
            notes.append(f"Not compared: {error}")
        except DeqiError as error:
            problems.append(error)
            kept.append(job)
    if len(problems) == len(jobs):
        raise problems[0] if problems else MissingInputError("No finished session has a map of what was asked for.")
    return tuple(kept), tuple(notes)
