"""Any places with listed neighbours: vertices of a mesh, sensors by frequency or time, regions without neighbours.

Clusters are connected sets above the threshold. TFCE is exact by the same sweep as on the lattice (`tfce`): places are
visited the highest first, and a component's share of the integral is a difference of powers of height. The extent of a
component is the sum of the weights of its places (of vertices their areas).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters import tfce_layout
from bids_app.statistics.clusters.kernels import compiled, root_of
from bids_app.statistics.clusters.neighbours import Powers, renumbered
from bids_app.statistics.clusters.tfce import advance, level_of, merge, settle

Integers = NDArray[np.int64]
Weights = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Adjacency:
    """Neighbours in compressed rows; for the protocol see `neighbours`.

    Attributes
    ----------
    first : (places + 1,) int64
        The neighbours of place v are `beside[first[v]:first[v + 1]]`.
    beside : (n,) int64
        Every pair stands in it twice, once for each of the two.
    weight : (places,) float64
        What a place adds to the extent of a cluster.
    """

    first: Integers
    beside: Integers
    weight: Weights
    unit: str = "point"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of who joins whom."""
        found = hashlib.sha256(self.first.tobytes())
        for array in (self.beside, self.weight):
            found.update(array.tobytes())
        return found.hexdigest()

    def workspace(self, *, enhancing: bool) -> AdjacencyWorkspace:
        """Return fresh buffers for one thread."""
        return AdjacencyWorkspace(self, _room(len(self.weight)) if enhancing else None)

    def label(self, t: NDArray[np.float32], threshold: float) -> NDArray[np.int32]:
        """Return (places,) numbers of clusters of |t| > threshold, 0 outside; signs are numbered apart."""
        parent = np.empty(len(t), dtype=np.int64)
        _join(t, self.first, self.beside, threshold, parent)
        return renumbered(parent + 1)


class AdjacencyWorkspace:
    """Buffers of one thread; for the methods see `neighbours.Workspace`."""

    def __init__(self, adjacency: Adjacency, enhancement: tfce_layout.TFCEBuffers | None) -> None:
        self._own, self._enhancement = adjacency, enhancement
        count = len(adjacency.weight)
        self._parent, self._sums = np.empty(count, dtype=np.int64), np.empty((2, count))

    def largest(self, t: NDArray[np.float32], threshold: float) -> tuple[float, float]:
        """Return extent and mass of the largest clusters."""
        own = self._own
        _join(t, own.first, own.beside, threshold, self._parent)
        return _largest(t, own.weight, threshold, self._parent, self._sums)

    def enhance(self, t: NDArray[np.float32], powers: Powers, values: NDArray[np.float64]) -> float:
        """Return the largest TFCE."""
        assert self._enhancement is not None
        own = self._own
        order = np.argsort(-np.abs(t), kind="stable")
        return _enhance(t, order, (own.first, own.beside, own.weight), self._enhancement, powers, values)


def adjacency(
    count: int, pairs: Iterable[tuple[int, int]] | Integers, weight: Weights | None = None, unit: str = "point"
) -> Adjacency:
    """Return the adjacency of places that are joined in pairs.

    Parameters
    ----------
    count : int
        Number of places.
    pairs : iterable of (int, int), or (n, 2) int64
        Places that are neighbours; each pair once or more often, in either order.
    weight : (count,) float64, optional
        Ones if absent.

    Raises
    ------
    ValueError
        If a place is not among them, or is its own neighbour.
    """
    one = np.array(pairs if isinstance(pairs, np.ndarray) else [*pairs], dtype=np.int64).reshape(-1, 2)
    ends = np.unique(np.concatenate([one, one[:, ::-1]]), axis=0)
    if (ends < 0).any() or (ends >= count).any() or (ends[:, 0] == ends[:, 1]).any():
        raise ValueError(f"Neighbours are pairs of two different places from 0 to {count - 1}.")
    first = np.searchsorted(ends[:, 0], np.arange(count + 1)).astype(np.int64)
    own = np.ones(count) if weight is None else np.asarray(weight, dtype=np.float64)
    return Adjacency(first=first, beside=ends[:, 1].copy(), weight=own, unit=unit)


