"""What the arrangement of connections is like: efficiency, clustering, assortativity, roles within modules.

Definitions are those of Rubinov & Sporns 2010 (doi:10.1016/j.neuroimage.2009.10.003). Path length is not among them: it
has no value where parts of a graph are not connected, and leaving them out would compare other graphs. Efficiency has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Adjacency = NDArray[np.bool_]
Labels = NDArray[np.intp]


def global_efficiency(graph: Adjacency) -> float:
    """Return the mean of one over the number of steps between nodes, 0 where there is no way; of (nodes, nodes)."""
    nodes = len(graph)
    if nodes < 2:
        return 0.0
    step, total = graph.astype(np.float32), 0.0
    reached, front, steps = np.eye(nodes, dtype=bool), np.eye(nodes, dtype=np.float32), 0
    while True:
        steps += 1
        new = (front @ step > 0) & ~reached
        if not new.any():
            return total / (nodes * (nodes - 1))
        total += float(new.sum()) / steps
        reached |= new
        front = new.astype(np.float32)


def weighted_efficiency(weights: Floats) -> float:
    """Return the mean of one over the shortest way between nodes, (nodes, nodes); a connection is 1 / weight long."""
    from scipy.sparse.csgraph import shortest_path

    with np.errstate(divide="ignore"):
        length = np.where(weights > 0, 1 / weights, 0.0)
        inverse = 1 / shortest_path(length, directed=False)
    np.fill_diagonal(inverse, 0.0)
    return float(inverse.sum() / (len(weights) * (len(weights) - 1)))


def local_efficiency(graph: Adjacency) -> Floats:
    """Return the efficiency among the neighbours of each node, the node itself taken out, (nodes,)."""
    return np.array([global_efficiency(graph[np.ix_(own, own)]) for own in graph])


def clustering(graph: Adjacency) -> Floats:
    """Return the share of the pairs of neighbours of each node that are connected, (nodes,); 0 with fewer than two."""
    step = graph.astype(np.float64)
    degree = step.sum(axis=1)
    triangles = np.einsum("ij,ij->i", step @ step, step)
    return np.asarray(triangles / np.maximum(degree * (degree - 1), 1))


def weighted_clustering(weights: Floats) -> Floats:
    """Return the mean intensity of the triangles at each node, (nodes,), with weights as they are (Onnela 2005).

    Source: doi:10.1103/PhysRevE.71.065103; weights are not divided by the largest, which would make one connection
    decide what all others count.
    """
    root = np.cbrt(np.maximum(weights, 0.0))
    degree = (weights > 0).sum(axis=1)
    intensity = np.einsum("ij,ij->i", root @ root, root)
    return np.asarray(intensity / np.maximum(degree * (degree - 1), 1))


def assortativity(graph: Adjacency) -> float:
    """Return the correlation of the degrees at both ends of connections, of (nodes, nodes); NaN where all are alike."""
    degree = graph.sum(axis=1).astype(np.float64)
    first, second = np.nonzero(graph)  # each connection in both directions, as it has none
    if not len(first) or np.ptp(degree[first]) == 0:
        return float("nan")
    return float(np.corrcoef(degree[first], degree[second])[0, 1])


def largest_component(graph: Adjacency) -> int:
    """Return how many nodes hang together in the largest part of a graph, (nodes, nodes)."""
    from scipy.sparse.csgraph import connected_components

    return int(np.bincount(connected_components(graph, directed=False)[1]).max())


def participation(weights: Floats, modules: Labels) -> Floats:
    """Return how evenly the connections of each node lie over modules, (nodes,): 0 all in one; NaN without any."""
    strength = weights.sum(axis=1)
    within = np.stack([weights[:, modules == one].sum(axis=1) for one in np.unique(modules)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1 - ((within / strength) ** 2).sum(axis=0))


def within_module_z(weights: Floats, modules: Labels) -> Floats:
    """Return how much each node, (nodes,), is connected within its module, standardised over its nodes (ddof 0)."""
    found = np.zeros(len(weights))
    for one in np.unique(modules):
        own = np.flatnonzero(modules == one)
        inside = weights[np.ix_(own, own)].sum(axis=1)
        spread = inside.std()
        found[own] = (inside - inside.mean()) / spread if spread > 0 else 0.0
    return found
