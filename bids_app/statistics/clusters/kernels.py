"""The inner loops of permutation inference, compiled. Each has a slow twin in the tests.

Sums are in double precision, or exact, and rounded to single before anything is compared: those that differ in the last
bit because work was split differently then compare alike. What is `compiled_in_any_order` is compared with nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

# Without a folder that can be written numba refuses to cache at all, so it is asked only with one.
_F = TypeVar("_F", bound=Callable[..., object])
_Label = TypeVar("_Label", int, np.uint64)
_numba = cast(Any, numba)
_HOW = {"nogil": True, "error_model": "numpy", "cache": bool(_numba.config.CACHE_DIR)}
compiled: Callable[[_F], _F] = _numba.njit(**_HOW)
compiled_in_any_order: Callable[[_F], _F] = _numba.njit(**_HOW, fastmath={"reassoc", "nsz", "contract"})
"""For sums whose last bit decides nothing: several values are added at once."""


class LatticeLayout(NamedTuple):
    """A mask laid out so that a neighbour is one addition away.

    Attributes
    ----------
    places : (voxels,) int64
        Index of each voxel of the mask in its box padded by one voxel, rising.
    offsets : (n,) int64
        Steps to the earlier half of the neighbours.
    """

    places: NDArray[np.int64]
    offsets: NDArray[np.int64]


class ClusterBuffers(NamedTuple):
    """Buffers of one thread.

    Attributes
    ----------
    labels : (box,) int32
        All zero between calls.
    parent, extent : (voxels + 1,) int32
    mass : (voxels + 1,) float64
    """

    labels: NDArray[np.int32]
    parent: NDArray[np.int32]
    extent: NDArray[np.int32]
    mass: NDArray[np.float64]


class StatisticKind(NamedTuple):
    """Which statistic: its residual degrees of freedom, tested columns (1 gives t, more give F), and its sides.

    `both` compares |t|; without it t is compared, and left 0 where it is negative.
    """

    df: float
    rank: int
    both: bool


class Counters(NamedTuple):
    """What a permuted statistic is held against.

    Attributes
    ----------
    height : (voxels,) float32
        Observed statistic, without its sign where both sides are compared.
    reached : (voxels,) int32
        Counts up where a permutation reaches the observed statistic.
    largest : (permutations,) float32
        Grows to the largest statistic of each.
    """

    height: NDArray[np.float32]
    reached: NDArray[np.int32]
    largest: NDArray[np.float32]


@compiled
def fill(
    c: NDArray[np.float64], e: NDArray[np.float64], kind: StatisticKind, out: NDArray[np.float32], tally: Counters
) -> None:
    """Fill the statistic, `out` (permutations, voxels), from c and e of the same shape (see `statistic`), and count."""
    df = np.float32(kind.df)
    for k in range(c.shape[0]):
        one, covered, row = c[k], e[k], out[k]
        for v in range(row.size):
            if kind.rank == 1:
                # What is left is told in double precision; root and quotient of it in single, twice as fast.
                left = np.float32(max(1.0 - covered[v] - one[v] * one[v], 1e-30))
                row[v] = np.float32(one[v]) * np.sqrt(df / left)
            else:
                row[v] = np.float32(one[v] / kind.rank * kind.df / max(1.0 - covered[v] - one[v], 1e-300))
    count(out, kind, tally)


@compiled
def shares(across: NDArray[np.float32], scale: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Fill shares of squares, `out` (permutations, voxels), from products that are to be multiplied by `scale`."""
    for k in range(out.shape[0]):
        row, filled, by = across[k], out[k], scale[k]
        for v in range(row.size):
            one = np.float64(row[v]) * by
            filled[v] = one * one


@compiled
def count(out: NDArray[np.float32], kind: StatisticKind, tally: Counters) -> None:
    """Count where statistics, (permutations, voxels), reach the observed one; leave the sides that are tested."""
    # Arrays are taken out of their tuples before a loop: within one each time costs as much as the work.
    height, reached, largest = tally.height, tally.reached, tally.largest
    for k in range(out.shape[0]):
        row = out[k]
        top = largest[k]
        for v in range(row.size):
            size = abs(row[v]) if kind.both else row[v]
            top = max(top, size)
            reached[v] += np.int32(size >= height[v])
        largest[k] = top
        if not kind.both:
            for v in range(row.size):
                row[v] = max(row[v], np.float32(0.0))


@compiled
def root_of(parent: NDArray[Any], member: _Label) -> _Label:
    """Follow a label to its root in `parent`, (labels,), halving the way for the next time."""
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = parent[member]
    return member


@compiled
def label(t: NDArray[np.float32], layout: LatticeLayout, threshold: float, room: ClusterBuffers) -> int:
    """Label clusters of |t| > threshold, signs apart; return how many labels there are. t is (voxels,).

    Each supra-threshold voxel leaves ± its number in `room.labels`, negative for negative t, so that neighbours
    of the other sign never join; `room.parent` leads to the root of its cluster, the lowest number in it.
    """
    labels, parent, places, offsets = room.labels, room.parent, layout.places, layout.offsets
    count = 0
    for v in range(t.size):
        if not abs(t[v]) > threshold:
            continue
        count += 1
        sign = 1 if t[v] > 0 else -1
        root = count
        parent[count] = count
        here = places[v]
        for step in offsets:
            other = labels[here + step] * sign
            if other > 0:
                other = root_of(parent, other)
                low, high = min(root, other), max(root, other)
                parent[high] = low
                root = low
        labels[here] = sign * count
    return count


@compiled
def largest_clusters(
    t: NDArray[np.float32], layout: LatticeLayout, threshold: float, room: ClusterBuffers
) -> tuple[int, float]:
    """Return extent and mass (sum of |t| - threshold) of the largest clusters of t, (voxels,); clean the buffers."""
    count = label(t, layout, threshold, room)
    labels, parent, places = room.labels, room.parent, layout.places
    extent, mass = room.extent[: count + 1], room.mass[: count + 1]
    extent[:], mass[:] = 0, 0.0
    number = 0
    for v in range(t.size):
        if abs(t[v]) > threshold:
            number += 1
            root = root_of(parent, number)
            extent[root] += 1
            mass[root] += abs(np.float64(t[v])) - threshold
            labels[places[v]] = 0
    return extent.max(), mass.max()
