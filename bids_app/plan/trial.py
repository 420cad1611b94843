"""The job of what is known of people outside the scanner: outcomes declared, and treatment on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bids_app import plugs
from bids_app.dataset.participant_tables import tables_of
from bids_app.dataset.tables import read_json, stands
from bids_app.dataset.treatment import RECORD, needle_files, read_treatment
from bids_app.derivatives.paths import record_path
from bids_app.errors import UsageError
from bids_app.levels.trial import trial_analysis
from bids_app.plan.bids_uri import with_paths
from bids_app.plan.participants_table import People
from bids_app.settings import Settings
from bids_app.trial.checklists import format_answer
from bids_app.trial.composite import with_composite
from bids_app.trial.outcomes import Said, outcome_of
from bids_app.trial.treatment_dose import with_exposure
from bids_app.vocabulary.entities import stage_label
from bids_app.vocabulary.job import NO_MODALITY, TrialJob
from bids_app.vocabulary.near_matches import require_distinct
from bids_app.vocabulary.options.design import ArmOptions, visits_of
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.outcome import ClinicalOutcome
from bids_app.vocabulary.preregistration import Preregistration

LABEL = "group_trial"


def plan_trial(
    execution: Execution, settings: Settings, people: People, sealed: Preregistration | None
) -> TrialJob | None:
    """Return the job, or None where no outcome is declared and no treatment is on record.

    While arms are blinded outcomes compare A with B, and nothing is told of the treatment, which would name them.

    Raises
    ------
    DeqiError
        If an outcome cannot be understood, a value is impossible, or no one can be compared.
    """
    folder, rows = execution.bids_dir, people.chosen
    needles = needle_files(folder, rows)
    hidden = execution.blind and not execution.allocation
    recorded = not hidden and (bool(needles) or stands(folder / RECORD))
    before = record_path(execution.output_dir, LABEL).exists()  # what it left must not outlive what it was asked
    if not (settings.outcomes or recorded or before):
        return None
    job = TrialJob(
        label=LABEL,
        output_dir=execution.output_dir,
        modality=NO_MODALITY,
        measures={},
        inputs=(people.table, *tables_of(folder), *needles),
        participants=rows,
        design=settings.design,
        outcomes=outcomes_of(settings, people),
        trial=settings.trial,
        treatment=people.treatment if recorded else None,
        later=later_columns(settings, rows),
        coded=tuple(sorted(people.coded)),
        declared=_declared(folder),
        sealed=sealed,
        inference=settings.inference,
    )
    trial_analysis.everyone(job)
    return job


def treated(execution: Execution, settings: Settings, people: People) -> People:
    """Return participants with how they were treated, and with their dose and sensations as columns.

    Raises
    ------
    MissingInputError, WrongDataError
        If a file cannot be read, or a number is none.
    """
    found = read_treatment(execution.bids_dir, needle_files(execution.bids_dir, people.chosen))
    rows = with_exposure(people.rows, found.needles, settings.trial.sensations)
    return replace(people, rows=rows, treatment=found)


def later_columns(settings: Settings, rows: Mapping[str, Mapping[str, str]]) -> tuple[str, ...]:
    """Return the columns of people that arose after randomisation: they describe no randomised participant."""
    design = settings.design.options
    told = [visit for outcome in settings.outcomes.values() for visit in outcome.visits[1:]]
    visits = {stage_label(visit) for visit in (*told, *visits_of(design)[1:])}
    named = {*settings.trial.later}
    columns = dict.fromkeys(column for row in rows.values() for column in row)

    def later(column: str) -> bool:
        return column in named or column.rpartition("_")[2] in visits or column.startswith(settings.trial.sensations)

    return tuple(column for column in columns if later(column))


def with_composites(settings: Settings, people: People) -> People:
    """Return participants with the columns of outcomes that are composites of several tests.

    Raises
    ------
    WrongDataError
        If a test is not there.
    """
    rows, design, sources = people.rows, settings.design.options, dict(people.sources)
    for name, options in settings.outcomes.items():
        visits = [stage_label(visit) for visit in options.visits or visits_of(design)]
        if options.mean_of and visits:
            stem = options.column or name
            rows = with_composite(rows, stem, options.mean_of, visits)
            sources |= {f"{stem}_{visit}": f"outcomes.{name}" for visit in visits}
    return replace(people, rows=rows, sources=sources)


def outcomes_of(settings: Settings, people: People) -> tuple[ClinicalOutcome, ...]:
    """Return the outcomes that are declared, of which all is known; every value of all participants was looked at.

    Raises
    ------
    DeqiError
        If an outcome cannot be understood, or a value is impossible.
    """
    if not settings.outcomes:
        return ()
    design = settings.design.options
    visits = visits_of(design)
    first = getattr(design, "primary", "") or (visits[1] if len(visits) > 1 else "")
    said = Said(people.chosen, people.sources, people.described)
    found = tuple(
        outcome_of(name, options, said, visits, stage_label(first)) for name, options in settings.outcomes.items()
    )
    require_distinct(((outcome.name, outcome.table) for outcome in found), "Outcomes")
    return found


def validate_request(execution: Execution, settings: Settings) -> None:
    """Refuse circular values of associations.

    Raises
    ------
    UsageError
        With the reason.
    """
    for association, options in settings.associations.items():
        plugs.association(association).check(with_paths(options, execution.bids_dir), execution.output_dir)


def refuse_late_columns(settings: Settings, people: People) -> None:
    """Refuse to adjust arms for what treatment may have changed, and to predict an outcome from what came after it.

    The former can hide an effect, or make one; the latter is no prediction.

    Raises
    ------
    UsageError
        With the reason.
    """
    later = {*later_columns(settings, people.rows), *settings.trial.later}
    options = settings.prediction
    if settings.predictors and (wrong := sorted(later & {*options.clinical, *options.confounds})):
        raise UsageError(
            f"{', '.join(wrong)} arises after randomisation: it cannot predict anything at baseline. Take it out of "
            "prediction.clinical and prediction.confounds."
        )
    design = settings.design.options
    if not isinstance(design, ArmOptions) or settings.design.name == "regression":
        return
    if wrong := sorted(later & {*design.covariates, *design.drawn_within}):
        raise UsageError(
            f"{', '.join(wrong)} arises after randomisation ([trial] after): adjusting arms for it can hide an effect "
            "or make one. Take it out of the covariates and strata of the design; slopes on it are described by "
            "designs.regression."
        )


def _declared(folder: Path) -> dict[str, str]:
    """Return what dataset_description.json and the record of the trial say that checklists ask for."""
    path = folder / "dataset_description.json"
    about = read_json(path) if stands(path) else {}
    record = read_json(folder / RECORD).get("Trial", {}) if stands(folder / RECORD) else {}
    known = {key: format_answer(value) for key, value in record.items()} if isinstance(record, Mapping) else {}
    where = [f"{key} {format_answer(about[key])}" for key in ("DatasetDOI", "License") if format_answer(about.get(key))]
    return {"data": ", ".join(where), "Funding": format_answer(about.get("Funding")), **known}
