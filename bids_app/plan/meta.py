"""The jobs that bring published studies together: one for each synthesis and subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bids_app import plugs
from bids_app.dataset.layout import check_description, participants_in
from bids_app.dataset.studies.folder import read_studies
from bids_app.dataset.studies.links import links_of_outputs
from bids_app.dataset.studies.outputs import maps_of_studies
from bids_app.dataset.tables import stands
from bids_app.errors import UsageError, WrongDataError
from bids_app.plan.bids_uri import with_paths
from bids_app.plan.inputs import JobPlan, generated_by
from bids_app.plugs.protocols import Synthesis
from bids_app.settings import Settings
from bids_app.vocabulary.job import NO_MODALITY, NO_SYNTHESIS, MetaJob
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.options.validated import validate
from bids_app.vocabulary.selected import Selected
from bids_app.vocabulary.studies import Studies
from bids_app.vocabulary.synthesis import Subject

OF_PARTICIPANTS = {
    "participants": "--participant-label", "derivatives": "--derivatives", "filter_file": "--bids-filter-file",
    "blind": "--blind", "allocation": "--allocation", "ratings": "--exclusions", "multiverse": "--multiverse",
    "ahba_dir": "--ahba-dir",
}  # fmt: skip
"""Options that say nothing of published studies."""


def plan_meta(execution: Execution, settings: Settings) -> JobPlan:
    """Return the jobs: every synthesis that is asked for or whose input is there.

    Raises
    ------
    DeqiError
        If there are no studies, a cell cannot be understood, or nothing can be brought together.
    """
    _refuse(execution)
    _require_own_folder(execution.output_dir)
    place = execution.bids_dir
    folder = place if place.is_dir() else place.parent
    if execution.validate and stands(folder / "dataset_description.json"):
        check_description(folder)
    coordinates = settings.syntheses.get("coordinates")
    studies = read_studies(place, getattr(coordinates, "contrasts", ()))
    compared = getattr(settings.syntheses.get("maps"), "contrasts", ())
    studies = replace(
        studies, maps=(*studies.maps, *maps_of_studies(studies.studies, folder, compared)),
        links=(*studies.links, *links_of_outputs(studies.studies, folder)),
    )  # fmt: skip
    chosen = {name: with_paths(options, folder) for name, options in _chosen(settings, studies).items()}
    jobs = tuple(job for name in chosen for job in _jobs(execution, settings, studies, Selected(name, chosen[name])))
    if not jobs:
        raise WrongDataError(
            f"{place} has {len(studies.studies)} studies, and no foci, effects, links or outputs of deqi to bring "
            "together."
        )
    if studies.peaks:
        jobs = (_export(execution, studies), *jobs)
    alone = replace(settings, modalities={}, measures={}, associations={}, predictors={}, pathways={}, syntheses=chosen)
    return JobPlan(
        jobs=jobs, sources={"raw": folder}, settings=alone,
        notes=tuple(Note(text=text) for text in (*studies.notes, *_alone(studies))),
        generated_by=tuple(generated_by([folder])),
    )  # fmt: skip


def _refuse(execution: Execution) -> None:
    for name, option in OF_PARTICIPANTS.items():
        if getattr(execution, name):
            raise UsageError(f"{option} is of participants; `meta` brings published studies together. Leave it out.")
    if execution.executor != "local":
        raise UsageError("`meta` runs on one machine. Leave --executor out.")


def _require_own_folder(output_dir: Path) -> None:
    """Refuse the output of a trial: settings and methods of one call would stand beside results of the other."""
    if participants_in(output_dir) or (output_dir / "group").exists():
        raise UsageError(f"OUTPUT_DIR {output_dir} holds participants or a group; studies need a folder of their own.")


def _alone(studies: Studies) -> list[str]:
    """Return what is said of maps that one study alone has: there is nothing to pool them with."""
    found = [one.subject for one in studies.maps]
    return [
        f"{one.study}: no other study has maps of {one.subject}; they are not pooled."
        for one in studies.maps
        if found.count(one.subject) == 1
    ]


def _chosen(settings: Settings, studies: Studies) -> dict[str, Options]:
    """Return the options of each synthesis that has something to work on, or is asked for.

    A table of options for one of them says nothing of the others.
    """
    asked = settings.syntheses
    found = {name: asked.get(name) or _defaults(name) for name in plugs.names("syntheses")}
    return {
        name: options
        for name, options in found.items()
        if name in asked or plugs.synthesis(name).subjects(studies, options)
    }


def _defaults(name: str) -> Options:
    return validate(plugs.load("syntheses", name).options, {}, f"syntheses.{name}")


def _export(execution: Execution, studies: Studies) -> MetaJob:
    """Return the job that writes studies as other tools read them."""
    return MetaJob(
        label="meta_studies", output_dir=execution.output_dir, modality=NO_MODALITY, measures={}, inputs=studies.files,
        synthesis=NO_SYNTHESIS, subject=Subject("the studies read", "all"), studies=studies,
    )  # fmt: skip


def _images(studies: Studies, plug: Synthesis, subject: Subject) -> list[Path]:
    """Return the images that a synthesis of maps reads, and what says how they were made."""
    own = [one for one in studies.maps if plug.asks == "maps" and one.subject == subject.title]
    return [path for one in own for path in (*one.paths.values(), *one.described)]


def _jobs(
    execution: Execution, settings: Settings, studies: Studies, synthesis: Selected[Options]
) -> Iterator[MetaJob]:
    plug = plugs.synthesis(synthesis.name)
    subjects = plug.subjects(studies, synthesis.options)
    if not subjects:
        raise WrongDataError(f"[syntheses.{synthesis.name}] is asked for; {execution.bids_dir} has no {plug.asks}.")
    twice = {one.label for one in subjects if [other.label for other in subjects].count(one.label) > 1}
    if twice:
        titles = ", ".join(one.title for one in subjects if one.label in twice)
        raise WrongDataError(f"{titles} have one name in file names; rename one of them.")
    mask = getattr(synthesis.options, "mask", "")
    brain = Path(mask) if mask else None
    for subject in subjects:
        yield MetaJob(
            label=f"meta_{synthesis.name}_{subject.label}", output_dir=execution.output_dir, modality=NO_MODALITY,
            measures={}, inputs=(*studies.files, *([brain] if brain else []), *_images(studies, plug, subject)),
            synthesis=synthesis, subject=subject,
            studies=studies, brain=brain, inference=settings.inference, threads=execution.nprocs,
        )  # fmt: skip
