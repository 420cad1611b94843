"""Permutation inference: maxima of every relabelling, in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from bids_app import __version__
from bids_app.statistics import parts, sweep, terrain, tfce
from bids_app.statistics.allocation import Scheme
from bids_app.statistics.corrected import critical
from bids_app.statistics.linear_model import LinearModel
from bids_app.statistics.sweep import POWERS, Geometry, Sweep, shown

WORTH_KEEPING = 2.0
"""Seconds that a part must have taken to be kept."""

Progress = Callable[[int, int, float], None]


def silent(done: int, total: int, height: float) -> None:
    """Say nothing."""


@dataclass(frozen=True, eq=False)
class Null:
    """What relabelling gave.

    Attributes
    ----------
    maxima : dict of (P,) float32
        Largest |t|, cluster extent, cluster mass and TFCE of each relabelling; number 0 is the observed one.
    reached : (voxels,) int64
        Relabellings, the observed one among them, whose statistic reached the observed one of that voxel.
    t : (voxels,) float32
        Observed t, or F where several columns are tested.
    enhanced : (voxels,) float32 or None
        Its TFCE.
    both : bool
        False where positive values alone are tested.
    """

    maxima: dict[str, NDArray[np.float32]]
    reached: NDArray[np.int64]
    t: NDArray[np.float32]
    enhanced: NDArray[np.float32] | None = None
    both: bool = True


def cluster_threshold(p: float, df: int, rank: int = 1, *, both: bool = True) -> float:
    """Return the |t|, or F of `rank` columns, that forms clusters at p."""
    if rank > 1:
        return float(stats.f.isf(p, rank, df))
    return float(stats.t.isf(p / 2 if both else p, df))


def run(
    model: LinearModel, scheme: Scheme, geometry: Geometry, threads: int = 1, progress: Progress = silent,
    keeper: parts.Keeper | None = None,
) -> Null:  # fmt: skip
    """Relabel `scheme.total` times and keep the maxima.

    Parameters
    ----------
    threads : int
        Blocks of relabellings run side by side; the result does not depend on it.
    progress : callable
        Called with relabellings done, total, and the height that passes the familywise .05 so far.
    keeper : Keeper, optional
        Has the parts that an earlier, stopped run finished, and takes those of this one.
    """
    total = scheme.total
    work = Sweep(model, scheme, geometry)
    reached = np.zeros(len(work.t), dtype=np.int64)
    words = (__version__, total, geometry.threshold, geometry.both, geometry.statistics, model.by_arm, geometry.digest)
    name = parts.name_of(work.t, scheme.digest, words) if keeper else ""
    # One BLAS thread each: the blocks are the parallelism, and products then do not depend on thread counts.
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for start in range(0, total, parts.LENGTH):
            part = slice(start, min(start + parts.LENGTH, total))
            known = keeper.load(f"{name}_{start}") if keeper else None
            if known is not None:
                for key, values in known.maxima.items():
                    work.maxima[key][part] = values
                reached += known.reached
                continue
            counts = np.zeros(len(work.t), dtype=np.int32)
            began = time.monotonic()
            for done, block in enumerate(pool.map(work.block, range(part.start, part.stop, sweep.BLOCK)), 1):
                counts += block
                so_far = min(start + done * sweep.BLOCK, total)
                progress(so_far, total, critical(work.maxima["voxel"][:so_far], 0.05))
            reached += counts
            if keeper and time.monotonic() - began > WORTH_KEEPING:
                keeper.save(f"{name}_{start}", parts.Part({k: m[part] for k, m in work.maxima.items()}, counts))
    return Null(work.maxima, reached, work.t, enhanced(work.t, geometry), geometry.both)


def enhanced(t: NDArray[np.float32], geometry: Geometry) -> NDArray[np.float32] | None:
    """Return the TFCE of a map, (voxels,), negative where t is; None where it was not asked for."""
    if geometry.land is None:
        return None
    values = np.zeros(len(t))
    tfce.enhance(shown(t, geometry), geometry.land, terrain.room(geometry.land), POWERS, values)
    return np.where(np.isnan(t), np.nan, values).astype(np.float32)
