"""Who responds: an outcome predicted from what was there before treatment, by people that models have not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np

from bids_app import plugs
from bids_app.derivatives.prediction import PredictionWriter
from bids_app.errors import DeqiError, WrongDataError
from bids_app.levels.group.contrast_test import Progress
from bids_app.levels.prediction.sample import PredictionSample, sample_of
from bids_app.statistics.prediction.cross_validation import Assessment, CrossValidation, assess
from bids_app.statistics.prediction.learner import Learner
from bids_app.statistics.prediction.nested_cv import train
from bids_app.vocabulary.job import PredictionJob, Summary
from bids_app.vocabulary.preregistration import plan_status
from bids_app.vocabulary.sidecars import PredictionSidecar

SETS = ("clinical", "brain", "combined")


def run(job: PredictionJob, progress: Progress) -> Summary:
    """Judge every way to learn on every set of features; one that cannot is a note.

    Raises
    ------
    DeqiError
        If there is nothing to predict, or nothing to predict from.
    """
    if not job.predictors:
        return Summary(frozenset())  # nothing is asked any more: what was there goes
    sample, notes = sample_of(job)
    writer, plan = PredictionWriter(job.output_dir, job.entities), _plan(job, sample)
    names = {label: sample.features_of(label).names for label in SETS}
    problems: list[DeqiError] = []
    for name, options in job.predictors.items():
        learner = plugs.predictor(name).learner(options)
        try:
            found = dict(_assessed(name, sample, plan, learner, progress))
        except WrongDataError as error:
            problems.append(error)
            notes.append(f"{name}: {error}")
            continue
        writer.assessment(name, found, sample.task, _about(job, sample, plan, notes), names)
        writer.people(name, found, _people(sample))
        model = train(sample.features_of("combined"), sample.task, learner, plan.seed)
        writer.model(name, model, sample.features_of("combined"), _card(job, sample, found["combined"]))
    if len(problems) == len(job.predictors):
        raise problems[0]
    return Summary(frozenset(writer.files), tuple(notes), {"Participants": len(sample.task.outcome)})


def _assessed(
    name: str, sample: PredictionSample, plan: CrossValidation, learner: Learner, progress: Progress
) -> Iterator[tuple[str, Assessment]]:
    total = plan.repeats + plan.permutations - 1
    for features in SETS:
        tell = partial(_told, partial(progress, name, features), iter(range(1, total + 1)), total)
        yield features, assess(sample.features_of(features), sample.task, plan, learner, tell)


def _told(progress: Callable[[int, int, float], None], done: Iterator[int], total: int) -> None:
    progress(next(done, total), total, float("inf"))


def _plan(job: PredictionJob, sample: PredictionSample) -> CrossValidation:
    options, rows, column = job.prediction, sample.cohort.rows, _site(job)
    sites = None
    if column:
        words = [str(row.get(column, "n/a")) for row in rows]
        sites = np.unique(words, return_inverse=True)[1].astype(np.intp)
    arms, number = len(sample.cohort.arms), sample.cohort.arm
    arm = np.where(np.isin(number, [0, arms - 1]), number == 0, np.nan) if arms > 1 else np.zeros(len(rows))
    seed = job.inference.random_seed
    return CrossValidation(
        arm=arm,
        sites=sites,
        repeats=options.repeats,
        permutations=options.n_permutations,
        seed=seed,
        threads=job.threads,
    )


def _site(job: PredictionJob) -> str:
    """Return the column of sites that is named, else that of the design."""
    return job.prediction.site or getattr(job.design.options, "site", "")


def _people(sample: PredictionSample) -> dict[str, list[object]]:
    rows = sample.cohort.rows
    return {"participant_id": [row["participant_id"] for row in rows], "arm": [row["arm"] for row in rows],
            "observed": list(sample.task.outcome)}  # fmt: skip


def _about(
    job: PredictionJob, sample: PredictionSample, plan: CrossValidation, notes: Sequence[str]
) -> PredictionSidecar:
    options, outcome = job.prediction, sample.outcome
    column = _site(job)
    sites = sorted({str(row.get(column, "n/a")) for row in sample.cohort.rows}) if column else []
    return PredictionSidecar(
        outcome=outcome.title, baseline=outcome.columns[0], target=options.target, share=options.share,
        units=outcome.units, participants=len(sample.task.outcome), arms=sample.cohort.arms, measure=options.measure,
        brain_features=sample.features.brain.shape[1], components=sample.features.components,
        responders=int(sample.task.outcome.sum()) if sample.task.classes else None, clinical=tuple(sample.clinical),
        confounds=options.confounds, folds=options.folds, repeats=options.repeats, permutations=plan.permutations,
        random_seed=plan.seed, sites=tuple(sites), alpha=job.inference.alpha,
        plan=plan_status(job.sealed, declared=False), notes=tuple(notes),
    )  # fmt: skip


def _card(job: PredictionJob, sample: PredictionSample, found: Assessment) -> dict[str, object]:
    """Return what belongs to a model that is given away."""
    return {
        "Predicts": f"{job.prediction.target} of {sample.outcome.title}",
        "TrainedOn": f"{len(sample.task.outcome)} people of this trial, in {', '.join(sample.cohort.arms)}",
        "UnseenPeople": float(found.good.mean()), "Limits": [found.low, found.high], "P": found.p,
        "NotFor": "Decisions about treatment: it has not been tried on people of another trial.",
        "Clinical": list(sample.clinical), "Confounds": list(job.prediction.confounds),
    }  # fmt: skip
