"""The two inner loops of permutation inference, compiled. Each has a slow twin in the tests.

Statistics are computed in double precision and rounded to single before anything is compared: sums that
differ in the last bit because work was split differently then compare alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

# Without a folder that can be written numba refuses to cache at all, so it is asked only with one.
compiled: Callable[..., Any] = numba.njit(
    nogil=True, error_model="numpy", cache=bool(numba.config.CACHE_DIR)
)


@compiled
def t_values(
    c1: NDArray[np.float64], explained: NDArray[np.float64], df: float, t: NDArray[np.float32]
) -> float:
    """Fill t (voxels,) and return the largest |t|.

    Parameters
    ----------
    c1, explained : (voxels,) float64
        Inner product with the tested column, and the sum of squares that nuisance columns explain.
    """
    largest = np.float32(0.0)
    for v in range(c1.size):
        left = 1.0 - explained[v] - c1[v] * c1[v]
        value = np.float32(c1[v] * np.sqrt(df / max(left, 1e-300)))
        t[v] = value
        if abs(value) > largest:
            largest = abs(value)
    return float(largest)


@compiled
def largest_clusters(
    t: NDArray[np.float32],
    places: NDArray[np.int64],
    offsets: NDArray[np.int64],
    threshold: np.float32,
    labels: NDArray[np.int32],
    parent: NDArray[np.int32],
    extent: NDArray[np.int32],
    mass: NDArray[np.float64],
) -> tuple[int, float]:
    """Return extent and mass of the largest clusters of |t| > threshold, signs apart.

    Parameters
    ----------
    t : (voxels,) float32
    places : (voxels,) int64
        Index of each voxel in a box padded by one voxel, rising.
    offsets : (n,) int64
        Steps to the neighbours that come earlier in the box: half of all neighbours.
    labels : (box,) int32
        All zero; left all zero unless the caller reads it first, see `label`.
    parent, extent, mass : (voxels + 1,)
        Room to work in.

    Notes
    -----
    Union-find over the supra-threshold voxels alone. Labels of negative voxels are negative, so that
    neighbours of the other sign never join. Mass is the sum of |t| − threshold.
    """
    count = label(t, places, offsets, threshold, labels, parent, extent, mass)
    best_extent = 0
    best_mass = 0.0
    for i in range(1, count + 1):
        best_extent = max(best_extent, extent[i])
        best_mass = max(best_mass, mass[i])
    for v in range(t.size):
        labels[places[v]] = 0
    return best_extent, best_mass


@compiled
def label(
    t: NDArray[np.float32],
    places: NDArray[np.int64],
    offsets: NDArray[np.int64],
    threshold: np.float32,
    labels: NDArray[np.int32],
    parent: NDArray[np.int32],
    extent: NDArray[np.int32],
    mass: NDArray[np.float64],
) -> int:
    """Label clusters of |t| > threshold and sum extent and mass at each root; return how many labels.

    `labels` holds ± a member's number at supra-threshold places; follow `parent` to its root.
    """
    count = 0
    for v in range(t.size):
        if abs(t[v]) <= threshold or np.isnan(t[v]):
            continue
        count += 1
        sign = 1 if t[v] > 0 else -1
        root = count
        parent[count] = count
        here = places[v]
        for k in range(offsets.size):
            other = labels[here + offsets[k]] * sign
            if other <= 0:
                continue
            while parent[other] != other:
                parent[other] = parent[parent[other]]
                other = parent[other]
            # The lower number stays root: roots then do not depend on the order of neighbours.
            if other < root:
                parent[root] = other
                root = other
            else:
                parent[other] = root
        labels[here] = sign * count
        extent[count] = 0
        mass[count] = 0.0
    number = 0
    for v in range(t.size):
        if labels[places[v]] != 0:
            number += 1
            root = number
            while parent[root] != root:
                root = parent[root]
            extent[root] += 1
            mass[root] += abs(float(t[v])) - float(threshold)
    return count
