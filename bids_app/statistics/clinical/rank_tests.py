"""Rank tests as papers print them: Z corrected for ties and without correction for continuity, as SPSS has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.statistics.clinical.test_inversion import limits

Values = NDArray[np.floating[Any]]

SMALL = 20
"""People of an arm up to whom the exact distribution is given too, if there are no ties."""


@dataclass(frozen=True, kw_only=True)
class BetweenArms:
    """Mann-Whitney, and the effects that belong to it.

    Attributes
    ----------
    u : float
        Pairs in which the first has the larger value; ties count half.
    z, p : float
        Normal approximation; two-sided.
    exact_p : float or None
        From the exact distribution; None with ties or in large arms.
    superiority : float
        Probability that one of the first has a larger value than one of the second.
    shift, low, high : float
        Hodges-Lehmann shift of the first against the second, with 95 % limits.
    """

    u: float
    z: float
    p: float
    exact_p: float | None
    superiority: float
    shift: float
    low: float
    high: float


@dataclass(frozen=True)
class WithinArm:
    """Wilcoxon's signed ranks of second minus first values; `zeros` says what became of people without a change."""

    w: float
    z: float
    p: float
    zeros: str


def between_arms(first: Values, second: Values) -> BetweenArms:
    """Compare two groups of participants (Mann & Whitney 1947, Ann Math Stat 18:50-61).

    Parameters
    ----------
    first, second : (n,)
        Finite values; neither group is empty.
    """
    u, p = stats.mannwhitneyu(first, second, use_continuity=False, method="asymptotic")
    pairs = len(first) * len(second)
    tied = len(np.unique(np.concatenate([first, second]))) < len(first) + len(second)
    exact = None
    if not tied and max(len(first), len(second)) <= SMALL:
        exact = float(stats.mannwhitneyu(first, second, method="exact").pvalue)
    z = float(np.copysign(stats.norm.isf(p / 2), u - pairs / 2)) if np.isfinite(p) else np.nan
    shift, low, high = _shift(first, second)
    return BetweenArms(
        u=float(u), z=z, p=float(p), exact_p=exact, superiority=float(u) / pairs, shift=shift, low=low, high=high
    )


def _shift(first: Values, second: Values) -> tuple[float, float, float]:
    """Return the median difference of all pairs, and the shifts that the very test which gives p does not refuse.

    Limits lie at differences of pairs; those that too few pairs can give are infinite.
    """
    differences = np.sort(np.subtract.outer(first, second).ravel())
    middle, spread = float(np.median(differences)), float(np.ptp(differences)) or 1.0

    def p(shift: float) -> float:
        found = stats.mannwhitneyu(first - shift, second, use_continuity=False, method="asymptotic").pvalue
        return float(found) if np.isfinite(found) else 1.0

    low, high = limits(p, middle, spread / 8)
    return middle, _at_a_pair(low, differences, spread), _at_a_pair(high, differences, spread)


def _at_a_pair(limit: float, differences: Values, spread: float) -> float:
    """Return the difference of a pair that a limit was found near to; 0 is left out where it was refused."""
    if not np.isfinite(limit):
        return limit
    near = float(differences[np.abs(differences - limit).argmin()])
    return near if abs(near - limit) < spread / 1000 and (near or not limit) else limit


def within_arm(before: Values, after: Values, zeros: Literal["wilcox", "pratt"] = "wilcox") -> WithinArm:
    """Compare two values of the same participants (Wilcoxon 1945, Biometrics Bull 1:80-83).

    Parameters
    ----------
    before, after : (n,)
    zeros : {"wilcox", "pratt"}
        Whether participants without a change are left out, or ranked and left out then.
    """
    change = np.asarray(after, dtype=np.float64) - before
    if not change.any():
        return WithinArm(0.0, 0.0, 1.0, zeros)
    found = stats.wilcoxon(change, zero_method=zeros, correction=False, method="approx")
    ranks = np.sign(change) * stats.rankdata(np.abs(change))
    z = np.copysign(stats.norm.isf(found.pvalue / 2), ranks.sum())
    return WithinArm(float(found.statistic), float(z), float(found.pvalue), zeros)
