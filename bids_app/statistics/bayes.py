"""Bayes factors of t values with a Cauchy prior on the effect: how much data speak for, or against, any difference."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import integrate

SCALES = (0.5, 2**-0.5, 1.0)
"""Widths of the prior that are reported side by side."""

_LOG_G = np.linspace(-12, 40, 2001)


def log_bayes_factor(
    t: NDArray[np.floating[Any]], df: int, size: float, scale: float = SCALES[1]
) -> NDArray[np.float64]:
    """Return log10 BF10 of t values (JZS; Rouder 2009, Psychon Bull Rev 16:225-237).

    Parameters
    ----------
    t : (n,)
    size : float
        Effective number: n of one sample, n1 n2 / (n1 + n2) of two.
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
    top = height.max(axis=1)  # beyond what a number can hold where many people agree
    return np.asarray(np.log10(integrate.simpson(np.exp(height - top[:, None]), x=_LOG_G, axis=1)) + top / np.log(10))


def bayes_map(t: NDArray[np.floating[Any]], df: int, size: float, scale: float = SCALES[1]) -> NDArray[np.float64]:
    """Return log10 BF10 of a map of t, (voxels,): found on a grid of |t| and interpolated."""
    height = np.abs(t[np.isfinite(t)])
    grid = np.linspace(0, float(height.max(initial=1.0)) + 1e-6, 200)
    known = log_bayes_factor(grid, df, size, scale)
    return np.where(np.isfinite(t), np.interp(np.abs(t), grid, known), np.nan)
