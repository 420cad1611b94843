"""The people of a trial outside the scanner: outcomes, treatment, blinding, checklists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bids_app.dataset import presets
from bids_app.derivatives.trial import TrialWriter
from bids_app.errors import DeqiError, WrongDataError
from bids_app.levels.trial import outcomes, treatment
from bids_app.levels.trial.outcomes import Analysed
from bids_app.report.claims.preregistration import sentence
from bids_app.report.sections.outcome_rows import table_row
from bids_app.trial.checklists import UNKNOWN, checklist
from bids_app.trial.cohort import Cohort, Table, arms_of, gather
from bids_app.trial.options import ArmOptions, PeopleOptions
from bids_app.vocabulary.job import Summary, TrialJob
from bids_app.vocabulary.outcome import Outcome
from bids_app.vocabulary.preregistration import OF_OUTCOMES, PlanStatus, plan_status

ORDERS = (
    "Orders of a crossover are no arms: everybody gets both treatments. Outcomes are described over all people, and "
    "treatments are not compared; maps are, within people."
)


def everybody(job: TrialJob) -> Cohort:
    """Return all people of the arms compared, scanned or not: as randomised.

    Raises
    ------
    DeqiError
        If there are too few people, or a covariate or stratum is not there.
    """
    name, options = job.design.name, job.design.options
    if isinstance(options, ArmOptions) and options.parallel:
        arm: Mapping[str, str] = arms_of(job.participants, options, name)
    else:
        arm, options = (
            dict.fromkeys(job.participants, "all"),
            PeopleOptions(options.covariates, options.drawn_within, options.levels),
        )
    return gather(Table(job.participants, {}, {}, frozenset(job.coded)), arm, {}, (), options)


def run(job: TrialJob) -> Summary:
    """Analyse every outcome and tell how people were treated; what cannot be analysed is a note.

    Raises
    ------
    DeqiError
        If nothing can be analysed.
    """
    cohort, notes, problems = everybody(job), list[str](), list[DeqiError]()
    if job.outcomes and not getattr(job.design.options, "parallel", True):
        notes.append(ORDERS)
    found, failed = list[Analysed](), list[Outcome]()
    for outcome in job.outcomes:
        try:
            found.append(outcomes.analyse(outcomes.scores_of(outcome, cohort, job.inference), job.later))
        except WrongDataError as error:
            failed.append(outcome)
            problems.append(error)
            notes.append(f"Outcome {outcome.name} is not analysed: {error}")
    if problems and not found:
        raise problems[0]
    writer = TrialWriter(job.output_dir)
    writer.people(cohort.rows, cohort.lost, cohort.arms, [*cohort.notes, *notes])
    found = outcomes.corrected(found, failed)
    for one in found:
        about = outcomes.about(one, cohort, job.inference, _planned(job, one))
        writer.outcome(one.scores, [table_row(row) for row in one.rows], about, cohort.rows)
    if job.treatment is not None:
        _treatment(job, cohort, found, writer)
    return Summary(frozenset(writer.files), (*job.treatment.faults, *notes) if job.treatment else tuple(notes))


def _planned(job: TrialJob, one: Analysed) -> PlanStatus | None:
    outcome = one.scores.outcome
    settings = (*OF_OUTCOMES, f"outcomes.{outcome.table}")
    return plan_status(job.sealed, *settings, declared=outcome.role != "exploratory", family=True)


def _treatment(job: TrialJob, cohort: Cohort, found: list[Analysed], writer: TrialWriter) -> None:
    """Write what is on record of the treatment, and the checklists that it fills."""
    assert job.treatment is not None
    needles, options = job.treatment.needles, job.trial
    exposure = treatment.exposure(cohort.rows, cohort.arms, options)
    writer.exposure(exposure, cohort.arms)
    arm_of = {row["participant_id"].removeprefix("sub-"): row["arm"] for row in cohort.rows}
    writer.points(treatment.points(needles, arm_of, cohort.arms))
    blinding = treatment.blinding(cohort.rows, cohort.arms, options.guess)
    writer.blinding(blinding)
    facts = _facts(job, cohort, found, blinding)
    if any(row["name"] == "n_sessions_attended" for row in exposure):
        facts["attended"] = "treatment by arm, in group.html"
    for name in presets.names("checklists"):
        rows = checklist(name, cohort.arms, job.treatment.arms, facts)
        answers = [value for row in rows for key, value in row.items() if key not in ("item", "asks")]
        content = presets.load("checklists", name)
        said = {
            "Description": content["description"], "Source": content["citation"],
            "Answered": sum(answer != UNKNOWN for answer in answers), "Of": len(answers),
        }  # fmt: skip
        writer.checklist(name, rows, said)


def _facts(job: TrialJob, cohort: Cohort, found: list[Analysed], blinding: Mapping[str, Any]) -> dict[str, str]:
    """Return what this run knows that checklists ask for."""
    counts = ", ".join(f"{sum(row['arm'] == arm for row in cohort.rows)} {arm}" for arm in cohort.arms)
    declared = [f"{o.title} at {o.endpoint} ({o.role})" for o in job.outcomes]
    missing = any(row.kind == "clda" for one in found for row in one.rows)
    facts = {
        **job.declared,
        "design": f"{job.design.name}; {counts}",
        "strata": f"arms drawn within {', '.join(cohort.options.drawn_within)}" if cohort.options.drawn_within else "",
        "outcomes": "; ".join(declared),
        "assigned": f"in an arm compared: {counts}",
        "losses": "; ".join(note.text for one in found for note in one.notes if note.code == outcomes.LOSSES),
        "missing": "everybody's visits by constrained longitudinal analysis (missing at random)" if missing else "",
        "analysed": "as randomised, whatever treatment was taken",
        "results": "section Outcomes of group.html, with limits" if found else "",
        "additional": "marked exploratory where they stand" if found else "",
        "methods": "logs/CITATION.md",
        "plan": f"sealed on {job.sealed.locked_on}, SHA-256 {job.sealed.sha256}" if job.sealed else "",
        "deviations": "; ".join(map(sentence, job.sealed.deviations)) if job.sealed else "",
        "characteristics": "section Who is in it of group.html",
        "stricta": "table STRICTA beside" if job.treatment and job.treatment.arms else "",
    }
    if blinding:
        facts["blinding"] = "; ".join(
            f"Bang index of {arm} {value['value']:.2f} ({value['low']:.2f} to {value['high']:.2f})"
            for arm, value in blinding["Bang"].items()
        )
    return facts
