"""Permutation inference: maxima of every relabelling, in one pass."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bids_app import __version__
from bids_app.statistics.permutation import checkpoints
from bids_app.statistics.permutation.corrections import critical
from bids_app.statistics.permutation.engine import POWERS, PermutationEngine, SpatialStructure, tested_side
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.rerandomisation import Scheme

WORTH_KEEPING = 2.0
"""Seconds that a part must have taken to be kept."""

Progress = Callable[[int, int, float], None]


def silent(done: int, total: int, height: float) -> None:
    """Say nothing."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NullDistribution:
    """What permutation gave.

    Attributes
    ----------
    maxima : dict of (P,) float32
        Largest |t|, cluster extent, cluster mass and TFCE of each permutation; number 0 is the observed one.
    reached : (voxels,) int64
        Permutations, the observed one among them, whose statistic reached the observed one of that voxel.
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
        return float(scipy.stats.f.isf(p, rank, df))
    return float(scipy.stats.t.isf(p / 2 if both else p, df))


def run(
    model: LinearModel, scheme: Scheme, geometry: SpatialStructure, threads: int = 1, progress: Progress = silent,
    keeper: checkpoints.CheckpointStore | None = None,
) -> NullDistribution:  # fmt: skip
    """Permute `scheme.total` times and keep the maxima.

    Parameters
    ----------
    threads : int
        Blocks of permutations run side by side; the result does not depend on it.
    progress : callable
        Called with permutations done, total, and the height that passes the familywise .05 so far.
    keeper : CheckpointStore, optional
        Has the parts that an earlier, stopped run or other workers finished, and takes those of this one.
    """
    return PermutationRun(model, scheme, geometry, threads, progress, keeper).null()


class PermutationRun:
    """The relabellings of a model in parts: each as it was kept, or made now. For the parameters see `run`."""

    def __init__(
        self, model: LinearModel, scheme: Scheme, geometry: SpatialStructure, threads: int, progress: Progress,
        keeper: checkpoints.CheckpointStore | None,
    ) -> None:  # fmt: skip
        self._work, self._geometry, self._threads = PermutationEngine(model, scheme, geometry), geometry, threads
        self._progress, self._keeper, self._total = progress, keeper, scheme.total
        words = (
            __version__, scheme.total, geometry.threshold, geometry.both, geometry.statistics, model.by_arm,
            geometry.digest,
        )  # fmt: skip
        self._name = checkpoints.name_of(self._work.t, scheme.digest, words) if keeper else ""

    def null(self) -> NullDistribution:
        """Bring all parts together; every relabelling counts exactly once."""
        t = self._work.t
        maxima = {name: np.zeros(self._total, dtype=np.float32) for name in self._geometry.statistics}
        reached, seen = np.zeros(len(t), dtype=np.int64), np.zeros(self._total, dtype=np.int8)
        with self._pool() as pool:
            for part in self._ranges():
                found = self._part(part, pool, WORTH_KEEPING)
                for name, values in found.maxima.items():
                    own = slice(found.start, found.start + len(values))
                    maxima[name][own] = values
                reached += found.reached
                seen[own] += 1
        if not (seen == 1).all():
            raise RuntimeError(f"Relabellings {np.flatnonzero(seen != 1)[:5]} were not counted exactly once.")
        return NullDistribution(
            maxima=maxima, reached=reached, t=t, enhanced=enhanced(t, self._geometry), both=self._geometry.both
        )

    def fill(self, wanted: Callable[[float], bool]) -> None:
        """Make and keep those parts alone whose place among all relabellings, from 0 to 1, is wanted."""
        with self._pool() as pool:
            for part in self._ranges():
                if wanted(part.start / self._total):
                    self._part(part, pool, 0.0)

    @contextlib.contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        # One BLAS thread each: the blocks are the parallelism, and products then do not depend on thread counts.
        with threadpool_limits(1), ThreadPoolExecutor(self._threads) as pool:
            yield pool

    def _ranges(self) -> Iterator[slice]:
        for start in range(0, self._total, checkpoints.LENGTH):
            yield slice(start, min(start + checkpoints.LENGTH, self._total))

    def _part(self, part: slice, pool: ThreadPoolExecutor, worth_keeping: float) -> checkpoints.PermutationBlock:
        work, keeper, name = self._work, self._keeper, f"{self._name}_{part.start}"
        known = keeper.load(name) if keeper else None
        if known is not None and known.fits(part, len(work.t), work.maxima):
            work.maxima["voxel"][part] = known.maxima["voxel"]  # for what is said on the way
            return known
        counts = np.zeros(len(work.t), dtype=np.int32)
        began = time.monotonic()
        for done, block in enumerate(pool.map(work.block, range(part.start, part.stop, work.step)), 1):
            counts += block
            so_far = min(part.start + done * work.step, part.stop)
            largest = work.maxima["voxel"][:so_far]
            self._progress(so_far, self._total, critical(largest[largest > 0], 0.05))
        made = checkpoints.PermutationBlock(part.start, {key: m[part] for key, m in work.maxima.items()}, counts)
        if keeper and time.monotonic() - began > worth_keeping:
            keeper.save(name, made)
        return made


def enhanced(t: NDArray[np.float32], geometry: SpatialStructure) -> NDArray[np.float32] | None:
    """Return the TFCE of a map, (voxels,), negative where t is; None where it was not asked for."""
    if not geometry.enhancing:
        return None
    values = np.zeros(len(t))
    geometry.neighbours.workspace(enhancing=True).enhance(tested_side(t, geometry), POWERS, values)
    return np.where(np.isnan(t), np.nan, values).astype(np.float32)
