"""A way to learn judged by people it has not seen: repeated divisions, sites left out, and outcomes exchanged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from bids_app.errors import WrongDataError
from bids_app.statistics.permutation.schemes import Exchange
from bids_app.statistics.prediction.learner import Learner
from bids_app.statistics.prediction.nested_cv import Unseen, out_of_fold, train
from bids_app.statistics.prediction.performance import good_of, interaction_t, limits, more
from bids_app.statistics.prediction.preprocessing import Features
from bids_app.statistics.prediction.task import Places, PredictionTask, Values

Tell = Callable[[], None]


@dataclass(frozen=True, eq=False, kw_only=True)
class CrossValidation:
    """How a way to learn is judged.

    Attributes
    ----------
    arm : (n,)
        1 active, 0 control, NaN in further arms; all alike where there is one.
    sites : (n,) int or None
        Each is predicted from all others.
    """

    arm: Values
    sites: Places | None
    repeats: int
    permutations: int
    seed: int
    threads: int = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class Assessment:
    """How well one set of features did.

    Attributes
    ----------
    predicted : (repeats, n)
        Predictions of participants by models that have not seen them.
    good : (repeats,)
        AUC, or R2, of each division.
    low, high, p : float
        95 % limits of its mean, and the share of exchanged outcomes that did as well.
    more : mapping
        Brier score and calibration, or mean absolute error and correlation: means over divisions.
    interaction : mapping
        Whether participants with a larger prediction gain more from the active arm: t, p of exchanged outcomes.
    sites : mapping
        AUC, or R2, of each site by the models of all others.
    weights : (models, features)
        Of every model, NaN where it has none; empty where features are components of maps.
    """

    predicted: Values
    good: Values
    low: float
    high: float
    p: float
    more: Mapping[str, float]
    interaction: Mapping[str, float] = field(default_factory=dict)
    sites: Mapping[int, float] = field(default_factory=dict)
    weights: Values = field(default_factory=lambda: np.empty((0, 0)))


def assess(
    features: Features, task: PredictionTask, plan: CrossValidation, learner: Learner, tell: Tell = lambda: None
) -> Assessment:
    """Judge a way to learn from one set of features.

    Raises
    ------
    WrongDataError
        If a class has fewer participants than folds, or no participant differs from another.
    """
    if task.classes and min(np.bincount(task.outcome.astype(int), minlength=2)) < task.folds:
        ones = int(task.outcome.sum())
        raise WrongDataError(
            f"{ones} of {len(task.outcome)} people respond; each class needs at least {task.folds}, one a fold. Take "
            "another share (prediction.share), or predict improvement (prediction.target)."
        )

    if np.ptp(task.outcome) == 0:
        raise WrongDataError("All people improved alike: there is nothing to predict.")

    def divided(number: int) -> Unseen:
        found = out_of_fold(features, task, learner, plan.seed + 1000 * number)
        tell()
        return found

    def judged(found: Unseen, other: PredictionTask) -> tuple[float, float]:
        tell()
        return good_of(found.predicted, other, found.fold), interaction_t(found.predicted, other, plan.arm)

    scheme = Exchange(task.groups, plan.seed, plan.permutations)

    def exchanged(number: int) -> tuple[float, float]:
        order = scheme.draw(number, number + 1)[0].astype(np.intp)
        other = replace(task, outcome=task.outcome[order])
        return judged(out_of_fold(features, other, learner, plan.seed), other)

    # One BLAS thread each: the divisions are the parallelism.
    with threadpool_limits(1), ThreadPoolExecutor(plan.threads) as pool:
        runs = list(pool.map(divided, range(plan.repeats)))
        null = list(pool.map(exchanged, range(1, scheme.total)))
    predicted = np.stack([run.predicted for run in runs])
    # Exchanged outcomes went through one division: what was observed in that very one is what they are compared with.
    both = np.array([judged(runs[0], task), *null])
    good = np.array([good_of(run.predicted, task, run.fold) for run in runs])
    models = [model.weights for run in runs for model in run.models]
    low, high = limits(predicted, good, task, plan.seed)
    return Assessment(
        predicted=predicted,
        good=good,
        low=low,
        high=high,
        p=float((both[:, 0] >= both[0, 0] - 1e-12).mean()),
        more=more(predicted, task),
        interaction=_interaction(both[:, 1], predicted, task, plan.arm),
        sites=_left_out(features, task, plan, learner),
        weights=np.empty((0, 0)) if features.components else np.stack(models),
    )


def _interaction(t: Values, predicted: Values, task: PredictionTask, arm: Values) -> dict[str, float]:
    if np.nanmax(arm) == np.nanmin(arm):
        return {}
    reached = (np.abs(t) >= abs(t[0]) - 1e-12).mean()
    return {"t": interaction_t(predicted.mean(axis=0), task, arm), "p": float(reached)}


def _left_out(features: Features, task: PredictionTask, plan: CrossValidation, learner: Learner) -> dict[int, float]:
    """Return how well each site is predicted by a model of all others."""
    found: dict[int, float] = {}
    for site in np.unique(plan.sites) if plan.sites is not None else ():
        test, rest = np.flatnonzero(plan.sites == site), np.flatnonzero(plan.sites != site)
        own, others = task.rows(test), task.rows(rest)
        if len(rest) >= 2 * task.folds and np.ptp(own.outcome) > 0 and others.learnable:
            model = train(features.rows(rest), others, learner, plan.seed)
            found[int(site)] = good_of(model.predict(features.rows(test)), own)
    return found
