"""False discovery rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats


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
        adjusted = stats.false_discovery_control(stats.t.sf(sign * values, df))
        found = np.where(sign * values > 0, np.minimum(1.0, (1 + both) * adjusted), found)
    q = np.full(len(t), np.nan)
    q[tested] = found
    return q
