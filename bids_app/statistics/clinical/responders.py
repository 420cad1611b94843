"""Improvement by direction, responders and remission: shares of participants and their differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.floating[Any]]


def improvement(before: Values, after: Values, *, lower_is_better: bool) -> Values:
    """Return the improvement of each participant as a share of the first value, (n,); positive is better.

    Where the first value is zero, or either is not known, there is none: NaN.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(np.equal(before, 0), np.nan, (after - before) / np.abs(before))
    return -share if lower_is_better else share


def responders(shares: Values, least: float) -> tuple[int, int]:
    """Return how many of the shares, (n,), are at least `least`, and of how many participants that is known.

    Shares such as 0.3 and 0.5 are those of IMMPACT (Dworkin 2008, doi:10.1016/j.jpain.2007.09.005).
    """
    known = shares[np.isfinite(shares)]
    return int((known >= least - 1e-12).sum()), len(known)


def cumulative(shares: Values, at: Values) -> Values:
    """Return the proportion of participants who improved by at least each of some shares, (len(at),).

    Parameters
    ----------
    shares : (n,)
        Improvement of each participant as a share of the baseline.
    """
    known = shares[np.isfinite(shares)]
    return np.array([(known >= least - 1e-12).mean() if len(known) else np.nan for least in at])


@dataclass(frozen=True)
class Variability:
    """Whether participants respond more unlike each other in one arm.

    Attributes
    ----------
    log_ratio, error : float
        Logarithm of the ratio of standard deviations, and its standard error.
    individual : float
        Standard deviation of the response of participants; negative if the other arm varies more.
    """

    log_ratio: float
    error: float
    individual: float

    @property
    def limits(self) -> tuple[float, float]:
        """Limits (95 %) of the ratio itself."""
        margin = stats.norm.isf(0.025) * self.error
        return float(np.exp(self.log_ratio - margin)), float(np.exp(self.log_ratio + margin))


def variability(sd: float, people: int, other_sd: float, other_people: int) -> Variability:
    """Compare the standard deviations of change of two arms.

    A treatment that helps some and not others makes its arm vary more; equal ones are no proof that all respond alike.
    """
    ratio = float(np.log(sd / other_sd))
    difference = sd**2 - other_sd**2
    return Variability(
        ratio,
        float(np.sqrt(1 / (2 * (people - 1)) + 1 / (2 * (other_people - 1)))),
        float(np.copysign(np.sqrt(abs(difference)), difference)),
    )


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
