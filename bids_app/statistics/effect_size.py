"""Standardised effect sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Floats = NDArray[np.floating[Any]]


def small_sample_factor(df: int) -> float:
    """Return Hedges' correction J = Γ(m/2) / (sqrt(m/2) Γ((m − 1)/2)) for m degrees of freedom."""
    if df < 2:
        return float("nan")
    return float(np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def two_sample_g(t: Floats, n1: int, n2: int) -> NDArray[np.float64]:
    """Return Hedges g of a two-sample t: J t sqrt(1/n1 + 1/n2)."""
    return np.asarray(small_sample_factor(n1 + n2 - 2) * t * np.sqrt(1 / n1 + 1 / n2), dtype=np.float64)


def one_sample_g(t: Floats, n: int) -> NDArray[np.float64]:
    """Return Hedges g of a one-sample t: J t / sqrt(n)."""
    return np.asarray(small_sample_factor(n - 1) * t / np.sqrt(n), dtype=np.float64)


def ancova_g(effect: Floats, baseline: Floats, arm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the adjusted difference over the pooled standard deviation of the baseline, times J.

    Parameters
    ----------
    effect : (voxels,)
    baseline : (n, voxels)
    arm : (n,)
        1 or 0.
    """
    groups = [baseline[arm == value] for value in (1, 0)]
    squares = sum(((group - group.mean(axis=0)) ** 2).sum(axis=0) for group in groups)
    df = len(arm) - 2
    with np.errstate(invalid="ignore", divide="ignore"):
        g: NDArray[np.float64] = small_sample_factor(df) * effect / np.sqrt(squares / df)
    return g
