"""Responders: how many more there are in one arm, and how many have to be treated for one more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True, kw_only=True)
class RiskDifference:
    """Difference of two proportions with 95 % limits.

    `p_score` is the level at which these very limits touch no difference; `p` is Fisher's exact one, of another method.
    """

    difference: float
    low: float
    high: float
    p: float
    p_score: float

    @property
    def needed(self) -> float:
        """Number needed to treat; negative if it is one to harm, infinite without a difference."""
        return 1 / self.difference if self.difference else np.inf


def risk_difference(responders: int, people: int, other_responders: int, other_people: int) -> RiskDifference:
    """Compare the responders of two arms (limits: Newcombe 1998, Stat Med 17:873-890)."""
    one, other = (responders, people), (other_responders, other_people)
    low, high = _newcombe(one, other, 0.05)
    table = np.array([[k, n - k] for k, n in (one, other)])
    return RiskDifference(
        difference=responders / people - other_responders / other_people,
        low=low,
        high=high,
        p=float(stats.fisher_exact(table).pvalue),
        p_score=_touching(one, other),
    )


def _newcombe(one: tuple[int, int], other: tuple[int, int], alpha: float) -> tuple[float, float]:
    """Return limits of the difference of two proportions, each (responders, people), at a confidence of 1 - alpha."""
    (share, low, high), (other_share, other_low, other_high) = (
        (k / n, *stats.binomtest(k, n).proportion_ci(1 - alpha, method="wilson")) for k, n in (one, other)
    )
    difference = share - other_share
    return (
        difference - float(np.hypot(share - low, other_high - other_share)),
        difference + float(np.hypot(high - share, other_share - other_low)),
    )


def _touching(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return the alpha at which the limits touch no difference."""
    low, high = 1e-12, 1.0 - 1e-12
    if one[0] * other[1] == other[0] * one[1]:
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2
        ends = _newcombe(one, other, middle)
        low, high = (middle, high) if ends[0] <= 0 <= ends[1] else (low, middle)
    return high
