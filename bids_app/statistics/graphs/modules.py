"""Modules of a graph: how much more is connected within them than by chance, and the partition that has the most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]


def modularity(weights: Floats, modules: Labels) -> float:
    """Return the modularity Q of a partition, (nodes,), of non-negative weights, (nodes, nodes) (Newman 2004)."""
    same = modules[:, None] == modules[None]
    return float(_excess(weights)[same].sum())


def signed_modularity(matrix: Floats, modules: Labels) -> float:
    """Return Q* of a matrix with negative weights, (nodes, nodes), which count less than positive ones.

    Source: Rubinov & Sporns 2011, doi:10.1016/j.neuroimage.2011.03.069.
    """
    same = modules[:, None] == modules[None]
    positive, negative = np.maximum(matrix, 0.0), np.maximum(-matrix, 0.0)
    share = negative.sum() / max(float(positive.sum() + negative.sum()), 1e-300)
    return float(_excess(positive)[same].sum() - share * _excess(negative)[same].sum())


def best_partition(weights: Floats, starts: int, seed: int) -> tuple[float, Labels]:
    """Return the largest modularity that was found, and its partition, (nodes,).

    Nodes move to the module that gains most, modules become nodes, and again (Blondel 2008,
    doi:10.1088/1742-5468/2008/10/P10008), from `starts` random orders.

    Parameters
    ----------
    weights : (nodes, nodes)
        Non-negative, symmetric, without a diagonal.
    """
    excess, rng = _excess(weights), np.random.default_rng(seed)
    best, chosen = -np.inf, np.zeros(len(weights), dtype=np.intp)
    for _ in range(starts):
        modules = _one_start(excess, rng)
        value = float(excess[modules[:, None] == modules[None]].sum())
        if value > best + 1e-12:  # of equals the first
            best, chosen = value, modules
    return best, chosen


def _excess(weights: Floats) -> Floats:
    """Return weights less those expected by strength alone, as shares of all, (nodes, nodes)."""
    strength = weights.sum(axis=1)
    total = float(strength.sum())
    if total <= 0:
        return np.zeros_like(weights)
    return np.asarray(weights / total - np.outer(strength, strength) / total**2)


def _one_start(excess: Floats, rng: np.random.Generator) -> Labels:
    modules = np.arange(len(excess))
    while True:
        moved = _moved(excess, rng)
        names, moved = np.unique(moved, return_inverse=True)
        modules = moved[modules]
        if len(names) == len(excess):
            return modules
        member = np.zeros((len(names), len(excess)))
        member[moved, np.arange(len(excess))] = 1
        excess = member @ excess @ member.T


def _moved(excess: Floats, rng: np.random.Generator) -> Labels:
    """Return the module of each node after each went, again and again, where the sum of excess rises most."""
    nodes = len(excess)
    modules, own = np.arange(nodes), np.diag(excess)
    joined = excess.copy()  # (nodes, modules): excess of each node with each module
    while True:
        changed = False
        for node in rng.permutation(nodes):
            here = modules[node]
            gain = joined[node].copy()
            gain[here] -= own[node]
            best = int(gain.argmax())
            if gain[best] > gain[here] + 1e-12:
                joined[:, here] -= excess[:, node]
                joined[:, best] += excess[:, node]
                modules[node], changed = best, True
        if not changed:
            return modules
