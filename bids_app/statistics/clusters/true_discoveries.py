"""How much of a cluster differs: a lower limit of the share of its voxels, whichever cluster is looked at.

All-resolutions inference (Rosenblatt et al. 2018, doi:10.1016/j.neuroimage.2018.07.060): a closed test of all sets of
voxels by Simes, in the short cut of Goeman et al. 2019 (doi:10.1093/biomet/asz041). It holds for all sets at once, so
that clusters may be chosen by the data, and larger or smaller ones looked at afterwards. A corrected p of a cluster, in
contrast, says that it differs somewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.float64]


def voxel_p(t: NDArray[np.float32], df: int, rank: int = 1, *, both: bool = True) -> Values:
    """Return the parametric p of each t, (voxels,), or F of `rank` columns; NaN where there is none."""
    values = t.astype(np.float64)
    if rank > 1:
        return np.asarray(stats.f.sf(values, rank, df))
    return np.asarray(2 * stats.t.sf(np.abs(values), df) if both else stats.t.sf(values, df))


def hommel(p: Values, alpha: float) -> int:
    """Return the size of the largest set of hypotheses that the test of Simes does not refuse.

    Parameters
    ----------
    p : (m,)
        Finite.
    """
    ordered = np.sort(p)

    def kept(size: int) -> bool:
        # Of all sets of a size that of the largest p is refused last.
        return bool((ordered[len(ordered) - size :] * size > alpha * np.arange(1, size + 1)).all())

    low, high = 0, len(ordered)  # what holds of a size holds of every smaller one
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if kept(middle) else (low, middle - 1)
    return low


def true_discoveries(p: Values, largest: int, alpha: float) -> int:
    """Return how many of some hypotheses are false at least, with confidence 1 - alpha for all sets at once.

    Parameters
    ----------
    p : (k,)
        Of the set.
    largest : int
        `hommel` of all hypotheses.
    """
    if not largest:
        return len(p)
    steps = np.maximum(np.ceil(p * largest / alpha - 1e-12), 1).astype(np.int64)
    counts = np.bincount(steps[steps <= len(p)], minlength=len(p) + 1)[1:].cumsum()
    return int(max(0, (1 - np.arange(1, len(p) + 1) + counts).max(initial=0)))
