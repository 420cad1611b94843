"""Categories of genes: their mean score against whole maps of chance, never against random genes.

Genes of a category are expressed together, so that their scores rise and fall together; drawing other genes takes them
for independent ones and finds categories in noise (Fulcher 2021, doi:10.1038/s41467-021-22862-1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from bids_app.statistics.spatial.scores import correlations

Matrix = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]


def membership(sets: Sequence[Sequence[int]], genes: int) -> sparse.csr_array[Any]:
    """Return what each gene counts in each category, (categories, genes): one over the size of the category."""
    sizes = np.array([len(members) for members in sets])
    rows = np.repeat(np.arange(len(sets)), sizes)
    columns = np.concatenate([np.asarray(members, dtype=np.intp) for members in sets])
    return sparse.csr_array((np.repeat(1.0 / sizes, sizes), (rows, columns)), shape=(len(sets), genes))


def means(maps: Rows, reference: Rows, weights: sparse.csr_array[Any]) -> Matrix:
    """Return the mean score of each category with each map, (B, categories).

    A mean of correlations is the inner product of the map with the mean of the genes' columns: no score of a single
    gene is computed. For maps and reference see `scores.correlations`.
    """
    profiles = np.asarray((weights @ reference.T.astype(np.float64)).T)
    return np.asarray(maps.astype(np.float64) @ profiles)


def absolute_means(maps: Rows, reference: Rows, weights: sparse.csr_array[Any]) -> Matrix:
    """Return the mean absolute score of each category with each map, (B, categories)."""
    found = np.empty((len(maps), weights.shape[0]))
    light = weights.astype(np.float32)
    for part, scores in correlations(maps, reference):
        found[part] = (light @ np.abs(scores).T).T
    return found


def running_sum(scores: Matrix, members: NDArray[np.intp], exponent: float = 1.0) -> float:
    """Return the enrichment score of GSEA: the furthest point of a walk down the ranking, up at members, else down.

    Subramanian 2005, doi:10.1073/pnas.0506580102. Shown for comparison alone; its usual p draws random genes.

    Parameters
    ----------
    scores : (genes,)
    members : (k,)
        Places of the members.
    """
    order = np.argsort(-scores, kind="stable")
    inside = np.isin(order, members)
    step = np.where(inside, np.abs(scores[order]) ** exponent, 0.0)
    if not step.sum():
        return float("nan")
    walk = np.cumsum(step / step.sum() - ~inside / max((~inside).sum(), 1))
    high, low = float(walk.max()), float(walk.min())
    return high if high >= -low else low
