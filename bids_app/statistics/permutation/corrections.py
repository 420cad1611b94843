"""Corrections for many tests: familywise by the largest statistic, over families of maps, Holm, false discovery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray


def familywise_p(values: NDArray[np.float32], maxima: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return p corrected over the map: the share of permutations whose maximum reaches each value.

    The observed one is among them, so that no p is below 1 / P (Nichols & Holmes 2002, doi:10.1002/hbm.1058). NaN stays
    NaN.

    Parameters
    ----------
    values : (voxels,) or (clusters,)
        Observed statistics.
    maxima : (P,)
        Largest statistic of each permutation.
    """
    ordered = np.sort(maxima)
    reached = len(ordered) - np.searchsorted(ordered, values, side="left")
    return np.where(np.isnan(values), np.nan, np.maximum(reached, 1) / len(ordered))


def joint_null(members: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the smallest p over a family for each permutation, (P,).

    Each map's maximum becomes its p in its own null, so that no map takes all because of its degrees of
    freedom (min-p; Winkler 2016, doi:10.1002/hbm.23115). Members share permutations.
    """
    return np.asarray(np.min([familywise_p(maxima, maxima) for maxima in members], axis=0))


def joint_p(p: NDArray[np.float64], null: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p corrected over the family as well, from p corrected over each map.

    Parameters
    ----------
    p : (voxels,) or (clusters,)
    null : (P,)
        Smallest p of each permutation over the maps of the family.
    """
    # Both are ratios with the same denominator: half a step of slack makes the comparison exact.
    step = 0.5 / len(null)
    return np.where(np.isnan(p), np.nan, np.searchsorted(np.sort(null), p + step, side="right") / len(null))


def holm(p: Sequence[float]) -> list[float]:
    """Return p values corrected over families that share no relabellings (Holm 1979, Scand J Stat 6:65-70)."""
    order = np.argsort(p)
    steps = np.array(p)[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in adjusted]


def monte_carlo_limits(p: float, total: int, *, exhaustive: bool = False) -> tuple[float, float]:
    """Return the 95 % limits of a p that is a share of `total` permutations (Clopper-Pearson).

    They tell what other draws would have given; a p of all permutations there are is exact.

    >>> [round(limit, 4) for limit in monte_carlo_limits(0.01, 1000)]
    [0.0048, 0.0183]
    """
    if exhaustive:
        return p, p
    reached = round(p * total)
    low = float(scipy.stats.beta.ppf(0.025, reached, total - reached + 1)) if reached else 0.0
    high = float(scipy.stats.beta.ppf(0.975, reached + 1, total - reached)) if reached < total else 1.0
    return low, high


def critical(maxima: NDArray[np.float32], alpha: float) -> float:
    """Return the smallest value that passes the familywise threshold; infinity where none can. `maxima` are (P,)."""
    return float(np.nextafter(np.float32(unsurpassed(maxima, alpha)), np.float32(np.inf)))


def unsurpassed(maxima: NDArray[np.float32], alpha: float) -> float:
    """Return the value above which all passes the familywise threshold; infinity where none can. `maxima` are (P,)."""
    ordered = np.sort(maxima)
    allowed = int(np.floor(alpha * len(ordered) + 1e-9))  # maxima that may reach what passes
    return float(ordered[-allowed - 1]) if allowed else float("inf")


def q_per_sign(t: NDArray[np.floating[Any]], df: int, *, both: bool = True) -> NDArray[np.float64]:
    """Return Benjamini-Hochberg q of a t map: of both signs, each at half the rate, or of the positive one alone.

    Parameters
    ----------
    t : (voxels,)
        NaN is no test and stays NaN.

    Notes
    -----
    Run on both signs together the procedure does not control the share of false directions (Winkler 2024,
    arXiv:2401.03554). Here each sign gets its own correction and q is doubled.
    """
    tested = np.isfinite(t)
    values = t[tested].astype(np.float64)
    found = np.ones(len(values))
    for sign in (1, -1) if both else (1,):
        adjusted = scipy.stats.false_discovery_control(scipy.stats.t.sf(sign * values, df))
        found = np.where(sign * values > 0, np.minimum(1.0, (1 + both) * adjusted), found)
    q = np.full(len(t), np.nan)
    q[tested] = found
    return q
