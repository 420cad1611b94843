"""The jobs of the participant level: one for each session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bids_app import plugs
from bids_app.dataset.atlases.requests import region_files, region_names, seeds_of
from bids_app.dataset.atlases.seeds import require_space
from bids_app.dataset.layout import names_in
from bids_app.derivatives.paths import participant_path
from bids_app.errors import DeqiError, MissingInputError, NothingSelectedError, UsageError
from bids_app.plan.companions import with_companions
from bids_app.plan.discovery import find_runs, label_of, search_in
from bids_app.plan.inputs import JobPlan, generated_by, read_dataset, selection_of, unreadable
from bids_app.plan.laterality import mark_flipped
from bids_app.plan.run_segments import cut_runs, require_whole_runs
from bids_app.plan.species import species_marks
from bids_app.settings import Settings
from bids_app.vocabulary.entities import plain
from bids_app.vocabulary.job import ParticipantJob
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.region_request import RegionRequest, is_mni152


def plan_participants(execution: Execution, settings: Settings) -> JobPlan:
    """Return one job per session of each participant and modality.

    Raises
    ------
    DeqiError
        For any fault that makes the whole call useless; it carries its exit code.
    """
    require_whole_runs(settings)
    parts, absent, postponed = list[_Part](), dict[str, DeqiError](), list[DeqiError]()
    # What a participant lacks was asked for all the same: it stays in the settings that are written down.
    used = {name: settings.of(name) for name in settings.modalities}
    for name in settings.modalities:
        try:
            parts.append(_of_modality(execution, used[name], settings))
            used[name] = parts[-1].settings
        except NothingSelectedError as error:
            absent[name] = error
        except DeqiError as error:
            postponed.append(error)
    problems = [*postponed, *absent.values()]
    # A participant may lack a modality that others have; one that no participant has was asked for in vain.
    if problems and not (parts and execution.participants):
        raise problems[0]
    jobs = [job for part in parts for job in part.jobs]
    _refuse_if_all_broken(jobs, execution)
    sources = {name: root for part in parts for name, root in part.sources.items()}
    return JobPlan(
        jobs=tuple(jobs),
        sources=sources,
        settings=settings.with_all(used.values()),
        notes=tuple(note for part in parts for note in part.notes)
        + tuple(_lacking(label, name) for name in absent for label in execution.participants),
        generated_by=tuple(generated_by(sources[name] for name in sources if name != "raw")),
        postponed=postponed[0] if postponed else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The jobs of one modality, its settings as they are really used, the datasets read, and what is to be said."""

    jobs: Sequence[ParticipantJob]
    settings: Settings
    sources: Mapping[str, Path]
    notes: Sequence[Note]


def _of_modality(execution: Execution, settings: Settings, all_of: Settings) -> _Part:
    modality, options = plugs.modality(settings.modality.name), settings.modality.options
    roots = read_dataset(execution, settings, modality)
    _wanted(settings)
    selection = selection_of(execution, settings.dataset, settings.segments)
    with_events = bool(_with_events(settings) or settings.segments)
    search = search_in(roots, execution, selection, with_events=with_events)
    found = find_runs(search, execution, modality)
    space = found.shared.get("space", "")
    settings, elsewhere = in_space(settings, space) if space else (settings, [])
    files = sorted({file for one in _wanted(settings) for file in region_files(one, space)})
    runs = cut_runs(modality.read(found, search, options), settings, selection)
    notes = [*found.notes, *(Note(text=text) for text in elsewhere)]
    if not runs:
        raise MissingInputError("No run is complete. " + " ".join(note.text for note in notes[:3]))
    joined = with_companions(runs, execution, settings, all_of)
    runs = mark_flipped(joined.runs, settings, execution.bids_dir, *roots.values())
    there = {run.participant for run in runs}
    lost = [label for label in found.participants if label not in there]
    where = f" in space {space}" if space else ""
    which = settings.modality.name if len(all_of.modalities) > 1 else ""
    notes += [_lacking(label, which, where) for label in lost]
    notes += _without_events(runs, settings, modality.datatype)
    marks = species_marks(execution.bids_dir, *roots.values())
    jobs = [
        replace(job, companions=joined.options, mark=marks.get(job.recordings[0].participant, ""))
        for job in _jobs(runs, execution, settings, files)
    ]
    sources = {**joined.sources, **search.links}
    return _Part(jobs=jobs, settings=settings, sources=sources, notes=[*notes, *joined.notes])


def _lacking(label: str, modality: str, where: str = "") -> Note:
    """Return the note that nothing of a participant is there, of one modality of several if it has a name here."""
    label, which = label.removeprefix("sub-"), f" of modalities.{modality}" if modality else ""
    return Note(text=f"sub-{label}: no run{which}{where} fits the filters", participant=label)


def _wanted(settings: Settings) -> list[RegionRequest]:
    """Return the regions that any measure asks for; words that mean nothing end the call here."""
    wanted = [plugs.measure(name).wanted_regions(options) for name, options in settings.measures.items()]
    for one in wanted:
        seeds_of(one)
    return wanted


