"""How an effect differs between parts of the people, such as sites."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def heterogeneity(effects: Floats, variances: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Cochran's Q and I², the share of the variation between parts that is more than chance, (...,) each.

    Parameters
    ----------
    effects, variances : (parts, ...)
        Parts without a value are NaN.

    Notes
    -----
    I² = max(0, (Q − df) / Q) (Higgins & Thompson 2002, Stat Med 21:1539-1558, doi:10.1002/sim.1186).
    """
    weight = np.where(np.isfinite(effects) & (variances > 0), 1 / variances, 0.0)
    values = np.where(weight > 0, effects, 0.0)
    mean = (weight * values).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-300)
    q = (weight * (values - mean) ** 2).sum(axis=0)
    df = (weight > 0).sum(axis=0) - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(q > 0, np.maximum(0.0, (q - df) / q), 0.0)
    return q, np.where(df > 0, share, np.nan)
