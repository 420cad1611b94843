"""Predictions of unseen people in numbers."""

from __future__ import annotations

import numpy as np
from scipy import stats

from bids_app.errors import WrongDataError
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.prediction.metrics import (
    auc,
    auc_error,
    auc_within,
    brier,
    calibration,
    explained,
    net_benefit,
)
from bids_app.statistics.prediction.task import Places, PredictionTask, Values


def good_of(predicted: Values, task: PredictionTask, fold: Places | None = None) -> float:
    """Return the AUC of a class, among participants of one fold, or R2 of a value; `predicted` is (n,)."""
    if not task.classes:
        return explained(predicted, task.outcome)
    return auc(predicted, task.outcome) if fold is None else auc_within(predicted, task.outcome, fold)


def interaction_t(predicted: Values, task: PredictionTask, arm: Values) -> float:
    """Return t of arm x prediction in a linear model of the outcome; 0 where there is one arm. Arrays are (n,).

    NaN marks participants whose arm is not compared.
    """
    known = np.isfinite(arm)
    predicted, arm, task = predicted[known], arm[known], task.rows(np.flatnonzero(known))
    if np.ptp(arm) == 0 or np.ptp(predicted) == 0:
        return 0.0
    centred = predicted - predicted.mean()
    nuisance = np.column_stack([np.ones(len(arm)), arm, centred])
    try:
        model = linear_model.fit(np.asarray(task.outcome, dtype=np.float64)[:, None], arm * centred, nuisance)
    except WrongDataError:
        return 0.0
    error = float(np.sqrt(model.variance[0]))
    return float(model.effect[0]) / error if error > 1e-9 * float(np.abs(task.outcome).max()) else 0.0


def limits(predicted: Values, good: Values, task: PredictionTask, seed: int) -> tuple[float, float]:
    """Return 95 % limits: of an AUC after Hanley and McNeil (1982), of R2 from bootstrap samples of participants.

    Parameters
    ----------
    predicted : (divisions, n)
        Predictions of each division into folds.
    good : (divisions,)
        AUC or R2 of each.
    """
    n = len(task.outcome)
    if task.classes:
        mean, ones = float(good.mean()), int(task.outcome.sum())
        margin = float(stats.norm.isf(0.025)) * auc_error(mean, ones, n - ones)
        return max(0.0, mean - margin), min(1.0, mean + margin)
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(0, n, n) for _ in range(1000))
    values = [
        np.mean([explained(row[people], task.outcome[people]) for row in predicted])
        for people in drawn
        if np.ptp(task.outcome[people]) > 0
    ]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def more(predicted: Values, task: PredictionTask) -> dict[str, float]:
    """Return what else is reported of predictions, (divisions, n): means over divisions."""
    outcome = task.outcome
    if task.classes:
        both = np.array([calibration(row, outcome) for row in predicted])
        return {
            "brier": float(np.mean([brier(row, outcome) for row in predicted])),
            "calibration_intercept": float(both[:, 0].mean()), "calibration_slope": float(both[:, 1].mean()),
        }  # fmt: skip
    r = [float(np.corrcoef(row, outcome)[0, 1]) if np.ptp(row) > 0 else 0.0 for row in predicted]
    return {"mean_absolute_error": float(np.abs(predicted - outcome).mean()), "r": float(np.mean(r))}


def stability(weights: Values) -> tuple[Values, Values]:
    """Return the share of models that use each feature, and of those that agree on its sign, (features,) each."""
    used, positive = (weights != 0).sum(axis=0), (weights > 0).sum(axis=0)
    agree = np.maximum(positive, used - positive) / np.maximum(used, 1)
    return np.asarray(used / max(len(weights), 1)), np.asarray(agree)


def decision_curve(probability: Values, outcome: Values) -> list[dict[str, float]]:
    """Return the net benefit of treating those above a probability, (n,), and of treating all, at thresholds."""
    treat_all = np.ones(len(outcome))
    return [
        {"threshold": t, "model": net_benefit(probability, outcome, t), "all": net_benefit(treat_all, outcome, t)}
        for t in np.round(np.arange(0.05, 0.951, 0.05), 2).tolist()
    ]
