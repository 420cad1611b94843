"""The inner loops of permutation inference, compiled. Each has a slow twin in the tests.

Statistics are computed in double precision and rounded to single before anything is compared: sums that
differ in the last bit because work was split differently then compare alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

# Without a folder that can be written numba refuses to cache at all, so it is asked only with one.
_F = TypeVar("_F", bound=Callable[..., object])
compiled: Callable[[_F], _F] = cast(Any, numba).njit(
    nogil=True, error_model="numpy", cache=bool(cast(Any, numba).config.CACHE_DIR)
)


class Layout(NamedTuple):
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


class Room(NamedTuple):
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


class Kind(NamedTuple):
    """Which statistic: its residual degrees of freedom, tested columns (1 gives t, more give F), and its sides.

    `both` compares |t|; without it t is compared, and left 0 where it is negative.
    """

    df: float
    rank: int
    both: bool


class Tally(NamedTuple):
    """What a relabelled statistic is held against.

    Attributes
    ----------
    height : (voxels,) float32
        Observed statistic, without its sign where both sides are compared.
    reached : (voxels,) int32
        Counts up where a relabelling reaches the observed statistic.
    largest : (relabellings,) float32
        Grows to the largest statistic of each.
    """

    height: NDArray[np.float32]
    reached: NDArray[np.int32]
    largest: NDArray[np.float32]


@compiled
def fill(c: NDArray[np.float64], e: NDArray[np.float64], kind: Kind, out: NDArray[np.float32], tally: Tally) -> None:
    """Fill the statistic of some relabellings and voxels, `out`, from c and e (see `relabelled`), and count."""
    for k in range(c.shape[0]):
        top = tally.largest[k]
        for v in range(c.shape[1]):
            if kind.rank == 1:
                left = 1.0 - e[k, v] - c[k, v] * c[k, v]
                value = np.float32(c[k, v] * np.sqrt(kind.df / max(left, 1e-300)))
            else:
                value = np.float32(c[k, v] / kind.rank * kind.df / max(1.0 - e[k, v] - c[k, v], 1e-300))
            size = abs(value) if kind.both else value
            if size >= tally.height[v]:
                tally.reached[v] += 1
            top = max(top, size)
            out[k, v] = value if kind.both or not value < 0.0 else np.float32(0.0)
        tally.largest[k] = top


@compiled
def root_of(parent: NDArray[np.integer[Any]], member: int) -> int:
    """Follow a label to its root, halving the way for the next time."""
    while parent[member] != member:
        parent[member] = parent[parent[member]]
        member = parent[member]
    return member


@compiled
def label(t: NDArray[np.float32], layout: Layout, threshold: float, room: Room) -> int:
    """Label clusters of |t| > threshold, signs apart; return how many labels there are.

    Each supra-threshold voxel leaves ± its number in `room.labels`, negative for negative t, so that neighbours
    of the other sign never join; `room.parent` leads to the root of its cluster, the lowest number in it.
    """
    count = 0
    for v in range(t.size):
        if not abs(t[v]) > threshold:
            continue
        count += 1
        sign = 1 if t[v] > 0 else -1
        root = count
        room.parent[count] = count
        here = layout.places[v]
        for step in layout.offsets:
            other = room.labels[here + step] * sign
            if other > 0:
                other = root_of(room.parent, other)
                low, high = min(root, other), max(root, other)
                room.parent[high] = low
                root = low
        room.labels[here] = sign * count
    return count


@compiled
def largest_clusters(t: NDArray[np.float32], layout: Layout, threshold: float, room: Room) -> tuple[int, float]:
    """Return extent (voxels) and mass (sum of |t| − threshold) of the largest clusters; clean the room."""
    count = label(t, layout, threshold, room)
    room.extent[: count + 1] = 0
    room.mass[: count + 1] = 0.0
    number = 0
    for v in range(t.size):
        if room.labels[layout.places[v]] != 0:
            number += 1
            root = root_of(room.parent, number)
            room.extent[root] += 1
            room.mass[root] += abs(np.float64(t[v])) - threshold
            room.labels[layout.places[v]] = 0
    return room.extent[: count + 1].max(), room.mass[: count + 1].max()
