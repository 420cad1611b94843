"""Edges of a network in place of voxels: edges that share a node join (network-based statistic).

Zalesky 2010, doi:10.1016/j.neuroimage.2010.06.041. What passes is a connected set of edges, no single one of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.adjacency import Adjacency, adjacency
from bids_app.statistics.clusters.kernels import compiled, root_of
from bids_app.statistics.clusters.neighbours import Powers, Workspace, renumbered


@dataclass(frozen=True, eq=False, kw_only=True)
class EdgeGraph:
    """Edges by the numbers of the nodes at their ends, (edges, 2) int64; for the protocol see `neighbours`."""

    ends: NDArray[np.int64]
    unit = "edge"

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return int(self.ends.max(initial=-1)) + 1

    @cached_property
    def digest(self) -> str:
        """SHA-256 of who joins whom."""
        return hashlib.sha256(self.ends.tobytes()).hexdigest()

    @cached_property
    def lines(self) -> Adjacency:
        """The edges as places, neighbours where they share a node."""
        at: dict[int, list[int]] = {}
        for number, pair in enumerate(self.ends.tolist()):
            for node in set(pair):
                at.setdefault(node, []).append(number)
        pairs = (pair for members in at.values() for pair in combinations(members, 2))
        return adjacency(len(self.ends), pairs, unit=self.unit)

    def workspace(self, *, enhancing: bool) -> EdgeWorkspace:
        """Return fresh buffers for one thread."""
        return EdgeWorkspace(self, self.lines.workspace(enhancing=True) if enhancing else None)

    def label(self, t: NDArray[np.float32], threshold: float) -> NDArray[np.int32]:
        """Return (edges,) numbers of the components of |t| > threshold, 0 outside; signs are numbered apart."""
        signs = np.float32(1), np.float32(-1)
        up, down = (_components(sign * t, self.ends, self.nodes, threshold) for sign in signs)
        return renumbered(np.where(up >= 0, up, np.where(down >= 0, down + self.nodes, -1)) + 1)


class EdgeWorkspace:
    """Buffers of one thread; for the methods see `neighbours.Workspace`."""

    def __init__(self, graph: EdgeGraph, enhancement: Workspace | None) -> None:
        self._graph, self._enhancement = graph, enhancement

    def largest(self, t: NDArray[np.float32], threshold: float) -> tuple[float, float]:
        """Return edges and mass of the largest components."""
        largest, heaviest = 0, 0.0
        for sign in (np.float32(1), np.float32(-1)):
            roots = _components(sign * t, self._graph.ends, self._graph.nodes, threshold)
            above = roots >= 0
            if above.any():
                mass = np.bincount(roots[above], (sign * t[above]).astype(np.float64) - threshold)
                largest, heaviest = max(largest, int(np.bincount(roots[above]).max())), max(heaviest, float(mass.max()))
        return largest, heaviest

    def enhance(self, t: NDArray[np.float32], powers: Powers, values: NDArray[np.float64]) -> float:
        """Return the largest TFCE."""
        assert self._enhancement is not None
        return self._enhancement.enhance(t, powers, values)


def edge_graph(ends: Sequence[tuple[str, str]]) -> EdgeGraph:
    """Return the graph of edges that are given by the names of their two ends."""
    numbers: dict[str, int] = {}
    rows = [[numbers.setdefault(node, len(numbers)) for node in pair] for pair in ends]
    return EdgeGraph(ends=np.array(rows, dtype=np.int64).reshape(-1, 2))


@compiled
def _components(t: NDArray[np.float32], ends: NDArray[np.int64], nodes: int, threshold: float) -> NDArray[np.int64]:
    """Return the root node of each edge whose t is above a threshold, -1 of the others."""
    parent = np.arange(nodes)
    for e in range(t.size):
        if t[e] > threshold:
            parent[root_of(parent, ends[e, 0])] = root_of(parent, ends[e, 1])
    found = np.full(t.size, -1)
    for e in range(t.size):
        if t[e] > threshold:
            found[e] = root_of(parent, ends[e, 0])
    return found
