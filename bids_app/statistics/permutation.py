"""Permutation inference: maxima of every relabelling, and p values from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from bids_app.statistics import kernels
from bids_app.statistics.clusters import Neighbourhood
from bids_app.statistics.linear_model import LinearModel
from bids_app.statistics.relabelling import Scheme

BLOCK = 32
"""Relabellings that go through one matrix product; fixed, so that no split of the work changes a bit."""

TILE = 4096
"""Voxels of one matrix product: keeps the products in cache."""

STATISTICS = ("voxel", "extent", "mass")


@dataclass(frozen=True, eq=False)
class Null:
    """What relabelling gave.

    Attributes
    ----------
    maxima : dict of (P,) float32
        Largest |t|, cluster extent and cluster mass of each relabelling; number 0 is the observed one.
    exceeded : (voxels,) int64
        Relabellings, the observed one among them, whose |t| reached the observed |t| of that voxel.
    t : (voxels,) float32
        Observed statistic.
    """

    maxima: dict[str, NDArray[np.float32]]
    exceeded: NDArray[np.int64]
    t: NDArray[np.float32]


def cluster_threshold(p: float, df: int) -> float:
    """Return the |t| that a two-sided p forms clusters at."""
    return float(stats.t.isf(p / 2, df))


def _statistics(model: LinearModel, scheme: Scheme, start: int, stop: int) -> Iterator[NDArray[np.float64]]:
    """Yield c1 and the explained sum of squares, stacked (2, voxels), for each relabelling of a block."""
    first, others = model.factors(scheme, start, stop)
    against = model.tested if model.baseline is None else model.baseline
    voxels = model.tested.shape[1]
    both = np.empty((stop - start, 2, voxels))
    for left in range(0, voxels, TILE):
        tile = slice(left, min(left + TILE, voxels))
        both[:, 0, tile] = first @ model.tested[:, tile]
        explained = np.zeros((stop - start, tile.stop - tile.start))
        for rows in others:
            explained += (rows @ against[:, tile]) ** 2
        both[:, 1, tile] = explained
    yield from both


def observed_t(model: LinearModel, scheme: Scheme) -> NDArray[np.float32]:
    """Return the observed t map (voxels,), by the very path that relabelled maps take."""
    t = np.empty(model.tested.shape[1], dtype=np.float32)
    (both,) = _statistics(model, scheme, 0, 1)
    kernels.t_values(both[0], both[1], float(model.df), t)
    return t


def run(
    model: LinearModel,
    scheme: Scheme,
    around: Neighbourhood,
    threshold: float,
    threads: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Null:
    """Relabel `scheme.total` times and keep the maxima.

    Parameters
    ----------
    threshold : float
        |t| that forms clusters.
    threads : int
        Blocks of relabellings run side by side; the result does not depend on it.
    progress : callable
        Called with (relabellings done, total).
    """
    total = scheme.total
    t0 = observed_t(model, scheme)
    height = np.abs(t0)
    tallest = np.float32(np.nanmax(height, initial=0.0))
    maxima = {name: np.zeros(total, dtype=np.float32) for name in STATISTICS}

    def block(start: int) -> NDArray[np.int64]:
        stop = min(start + BLOCK, total)
        room, t = around.room(), np.empty_like(t0)
        exceeded = np.zeros(len(t0), dtype=np.int64)
        for k, (c1, explained) in enumerate(_statistics(model, scheme, start, stop), start):
            if k == 0:
                t[:] = t0
                maxima["voxel"][0] = tallest
            else:
                maxima["voxel"][k] = kernels.t_values(c1, explained, float(model.df), t)
            exceeded += np.abs(t) >= height
            maxima["extent"][k], maxima["mass"][k] = kernels.largest_clusters(t, around.layout, threshold, room)
        return exceeded

    exceeded = np.zeros(len(t0), dtype=np.int64)
    starts = range(0, total, BLOCK)
    # One BLAS thread each: the blocks are the parallelism, and products then do not depend on thread counts.
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for done, counts in enumerate(pool.map(block, starts), 1):
            exceeded += counts
            progress(min(done * BLOCK, total), total)
    return Null(maxima, exceeded, t0)


def familywise_p(values: NDArray[np.float32], maxima: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return p corrected over the map: the share of relabellings whose maximum reaches each value.

    The observed relabelling is one of them, so that no p is below 1 / P. NaN stays NaN.
    """
    ordered = np.sort(maxima)
    reached = len(ordered) - np.searchsorted(ordered, values, side="left")
    return np.where(np.isnan(values), np.nan, np.maximum(reached, 1) / len(ordered))


def joint_null(members: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """Return the smallest p over a family for each relabelling, (P,).

    Each map's maximum becomes its p in its own null, so that no map takes all because of its degrees of
    freedom (min-p; Winkler 2016, doi:10.1002/hbm.23115). Members share relabellings.
    """
    return np.asarray(np.min([familywise_p(maxima, maxima) for maxima in members], axis=0))


def joint_p(p: NDArray[np.float64], null: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p corrected over the family as well, from p corrected over each map."""
    # Both are ratios with the same denominator: half a step of slack makes the comparison exact.
    step = 0.5 / len(null)
    return np.where(np.isnan(p), np.nan, np.searchsorted(np.sort(null), p + step, side="right") / len(null))
