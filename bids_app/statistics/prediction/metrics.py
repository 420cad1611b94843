"""How good predictions of unseen people are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.floating[Any]]


def auc(score: Values, outcome: Values) -> float:
    """Return the probability that one of class 1 has a larger score than one of class 0; ties count half.

    Parameters
    ----------
    score, outcome : (n,)
        The outcome is 0 or 1.
    """
    ranks = stats.rankdata(score)
    ones = outcome == 1
    n, m = int(ones.sum()), int((~ones).sum())
    return float((ranks[ones].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")


def auc_within(score: Values, outcome: Values, fold: NDArray[np.integer[Any]]) -> float:
    """Return the AUC of pairs of one fold: scores of different models do not compare.

    Pairs of different folds pull it below 1/2 where nothing can be predicted: models that saw more of a class expect
    it, and meet less of it.

    Parameters
    ----------
    score, outcome, fold : (n,)
    """
    total, pairs = 0.0, 0
    for value in np.unique(fold):
        own = fold == value
        count = int((outcome[own] == 1).sum() * (outcome[own] == 0).sum())
        if count:
            total, pairs = total + count * auc(score[own], outcome[own]), pairs + count
    return total / pairs if pairs else float("nan")


def auc_error(value: float, ones: int, zeros: int) -> float:
    """Return the standard error of an AUC (Hanley & McNeil 1982, Radiology 143:29-36)."""
    first, second = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (ones - 1) * (first - value**2) + (zeros - 1) * (second - value**2)
    return float(np.sqrt(variance / (ones * zeros)))


def brier(probability: Values, outcome: Values) -> float:
    """Return the mean squared distance of probabilities, (n,), from what happened, (n,) 0 or 1 (Brier score)."""
    return float(((probability - outcome) ** 2).mean())


def calibration(probability: Values, outcome: Values) -> tuple[float, float]:
    """Return intercept and slope of what happened, (n,), on the log odds: 0 and 1 if probabilities, (n,), hold."""
    from sklearn.linear_model import LogisticRegression

    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    odds = np.log(clipped / (1 - clipped))
    if np.ptp(odds) == 0 or np.ptp(outcome) == 0:
        return float("nan"), float("nan")
    found = LogisticRegression(C=1e6, max_iter=1000).fit(odds[:, None], outcome)
    return float(found.intercept_[0]), float(found.coef_[0, 0])


def explained(predicted: Values, outcome: Values) -> float:
    """Return the share of variance of an outcome, (n,), that predictions explain; below 0 the mean would do better."""
    return float(1 - ((outcome - predicted) ** 2).sum() / ((outcome - outcome.mean()) ** 2).sum())


def net_benefit(probability: Values, outcome: Values, threshold: float) -> float:
    """Return the net benefit of acting on all above a probability, as decision curves have it.

    Parameters
    ----------
    probability, outcome : (n,)
    threshold : float
        Probability from which on one acts.
    """
    acted = probability >= threshold
    right, wrong = (acted & (outcome == 1)).mean(), (acted & (outcome == 0)).mean()
    return float(right - wrong * threshold / (1 - threshold))
