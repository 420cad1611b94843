"""Edges of a network in place of voxels: edges that share a node join (network-based statistic).

Zalesky 2010, doi:10.1016/j.neuroimage.2010.06.041. What passes is a connected set of edges, no single one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.kernels import compiled, root_of


@dataclass(frozen=True, eq=False)
class Graph:
    """Edges and the nodes at their ends.

    Attributes
    ----------
    names : tuple of str
        One for each edge.
    ends : (edges, 2) int64
        Numbers of the nodes; values that are no edges have two nodes of their own.
    """

    names: tuple[str, ...]
    ends: NDArray[np.int64]

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return int(self.ends.max(initial=-1)) + 1


def graph_of(edges: dict[str, tuple[str, str]]) -> Graph:
    """Return the graph of named edges, each with the names of its two ends."""
    numbers: dict[str, int] = {}
    ends = [[numbers.setdefault(node, len(numbers)) for node in pair] for pair in edges.values()]
    return Graph(tuple(edges), np.array(ends, dtype=np.int64).reshape(-1, 2))


def label(t: NDArray[np.float32], graph: Graph, threshold: float) -> NDArray[np.int32]:
    """Return (edges,) numbers of the components of |t| > threshold, 0 outside; signs are numbered apart."""
    up, down = (_components(sign * t, graph.ends, graph.nodes, threshold) for sign in (np.float32(1), np.float32(-1)))
    roots = np.where(up >= 0, up, np.where(down >= 0, down + graph.nodes, -1))
    return np.searchsorted(np.unique(np.append(roots, -1)), roots).astype(np.int32)


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


def largest_components(t: NDArray[np.float32], graph: Graph, threshold: float) -> tuple[int, float]:
    """Return edges and mass (sum of |t| − threshold) of the largest components, signs apart."""
    largest, heaviest = 0, 0.0
    for sign in (np.float32(1), np.float32(-1)):
        roots = _components(sign * t, graph.ends, graph.nodes, threshold)
        above = roots >= 0
        if above.any():
            mass = np.bincount(roots[above], (sign * t[above]).astype(np.float64) - threshold)
            largest, heaviest = max(largest, int(np.bincount(roots[above]).max())), max(heaviest, float(mass.max()))
    return largest, heaviest
