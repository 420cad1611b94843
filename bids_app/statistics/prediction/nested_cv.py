"""Nested cross-validation: settings are chosen, scores calibrated and features prepared among training people alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bids_app.statistics.prediction.learner import FittedLearner, Learner, Setting, Training
from bids_app.statistics.prediction.metrics import auc
from bids_app.statistics.prediction.preprocessing import Features, PreparedFeatures, Values, prepare
from bids_app.statistics.prediction.task import Places, PredictionTask


@dataclass(frozen=True, eq=False)
class Trained:
    """A model with all that it learnt on the way."""

    prepared: PreparedFeatures
    fitted: FittedLearner
    setting: Setting
    calibration: tuple[float, float] | None

    def predict(self, features: Features) -> Values:
        """Return the probability of the class, or the value, of people."""
        score = self.fitted.score(self.prepared.apply(features))
        if self.calibration is None:
            return score
        return np.asarray(1 / (1 + np.exp(-np.clip(self.calibration[0] + self.calibration[1] * score, -30, 30))))

    @property
    def weights(self) -> Values:
        """Weights of all features, zero for those that were not kept; NaN where the model has none."""
        whole = np.zeros(len(self.prepared.kept))
        whole[self.prepared.kept] = np.nan if self.fitted.weights is None else self.fitted.weights
        return whole


def train(features: Features, task: PredictionTask, learner: Learner, seed: int) -> Trained:
    """Choose a setting by inner folds, calibrate on their predictions, and fit all training people."""
    held = np.full((len(learner.settings), len(task.outcome)), np.nan)
    for rest, test in task.parts(seed):
        inner = task.rows(rest)
        if not inner.learnable:
            continue
        prepared, ready = prepare(features.rows(rest), inner.outcome, learner.most)
        unseen = prepared.apply(features.rows(test))
        for i, setting in enumerate(learner.settings):
            held[i, test] = learner.fit(Training(ready, inner.outcome, task.classes, seed), setting).score(unseen)
    known = np.isfinite(held).all(axis=0)
    best = int(np.argmax([_good(row[known], task.outcome[known], classes=task.classes) for row in held]))
    prepared, ready = prepare(features, task.outcome, learner.most)
    setting = learner.settings[best]
    fitted = learner.fit(Training(ready, task.outcome, task.classes, seed), setting)
    calibration = _calibrated(held[best, known], task.outcome[known]) if task.classes else None
    return Trained(prepared, fitted, setting, calibration)


def _good(score: Values, outcome: Values, *, classes: bool) -> float:
    return auc(score, outcome) if classes else -float(((score - outcome) ** 2).mean())


def _calibrated(score: Values, outcome: Values) -> tuple[float, float]:
    """Return intercept and slope of a logistic curve from scores of unseen people to the class."""
    from sklearn.linear_model import LogisticRegression

    spread = float(score.std())
    if spread > 0 and np.ptp(outcome) > 0:
        curve = LogisticRegression(C=10.0).fit((score / spread)[:, None], outcome)
        if curve.coef_[0, 0] > 0:
            return float(curve.intercept_[0]), float(curve.coef_[0, 0]) / spread
    # Scores that tell nothing, or the wrong way round, leave the share of the class.
    share = float(np.clip(outcome.mean(), 0.01, 0.99))
    return float(np.log(share / (1 - share))), 0.0


@dataclass(frozen=True, eq=False)
class Unseen:
    """Predictions of all participants, (n,), by `models` that have not seen them; `fold` tells which model, (n,)."""

    predicted: Values
    fold: Places
    models: list[Trained]


def out_of_fold(features: Features, task: PredictionTask, learner: Learner, seed: int) -> Unseen:
    """Return the prediction of all participants by models that have not seen them."""
    found = Unseen(np.full(len(task.outcome), np.nan), np.zeros(len(task.outcome), dtype=np.intp), [])
    for rest, test in task.parts(seed):
        if task.rows(rest).learnable:
            model = train(features.rows(rest), task.rows(rest), learner, seed + 1)
            found.predicted[test] = model.predict(features.rows(test))
            found.fold[test] = len(found.models)
            found.models.append(model)
    return found