def product(shape: Sequence[int], pairs: Iterable[tuple[int, int]], kept: Integers) -> Adjacency:
    """Return the adjacency of sensors by bins: the same bin of neighbouring sensors, the next bin of the same sensor.

    Parameters
    ----------
    shape : sequence of int
        Number of sensors, and of bins of each further axis.
    pairs : iterable of (int, int)
        Sensors that are neighbours.
    kept : (places,) int64
        Numbers of the points that are there, rising, in C order of the full product.
    """
    numbers = np.full(int(np.prod(shape)), -1)
    numbers[kept] = np.arange(len(kept))
    grid = numbers.reshape(tuple(shape))
    found = [np.stack([grid[one].ravel(), grid[other].ravel()], axis=1) for one, other in pairs]
    for axis in range(1, grid.ndim):
        low, high = np.take(grid, range(grid.shape[axis] - 1), axis), np.take(grid, range(1, grid.shape[axis]), axis)
        found.append(np.stack([low.ravel(), high.ravel()], axis=1))
    joined = np.concatenate([np.empty((0, 2), dtype=np.int64), *found])
    return adjacency(len(kept), joined[(joined >= 0).all(axis=1)])


@compiled
def _join(t: NDArray[np.float32], first: Integers, beside: Integers, threshold: float, parent: Integers) -> None:
    """Fill the root of the cluster of each place, its lowest number; -1 of places that are not above the threshold."""
    for v in range(t.size):
        parent[v] = v if abs(t[v]) > threshold else -1
    for v in range(t.size):
        if parent[v] < 0:
            continue
        for place in range(first[v], first[v + 1]):
            other = beside[place]
            if other < v and parent[other] >= 0 and (t[other] > 0) == (t[v] > 0):
                one, two = root_of(parent, v), root_of(parent, other)
                parent[max(one, two)] = min(one, two)
    for v in range(t.size):
        if parent[v] >= 0:
            parent[v] = root_of(parent, v)


@compiled
def _largest(
    t: NDArray[np.float32], weight: Weights, threshold: float, parent: Integers, sums: Weights
) -> tuple[float, float]:
    """Return the largest extent and mass of clusters whose roots are known."""
    extent, mass = sums[0], sums[1]
    extent[:], mass[:] = 0.0, 0.0
    widest, heaviest = 0.0, 0.0
    for v in range(t.size):
        root = parent[v]
        if root >= 0:
            extent[root] += weight[v]
            mass[root] += weight[v] * (abs(np.float64(t[v])) - threshold)
            widest, heaviest = max(widest, extent[root]), max(heaviest, mass[root])
    return widest, heaviest


def _room(places: int) -> tfce_layout.TFCEBuffers:
    """Return buffers for the visit; its order is given, so that no keys are sorted."""
    return tfce_layout.TFCEBuffers(
        visited=np.zeros(0, dtype=np.uint64), owner=np.zeros(places, dtype=np.uint32),
        keys=np.zeros((2, 0), dtype=np.uint64), parent=np.zeros(places + 1, dtype=np.uint32),
        parts=np.zeros((places + 1, 3)), merged=np.zeros((2, places + 1), dtype=np.uint32),
        offset=np.zeros(places + 1), events=np.zeros(1, dtype=np.int64),
    )  # fmt: skip


@compiled
def _enhance(
    t: NDArray[np.float32], order: Integers, rows: tuple[Integers, Integers, Weights], room: tfce_layout.TFCEBuffers,
    powers: Powers, values: Weights,
) -> float:  # fmt: skip
    """Return the largest TFCE of both signs; fill `values`, (places,), if it has any room.

    Parameters
    ----------
    order : (places,) int64
        Places, those of the largest |t| first.
    rows : tuple
        First, beside and weight of an adjacency.
    """
    first, beside, weight = rows
    owner, parent, parts = room.owner, room.parent, room.parts
    visited, begun = np.zeros(t.size, dtype=np.int8), np.zeros(t.size)
    components, room.events[0] = np.uint64(0), 0
    for v in order:
        if not abs(t[v]) > 0:
            continue
        level, own = level_of(abs(np.float64(t[v])), powers[1]), components
        visited[v] = 1 if t[v] > 0 else -1
        for place in range(first[v], first[v + 1]):
            if visited[beside[place]] == visited[v]:
                other = root_of(parent, np.uint64(owner[beside[place]]))
                if other != own:
                    advance(parts, other, level, powers[0])
                    own = other if own == components else merge(room, own, other)
        if own == components:
            parent[own], components = own, components + np.uint64(1)
            parts[own, 0], parts[own, 1], parts[own, 2] = 0.0, level, 0.0
        parts[own, 0] += weight[v]
        owner[v], begun[v] = own, parts[own, 2]
    largest = settle(room, int(components), powers[0])
    for v in range(values.size):
        values[v] = visited[v] * (parts[owner[v], 2] - begun[v])
    return largest
