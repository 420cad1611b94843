"""The map of a contrast by regions, under every relabelling that its inference uses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from bids_app.statistics.clusters import kernels
from bids_app.statistics.permutation.engine import BLOCK, statistic, uncounted
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.rerandomisation import Scheme
from bids_app.statistics.permutation.statistic import statistic_tiles

Progress = Callable[[int, int, float], None]


def regional(
    model: LinearModel, scheme: Scheme, regions: NDArray[np.intp], threads: int, tell: Progress
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the mean t of each region in each permutation, and the voxels that it is of.

    Parameters
    ----------
    regions : (voxels,)
        Number of the region of each voxel from 0; negative for none.
    tell : callable
        Called with permutations done, total, and 0.

    Returns
    -------
    means : (P, regions)
        Row 0 is the observed one. NaN for a region without a voxel.
    voxels : (regions,)
    """
    known = (regions >= 0) & np.isfinite(statistic(model, scheme))
    places, count = np.flatnonzero(known), int(regions.max(initial=-1)) + 1
    voxels = np.bincount(regions[known], minlength=count)
    whole: sparse.csr_array[Any] = sparse.csr_array(
        (np.ones(len(places)), (regions[known], places)), shape=(count, len(regions))
    )
    kind = kernels.StatisticKind(float(model.df), model.rank, both=True)
    means = np.empty((scheme.total, count))

    def block(start: int) -> int:
        stop = min(start + BLOCK, scheme.total)
        t = np.zeros((stop - start, len(regions)), dtype=np.float32)
        for share in statistic_tiles(model, scheme, start, stop):
            share.fill(kind, t[:, share.tile], uncounted(share))
        # A permuted t without a value (arms that equal a covariate) counts as no effect.
        means[start:stop] = (whole @ np.nan_to_num(t, nan=0.0, posinf=0.0, neginf=0.0).T).T
        return stop

    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for done in pool.map(block, range(0, scheme.total, BLOCK)):
            tell(done, scheme.total, 0.0)
    with np.errstate(invalid="ignore"):
        return np.where(voxels, means / np.maximum(voxels, 1), np.nan), voxels
