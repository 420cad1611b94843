"""Categories of genes: their mean score against whole null maps, never against random genes.

Genes of a category are expressed together, so that their scores rise and fall together; drawing other genes takes them
for independent ones and finds categories in noise (Fulcher 2021, doi:10.1038/s41467-021-22862-1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.spatial.correlation_tests import SLACK

Matrix = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]


def membership(sets: Sequence[Sequence[int]], genes: int) -> scipy.sparse.csr_array[Any]:
    """Return what each gene counts in each category, (categories, genes): one over the size of the category."""
    sizes = np.array([len(members) for members in sets])
    rows = np.repeat(np.arange(len(sets)), sizes)
    columns = np.concatenate([np.asarray(members, dtype=np.intp) for members in sets])
    return scipy.sparse.csr_array((np.repeat(1.0 / sizes, sizes), (rows, columns)), shape=(len(sets), genes))


Scorer = Callable[[Rows], Matrix]
"""Returns the score of each category with each map, (maps, regions) -> (maps, categories)."""


def means(reference: Rows, weights: scipy.sparse.csr_array[Any]) -> Scorer:
    """Return what gives the mean score of each category, (maps, categories).

    A mean of correlations is the inner product of the map with the mean of the genes' columns: no score of a single
    gene is computed. For maps and reference see `correlation_tests.correlations`.
    """
    profiles = np.asarray((weights @ reference.T.astype(np.float64)).T)
    return lambda maps: np.asarray(maps.astype(np.float64) @ profiles)


def absolute_means(reference: Rows, weights: scipy.sparse.csr_array[Any]) -> Scorer:
    """Return what gives the mean absolute score of each category, (maps, categories)."""
    columns, light = np.ascontiguousarray(reference, dtype=np.float32), weights.astype(np.float32)
    return lambda maps: np.asarray((light @ np.abs(maps.astype(np.float32) @ columns).T).T, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Scored:
    """Categories with the observed map, and among null maps.

    Attributes
    ----------
    score, p : (categories,)
    limits : (2, categories)
        Middle 95 % of scores of up to `SHOWN` null maps.
    """

    score: Matrix
    p: Matrix
    limits: Matrix


BLOCK = 64
SHOWN = 1000


def scored(maps: Rows, score: Scorer) -> Scored:
    """Return scores and two-sided p of categories; row 0 of the maps, (B, regions), is the observed one.

    Maps go through in blocks, so that memory does not grow with maps times categories.
    """
    observed = score(maps[:1])[0]
    reached = np.zeros(len(observed), dtype=np.int64)
    step = max(1, (len(maps) - 1) // SHOWN)
    shown = [
        score(maps[1 + start : 1 + start + BLOCK * step : step]) for start in range(0, len(maps) - 1, BLOCK * step)
    ]
    for start in range(0, len(maps), BLOCK):
        reached += np.count_nonzero(np.abs(score(maps[start : start + BLOCK])) >= np.abs(observed) - SLACK, axis=0)
    limits = np.quantile(np.concatenate(shown), [0.025, 0.975], axis=0)
    return Scored(observed, np.maximum(reached, 1) / len(maps), limits)


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
