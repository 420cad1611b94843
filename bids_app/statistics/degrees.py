"""How many others each voxel is connected with, without the matrix of all correlations ever being held.

What counts correlations above a threshold needs every one of them: a product of columns makes them in tiles that stay
in the cache, and a compiled loop reads each tile once.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bids_app.statistics.clusters.kernels import compiled_in_any_order

Floats = NDArray[np.float64]
Single = NDArray[np.float32]

SLACK = 0.001
"""mm: distances that lie on a lattice equal a limit more often than not, and rounding must not decide."""

ROWS, COLUMNS = 256, 512
"""Voxels of the sides of a tile. The tiles are the same for any number of threads, and so is every last bit."""


@dataclass(frozen=True, eq=False)
class Degrees:
    """Connections above a threshold.

    Attributes
    ----------
    count : (voxels,) int64
        Others that a voxel's correlation with is above the threshold.
    weight : (voxels,) float64
        Sum of those correlations.
    far : (voxels,) int64
        Those of `count` that are farther away than asked for.
    """

    count: NDArray[np.int64]
    weight: Floats
    far: NDArray[np.int64]


def degrees(unit: Single, threshold: float, places: Floats, farther: float = 0.0, threads: int = 1) -> Degrees:
    """Return how many other voxels each one is correlated with above a threshold, and how strongly.

    Parameters
    ----------
    unit : (n, voxels)
        Columns of length one.
    places : (voxels, 3)
        mm.
    farther : float
        mm beyond which a connection is a long one; 0: none is counted.
    """
    voxels = unit.shape[1]
    found = np.zeros((3, voxels))
    ground = np.ascontiguousarray((places - places.mean(axis=0)).T, dtype=np.float32)
    limits = np.float32(threshold), np.float32((farther + SLACK) ** 2 if farther else np.inf)
    starts = range(0, voxels, ROWS)
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for start, share in zip(
            starts, pool.map(lambda start: _of_rows(unit, ground, start, limits), starts), strict=True
        ):
            found[:, start:] += share
    return Degrees(found[0].astype(np.int64), found[1], found[2].astype(np.int64))


def _of_rows(unit: Single, ground: Single, start: int, limits: tuple[np.float32, np.float32]) -> Floats:
    """Return count, weight and long connections that some voxels have with themselves and all that follow.

    (3, voxels from `start` on): both ends of a connection have it.
    """
    rows = unit[:, start : start + ROWS].T
    sums = np.zeros((3, unit.shape[1] - start))
    own = np.zeros((3, len(rows)))
    here = np.ascontiguousarray(ground[:, start : start + ROWS])
    room = np.empty(len(rows) * COLUMNS, dtype=np.float32)  # new memory for each tile takes longer than the tile
    for first in range(start, unit.shape[1], COLUMNS):
        part = slice(first, first + COLUMNS)
        columns = unit[:, part]
        r = np.matmul(rows, columns, out=room[: len(rows) * columns.shape[1]].reshape(len(rows), -1))
        others = np.zeros((3, r.shape[1]), dtype=np.float32)
        _tally(r, (here, np.ascontiguousarray(ground[:, part])), limits, start - first, own, others)
        sums[:, first - start : first - start + COLUMNS] += others
    sums[:, : len(rows)] += own
    return sums


@compiled_in_any_order
def _tally(
    r: Single, ground: tuple[Single, Single], limits: tuple[np.float32, np.float32], ahead: int, own: Floats,
    others: Single,
) -> None:  # fmt: skip
    """Add the connections of a tile to both its sides; `ahead` is how far its rows begin before its columns.

    A pair of voxels counts once: columns up to a row's own place are no others.
    """
    threshold, limit = limits
    here, there = ground
    none, one = np.float32(0), np.float32(1)
    for i in range(r.shape[0]):
        x, y, z = here[0, i], here[1, i], here[2, i]
        count, weight, far = none, none, none
        after = max(0, i + 1 + ahead)
        # Cut, not counted from there: a loop from 0 has no negative places, and goes eight at a time.
        line, right, front, top = r[i, after:], there[0, after:], there[1, after:], there[2, after:]
        counts, weights, distances = others[0, after:], others[1, after:], others[2, after:]
        for j in range(len(line)):
            above = one if line[j] > threshold else none
            dx, dy, dz = right[j] - x, front[j] - y, top[j] - z
            strong, distant = line[j] * above, above if dx * dx + dy * dy + dz * dz > limit else none
            count += above
            weight += strong
            far += distant
            counts[j] += above
            weights[j] += strong
            distances[j] += distant
        own[0, i] += count
        own[1, i] += weight
        own[2, i] += far
