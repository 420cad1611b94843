"""Which connections a graph of some density has, and random graphs with the same degrees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Adjacency = NDArray[np.bool_]


def strongest(matrix: Floats, density: float) -> Adjacency | None:
    """Return the graph of the strongest positive connections, (nodes, nodes); None where there are not enough of them.

    Parameters
    ----------
    matrix : (nodes, nodes)
        Correlations; the diagonal is not looked at. Negative ones are never taken by their size.
    density : float
        Share of all pairs that are connected.
    """
    nodes = len(matrix)
    first, second = np.triu_indices(nodes, 1)
    values = matrix[first, second]
    count = round(density * len(values))
    if count < 1 or int((values > 0).sum()) < count:
        return None
    chosen = np.argsort(-values, kind="stable")[:count]  # of ties the first pair: the same for any threads
    graph = np.zeros((nodes, nodes), dtype=bool)
    graph[first[chosen], second[chosen]] = True
    return graph | graph.T


def rewired(graph: Adjacency, swaps: int, rng: np.random.Generator) -> Adjacency:
    """Return a random graph in which every node has the degree that it has in `graph`, (nodes, nodes).

    Ends of two connections are exchanged `swaps` times for each connection (Maslov & Sneppen 2002,
    doi:10.1126/science.1065103); exchanges that would join a node with itself, or two nodes twice, are passed over.
    """
    made = graph.copy()
    edges = np.argwhere(np.triu(made, 1))
    tries = swaps * len(edges)
    pairs, flips = rng.integers(0, max(len(edges), 1), (tries, 2)), rng.random(tries) < 0.5
    for (one, other), flip in zip(pairs, flips, strict=True):
        a, b = edges[one]
        c, d = edges[other][::-1] if flip else edges[other]
        if len({a, b, c, d}) < 4 or made[a, d] or made[c, b]:
            continue
        made[a, b] = made[b, a] = made[c, d] = made[d, c] = False
        made[a, d] = made[d, a] = made[c, b] = made[b, c] = True
        edges[one], edges[other] = (a, d), (c, b)
    return made
