"""Rank tests as papers print them: Z corrected for ties and without correction for continuity, as SPSS has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.floating[Any]]

SMALL = 20
"""People of an arm up to whom the exact distribution is given too, if nobody ties."""


@dataclass(frozen=True)
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
    """Compare two groups of people (Mann & Whitney 1947, Ann Math Stat 18:50-61).

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
    return BetweenArms(float(u), z, float(p), exact, float(u) / pairs, *_shift(first, second))


def _shift(first: Values, second: Values) -> tuple[float, float, float]:
    """Return the median difference of all pairs, and its limits by the normal approximation of U.

    Limits that too few pairs can give are infinite.
    """
    differences = np.sort(np.subtract.outer(first, second).ravel())
    pairs, people = len(differences), len(first) + len(second)
    outside = int(np.floor(pairs / 2 - stats.norm.isf(0.025) * np.sqrt(pairs * (people + 1) / 12)))
    if outside < 1:
        return float(np.median(differences)), -np.inf, np.inf
    return float(np.median(differences)), float(differences[outside - 1]), float(differences[pairs - outside])


def within_arm(before: Values, after: Values, zeros: Literal["wilcox", "pratt"] = "wilcox") -> WithinArm:
    """Compare two values of the same people (Wilcoxon 1945, Biometrics Bull 1:80-83).

    Parameters
    ----------
    zeros : {"wilcox", "pratt"}
        Whether people without a change are left out, or ranked and left out then.
    """
    change = np.asarray(after, dtype=np.float64) - before
    if not change.any():
        return WithinArm(0.0, 0.0, 1.0, zeros)
    found = stats.wilcoxon(change, zero_method=zeros, correction=False, method="approx")
    ranks = np.sign(change) * stats.rankdata(np.abs(change))
    z = np.copysign(stats.norm.isf(found.pvalue / 2), ranks.sum())
    return WithinArm(float(found.statistic), float(z), float(found.pvalue), zeros)