def in_space(settings: Settings, space: str) -> tuple[Settings, list[str]]:
    """Return the settings with those measures whose regions are defined in a space, and what is to be said.

    Raises
    ------
    UsageError
        If a measure that was asked for has published coordinates of another template, or no measure is left.
    """
    measures, notes, problems = {}, list[str](), list[UsageError]()
    for name, options in settings.measures.items():
        seeds = seeds_of(plugs.measure(name).wanted_regions(options))
        try:
            require_space(seeds, space)
        except UsageError as error:
            if {f"measures.{name}", "dataset.measures"} & settings.given:
                raise
            problems.append(error)
            notes.append(f"{name} is left out: {error}")
            continue
        measures[name] = options
        own = [seed.name for seed in seeds if seed.spheres]
        if own and not is_mni152(space):
            notes.append(f"coordinates of {', '.join(own)} are taken as millimetres of {space}, the space of the data")
    if problems and not any(plugs.measure(name).wanted_regions(o).words for name, o in measures.items()):
        raise problems[0]
    return replace(settings, measures=measures), notes


def _with_events(settings: Settings) -> list[str]:
    """Return the measures that look at events."""
    return [name for name in settings.measures if plugs.measure(name).needs_events]


def _without_events(runs: Sequence[Recording], settings: Settings, datatype: str) -> list[Note]:
    """Return which runs have no events although others of their task do, or such a measure was asked for by name."""
    measures = _with_events(settings)
    asked = "dataset.measures" in settings.given or any(f"measures.{name}" in settings.given for name in measures)
    tasks = {run.entities.get("task") for run in runs if run.events or asked}
    said = ", ".join(measures)
    return [
        Note(
            text=f"{run.series.name} has no events file, so it is left out of {said}{_others(run, datatype)}",
            participant=run.participant,
        )
        for run in runs
        if measures and not run.events and run.entities.get("task") in tasks
    ]


def _others(run: Recording, datatype: str) -> str:
    """Return the events files of the same session that belong to no run of this name, for messages."""
    raw = dict(run.links).get("raw", run.root)
    session = f"ses-{run.entities['ses']}/" if "ses" in run.entities else ""
    names = names_in(f"{raw}/sub-{run.participant}/{session}{datatype}")
    there = [name for name in names if name.endswith("_events.tsv")]
    return f" (there is {', '.join(there[:4])}, of other names)" if there else ""


def _jobs(runs: list[Recording], execution: Execution, settings: Settings, shared: list[Path]) -> list[ParticipantJob]:
    """Group runs by session; prove that no two jobs own one label, and so one file."""
    modality, sessions = plugs.modality(settings.modality.name), dict[str, list[Recording]]()
    for run in runs:
        sessions.setdefault(label_of(run.entities, run.joined, modality), []).append(run)
    jobs = []
    for label, members in sorted(sessions.items()):
        keys = {tuple(sorted((key, plain(key, value)) for key, value in m.entities.items())) for m in members}
        if len(keys) < len(members):
            files = ", ".join(str(m.series) for m in members)
            several = len({m.dataset for m in members}) > 1
            advice = "Name one derivative dataset with -d." if several else "Remove or rename one of them."
            raise UsageError(f"One run is there twice: {files}. {advice}")
        inputs = (*(path for member in members for path in member.inputs()), *shared)
        jobs.append(
            ParticipantJob(
                label=label, output_dir=execution.output_dir, modality=settings.modality, measures=settings.measures,
                inputs=inputs, recordings=tuple(members), shared=tuple(shared), flipped=members[0].flipped,
                segments=dict([members[0].segment] if members[0].segment else ()), threads=execution.nprocs,
            )
        )  # fmt: skip
    return jobs


def _refuse_if_all_broken(jobs: list[ParticipantJob], execution: Execution) -> None:
    """Stop before any work if no job can read its files; single ones fail on their own."""
    if execution.dry_run:
        return
    problems = []
    for job in jobs:
        problem = unreadable(job)
        if not problem:
            return  # of thousands, looking at the first is enough
        problems.append(problem)
    more = f"\n... and {len(problems) - 5} more" if len(problems) > 5 else ""
    raise MissingInputError("No run can be read:\n" + "\n".join(problems[:5]) + more)


def expected_outputs(job: ParticipantJob) -> list[Path]:
    """Return the maps and tables that a job will write if its session can be used and every seed is covered."""
    modality, session = plugs.modality(job.modality.name), job.recordings[0].session
    paths = []
    for name, options in job.measures.items():
        plug = plugs.measure(name)
        if plug.needs_events and not any(run.events for run in job.recordings):
            continue
        if not any(modality.has(run, plug.cleaning) for run in job.recordings):
            continue
        wanted = plug.wanted_regions(options)
        for output in plug.outputs:
            labels = plug.labels_of(output, options)
            if output.entity == "meas" and (not labels or any("*" in label for label in labels)):
                continue  # named after what the data hold
            seeds = region_names(wanted, session["space"]) if output.entity == "seed" else [wanted.name]
            owners = [r.entities for r in job.recordings] if output.kind == "series" else [session]
            ending = ".nii.gz" if output.is_map else ".tsv"
            names = [{**own, **output.entities, output.entity: label} for own in owners for label in labels or seeds]
            paths += [participant_path(job.output_dir, one, output.suffix, ending, modality.datatype) for one in names]
    return paths
