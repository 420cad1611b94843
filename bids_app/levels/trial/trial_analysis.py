"""The trial around the images: outcomes that were declared, and the treatment on record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from bids_app.dataset import presets
from bids_app.derivatives.trial import TrialWriter
from bids_app.errors import DeqiError, WrongDataError
from bids_app.levels.trial import outcomes
from bids_app.levels.trial.outcomes import Analysed
from bids_app.report.claims.preregistration import sentence
from bids_app.report.sections.outcome_rows import table_row
from bids_app.statistics.clinical.blinding import bang, james
from bids_app.statistics.covariate_coding import is_missing
from bids_app.statistics.table_one import Characteristic, table_one
from bids_app.trial.acupoints import point_of
from bids_app.trial.checklists import UNKNOWN, checklist
from bids_app.trial.cohort import Cohort, Table, arms_of, gather
from bids_app.vocabulary.job import Summary, TrialJob
from bids_app.vocabulary.near_matches import folded, nearest
from bids_app.vocabulary.options.design import ArmOptions, PeopleOptions
from bids_app.vocabulary.outcome import ClinicalOutcome
from bids_app.vocabulary.preregistration import OF_OUTCOMES, PlanStatus, plan_status
from bids_app.vocabulary.sidecars import BlindingSidecar
from bids_app.vocabulary.treatment import Needle, TrialOptions

Rows = Sequence[Mapping[str, str]]


def exposure(rows: Rows, arms: Sequence[str], options: TrialOptions) -> list[tuple[str, Characteristic]]:
    """Return columns of treatment and of what people thought of it: when they arose, and each described by arm."""
    found: list[tuple[str, Characteristic]] = []
    for when, columns in (("before", options.before), ("after", options.later)):
        there = [name for name in columns if name != options.guess and any(name in row for row in rows)]
        found += [(f"{when} randomisation", one) for one in table_one(rows, arms, there)]
    return found


def points(needles: Sequence[Needle], arm_of: Mapping[str, str], arms: Sequence[str]) -> list[dict[str, object]]:
    """Return each point with how many people of each arm were needled there, and what is odd about its name."""
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    remarks: dict[str, set[str]] = defaultdict(set)
    for needle in needles:
        point = point_of(needle.point)
        code = point.code or needle.point
        people[code, arm_of.get(needle.participant, "")].add(needle.participant)
        remarks[code] |= {point.remark} - {""}
    return [
        {"point": code, **{arm: len(people[code, arm]) for arm in arms}, "remark": "; ".join(sorted(remarks[code]))}
        for code in sorted(remarks, key=lambda code: -sum(len(people[code, arm]) for arm in arms))
    ]


def blinding(rows: Rows, arms: Sequence[str], column: str) -> BlindingSidecar | None:
    """Return what participants of the first and the last arm guessed, and both indices of blinding.

    None where no one was asked. Further arms (a waiting list) cannot be blinded; who guesses one does not know.

    Raises
    ------
    WrongDataError
        If a guess is one letter from the name of an arm: it would count as not knowing.
    """
    if len(arms) < 2 or not any(column in row for row in rows):
        return None
    every, arms = tuple(arms), (arms[0], arms[-1])
    counts = np.zeros((2, 3), dtype=int)
    for row in rows:
        guess = _guessed(row, column, every)
        if guess and row["arm"] in arms:
            counts[arms.index(row["arm"]), arms.index(guess) if guess in arms else 2] += 1
    if not counts.sum(axis=1).all():
        return None
    own = [bang(int(counts[i, i]), int(counts[i, 1 - i]), int(counts[i, 2])) for i in (0, 1)]
    words = (*arms, "do not know")
    return BlindingSidecar(
        guesses={arm: dict(zip(words, counts[i].tolist(), strict=True)) for i, arm in enumerate(arms)},
        bang={arm: own[i]._asdict() for i, arm in enumerate(arms)},
        james=james(counts)._asdict() if counts[:, :2].any() and (counts[:, :2].sum(axis=0) > 0).all() else None,
    )


def _guessed(row: Mapping[str, str], column: str, arms: Sequence[str]) -> str:
    """Return the arm that a participant guessed, whatever its case; another word where none; nothing if not asked."""
    word = str(row.get(column, "n/a"))
    if is_missing(word):
        return ""
    near = nearest(word, arms)
    if near and folded(near) != folded(word):
        raise WrongDataError(f"{row['participant_id']} has {column} = {word!r}, nearly {near!r}. Correct the word.")
    return near or word


ORDERS = (
    "Orders of a crossover are no arms: all participants get both treatments. Outcomes are described over all of them, "
    "and treatments are not compared; maps are, within participants."
)


def everyone(job: TrialJob) -> Cohort:
    """Return all participants of the arms compared, scanned or not: as randomised.

    Raises
    ------
    DeqiError
        If there are too few participants, or a covariate or stratum is not there.
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
    """Analyse every outcome and tell how participants were treated; what cannot be analysed is a note.

    Raises
    ------
    DeqiError
        If nothing can be analysed.
    """
    cohort, notes, problems = everyone(job), list[str](), list[DeqiError]()
    if job.outcomes and not getattr(job.design.options, "parallel", True):
        notes.append(ORDERS)
    found, failed = list[Analysed](), list[ClinicalOutcome]()
    for outcome in job.outcomes:
        try:
            outcomes.require_comparable(outcome, cohort)
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
        about = outcomes.outcome_sidecar(one, cohort, job.inference, _planned(job, one))
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
    doses = exposure(cohort.rows, cohort.arms, options)
    writer.exposure(doses, cohort.arms)
    arm_of = {row["participant_id"].removeprefix("sub-"): row["arm"] for row in cohort.rows}
    writer.points(points(needles, arm_of, cohort.arms))
    guesses = blinding(cohort.rows, cohort.arms, options.guess)
    writer.blinding(guesses)
    facts = _facts(job, cohort, found, guesses)
    if any(row.name == "n_sessions_attended" for _, row in doses):
        facts["attended"] = "treatment by arm, in group.html"
    of_trials = [name for name in presets.names("checklists") if not presets.load("checklists", name).get("recordings")]
    for name in of_trials:
        rows = checklist(name, cohort.arms, job.treatment.arms, facts)
        answers = [value for row in rows for key, value in row.items() if key not in ("item", "asks")]
        content = presets.load("checklists", name)
        said = {
            "Description": content["description"], "Source": content["citation"],
            "Answered": sum(answer != UNKNOWN for answer in answers), "Of": len(answers),
        }  # fmt: skip
        writer.checklist(name, rows, said)


def _facts(job: TrialJob, cohort: Cohort, found: list[Analysed], blinding: BlindingSidecar | None) -> dict[str, str]:
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
        "missing": "visits of all participants by constrained longitudinal analysis (missing at random)"
        if missing
        else "",
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
            for arm, value in blinding.bang.items()
        )
    return facts
