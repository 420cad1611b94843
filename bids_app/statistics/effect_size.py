"""Standardised effects with their limits, and what a trial could detect."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.permutation.linear_model import tiles

Floats = NDArray[np.floating[Any]]


_FAR = 1000.0
"""Beyond this |t| confidence limits are proportional to t; finding them there takes for ever."""


def small_sample_factor(df: int) -> float:
    """Return Hedges' correction J = Γ(m/2) / (sqrt(m/2) Γ((m − 1)/2)) for m degrees of freedom."""
    if df < 2:
        return float("nan")
    return float(np.exp(scipy.special.gammaln(df / 2) - scipy.special.gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def two_sample_g(t: Floats, n1: int, n2: int) -> NDArray[np.float64]:
    """Return Hedges g of a two-sample t, (..., voxels): J t sqrt(1/n1 + 1/n2)."""
    return np.asarray(small_sample_factor(n1 + n2 - 2) * t * np.sqrt(1 / n1 + 1 / n2), dtype=np.float64)


def one_sample_g(t: Floats, n: int) -> NDArray[np.float64]:
    """Return Hedges g of a one-sample t, (..., voxels): J t / sqrt(n)."""
    return np.asarray(small_sample_factor(n - 1) * t / np.sqrt(n), dtype=np.float64)


def adjusted_g(
    difference: Floats | float, limits: tuple[Floats | float, Floats | float], deviation: Floats | float, df: int
) -> NDArray[np.float64]:
    """Return Hedges g of an adjusted difference, in standard deviations of the baseline, and its limits, (3, ...).

    Parameters
    ----------
    limits : tuple of float or (voxels,)
        Of the difference, in its units.
    deviation : float or (voxels,)
        Standard deviation within arms of the baseline.
    df : int
        Its degrees of freedom.

    Notes
    -----
    The deviation is an estimate too: limits are those of a ratio (Fieller 1954), with the variance of the deviation of
    normal values. They leave out 0 exactly where those of the difference do. Where the deviation is too badly known for
    any limit they are infinite.
    """
    factor = small_sample_factor(df)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.asarray(difference / deviation, dtype=np.float64)
        sides = [np.abs(limit - difference) / deviation for limit in limits]
        known = small_sample_factor(df + 1) * np.sqrt((df + 1) / df)  # E(s) / sigma
        whole = 1 - scipy.stats.t.isf(0.025, df) ** 2 * (1 - known**2)
        shrunk, ends = ratio * known, []
        for sign, side in zip((-1, 1), sides, strict=True):
            room = shrunk**2 - whole * (ratio**2 - side**2) * known**2
            ends.append((shrunk + sign * np.sqrt(np.maximum(room, 0.0))) / whole)
    if not whole > 0:
        ends = [np.where(np.isfinite(ratio), sign * np.inf, np.nan) for sign in (-1, 1)]
    return np.stack([factor * ratio, *np.broadcast_arrays(*ends)])


def pooled_deviation(values: Floats, arm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation within arms, (voxels,), of values (n, voxels) of participants in arms 1 and 0.

    An adjusted difference is standardised by that of the baseline, not by what the model leaves.
    """
    squares = np.zeros(values.shape[1])
    for tile in tiles(len(values), values.shape[1]):
        for side in (1, 0):
            group = values[arm == side, tile]
            centred = group - group.mean(axis=0, dtype=np.float64)
            squares[tile] += np.einsum("nv,nv->v", centred, centred)
    return np.asarray(np.sqrt(squares / (len(arm) - 2)))


def noncentral_limits(t: Floats, df: int, level: float = 0.95) -> NDArray[np.float64]:
    """Return both confidence limits of the noncentrality of a t value, (2, ...).

    Limits depend on t alone: they are found on a grid and interpolated, to 1e-3 of a t.
    """
    known = np.isfinite(t)
    near = np.clip(np.where(known, t, 0.0), -_FAR, _FAR)
    # Dense where most t are: one wild voxel must not make it coarse for all.
    grid = np.sinh(np.linspace(np.arcsinh(near.min(initial=0.0) - 1e-6), np.arcsinh(near.max(initial=0.0) + 1e-6), 400))
    stretch = np.where(known, np.maximum(np.abs(t) / _FAR, 1.0), np.nan)
    tails = (1 + level) / 2, (1 - level) / 2
    return np.stack([stretch * np.interp(near, grid, scipy.special.nctdtrinc(df, p, grid)) for p in tails])


def detectable(variance: Floats, df: int, critical: float, power: float = 0.8) -> NDArray[np.float64]:
    """Return the effect, in units of the coefficient, that is found with a power where |t| must reach `critical`.

    Parameters
    ----------
    variance : (voxels,)
        Of the coefficient.
    critical : float
        |t| that passes.
    power : float
        Probability of finding the effect, 0 to 1.
    """
    return np.asarray(np.sqrt(variance) * scipy.special.nctdtrinc(df, 1 - power, critical), dtype=np.float64)


def participants_for(error: float, size: float, p: float, spent: int, power: float = 0.8) -> int:
    """Return how many participants an effect needs to be found with a power at a two-sided p.

    Parameters
    ----------
    error : float
        Standard error of the standardised effect times the square root of the number of participants.
    spent : int
        Degrees of freedom that the model takes.
    """
    count = 1e6
    for _ in range(50):
        df = max(count - spent, 2.0)
        needed = (float(scipy.special.nctdtrinc(df, 1 - power, scipy.stats.t.isf(p / 2, df))) * error / size) ** 2
        if abs(needed - count) < 0.01:
            break
        count = max(needed, spent + 2.0)
    return int(np.ceil(count - 0.01))
