"""Bayes factors of t values with a Cauchy prior on the effect: how much data speak for, or against, any difference."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

SCALES = (0.5, 2**-0.5, 1.0)
"""Widths of the prior that are reported side by side."""

CLASSES = (3.0, 10.0)
"""Bayes factors from which on evidence counts as moderate, and as strong (Jeffreys 1961)."""

SIZES = 5
"""Effective numbers, spaced by their logarithms, that are computed; others lie between."""

_LOG_G = np.linspace(-12, 40, 2001)


def log_bayes_factor(
    t: NDArray[np.floating[Any]], df: int, size: float, scale: float = SCALES[1]
) -> NDArray[np.float64]:
    """Return log10 BF10 of t values (JZS; Rouder 2009, Psychon Bull Rev 16:225-237).

    Parameters
    ----------
    t : (n,)
    size : float
        Effective number: n of one sample, n1 n2 / (n1 + n2) of two; residual variance over the variance of the effect.
    scale : float
        Width of the Cauchy prior on the standardised effect.

    Notes
    -----
    The prior is a normal one whose variance g is inverse gamma; the integral runs over log g.
    """
    squared = np.asarray(t, dtype=np.float64)[:, None] ** 2
    g = np.exp(_LOG_G)
    wider = 1 + size * g * scale**2
    likelihood = -0.5 * np.log(wider) - (df + 1) / 2 * np.log1p(squared / (wider * df))
    prior = -0.5 * np.log(2 * np.pi) - 0.5 * _LOG_G - 0.5 / g
    height = likelihood + prior + (df + 1) / 2 * np.log1p(squared / df)
    top = height.max(axis=1)  # beyond what a number can hold where many participants agree
    return np.asarray(
        np.log10(scipy.integrate.simpson(np.exp(height - top[:, None]), x=_LOG_G, axis=1)) + top / np.log(10)
    )


def evidence(log_bf: NDArray[np.floating[Any]]) -> NDArray[np.int8]:
    """Class, (voxels,), of each log10 BF10: 2 strong, 1 moderate for a difference, 0 neither, -1, -2 against.

    >>> evidence(np.log10([20.0, 4, 1, 1 / 4, 1 / 20])).tolist()
    [2, 1, 0, -1, -2]
    """
    size = np.digitize(np.abs(log_bf), np.log10(CLASSES))
    return np.asarray(np.where(np.isfinite(log_bf), np.sign(log_bf) * size, 0), dtype=np.int8)


def bayes_map(
    t: NDArray[np.floating[Any]], df: int, size: NDArray[np.float64], scale: float = SCALES[1]
) -> NDArray[np.float64]:
    """Return log10 BF10 of a map of t and its effective numbers, (voxels,) each: on a grid of both, interpolated."""
    known = np.isfinite(t) & (size > 0)
    height, place = np.abs(t[known]), np.log(size[known])
    grid = np.linspace(0, float(height.max(initial=1.0)) + 1e-6, 200)
    sizes = np.linspace(float(place.min(initial=np.inf)), float(place.max(initial=-np.inf)) + 1e-9, SIZES)
    found = np.full(len(t), np.nan)
    if known.any():
        table = [np.interp(height, grid, log_bayes_factor(grid, df, float(np.exp(one)), scale)) for one in sizes]
        step = (place - sizes[0]) / (sizes[1] - sizes[0])
        low = np.clip(step.astype(int), 0, SIZES - 2)
        rows, columns = np.stack(table), np.arange(len(height))
        found[known] = rows[low, columns] + (step - low) * (rows[low + 1, columns] - rows[low, columns])
    return found
