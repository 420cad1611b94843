"""How one map of regions, and every map of its null distribution, correlates with many references.

A null is a matrix of maps, one a row; row 0 is the observed one, so that the share of rows that reach the first one is
(1 + b) / (1 + B) for surrogates and the exact p of permutations that are listed in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.permutation.corrections import familywise_p
from bids_app.statistics.permutation.linear_model import orthonormal, residual

Matrix = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]

BLOCK = 64
"""Maps that go through one matrix product: their scores of 15,000 genes stay in the cache."""

SLACK = 1e-6
"""What sums in single precision may differ by where they should be alike."""


def ranks(values: Matrix, axis: int = 0) -> Matrix:
    """Return average ranks along an axis, of the shape of the values (n, m)."""
    return np.asarray(scipy.stats.rankdata(values, axis=axis))


def unit(values: Matrix, beside: Matrix | None = None) -> Matrix:
    """Return columns, (regions, k), less their mean and what the columns `beside` explain, of length one.

    A column of which nothing is left is 0.
    """
    basis = np.ones((len(values), 1))
    basis = orthonormal(basis if beside is None else np.column_stack([basis, beside]))
    left = residual(values, basis)
    length = np.linalg.norm(left, axis=0)
    kept = length > 1e-9 * np.maximum(np.linalg.norm(values, axis=0), 1e-300)
    return np.where(kept, left, 0.0) / np.where(kept, length, 1.0)


def correlations(maps: Rows, reference: Rows) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield the correlation of maps with every reference, some maps at a time.

    Parameters
    ----------
    maps : (B, regions)
        Rows of length one, mean 0 (see `unit`).
    reference : (regions, G)
        Columns likewise.

    Yields
    ------
    rows : slice
    scores : (rows, G)
    """
    rows, columns = maps.astype(np.float32), np.ascontiguousarray(reference, dtype=np.float32)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, min(start + BLOCK, len(rows)))
        yield part, rows[part] @ columns


@dataclass(frozen=True, eq=False)
class CorrelationTests:
    """Scores of references against one null.

    Attributes
    ----------
    score, p, p_fwe : (G,)
        Of the observed map; two-sided p of each reference alone, and corrected over all by the largest score.
    largest : (B,)
        Largest absolute score of each map; row 0 is the observed one.
    """

    score: Matrix
    p: Matrix
    p_fwe: Matrix
    largest: NDArray[np.float32]


def tested(maps: Rows, reference: Rows) -> CorrelationTests:
    """Return how the observed map, row 0 of (P, regions), correlates among null maps; see `correlations`."""
    observed = (maps[0].astype(np.float32) @ reference.astype(np.float32)).astype(np.float64)
    height = (np.abs(observed) - SLACK).astype(np.float32)
    reached = np.zeros(len(observed), dtype=np.int64)
    largest = np.zeros(len(maps), dtype=np.float32)
    for part, scores in correlations(maps, reference):
        np.abs(scores, out=scores)
        reached += np.count_nonzero(scores >= height, axis=0)
        largest[part] = scores.max(axis=1, initial=0.0)
    corrected = familywise_p(height, largest)
    return CorrelationTests(observed, np.maximum(reached, 1) / len(maps), corrected, largest)


def share(values: Matrix) -> Matrix:
    """Return the share of a null that reaches its first value, (B, ...) -> (...)."""
    return np.asarray((values >= values[0] - SLACK).mean(axis=0))


def band(maps: Rows, reference: Rows, points: int = 60) -> tuple[Matrix, Matrix]:
    """Return ranked scores of the observed map, and the middle 95 % of ranked scores of null maps.

    Returns
    -------
    observed : (points,)
        At evenly spaced places of the ranking, from the lowest score to the highest.
    limits : (2, points)
        Of the null maps.
    """
    at = np.linspace(0, 1, points)
    found = [np.quantile(scores, at, axis=1).T for _, scores in correlations(maps, reference)]
    ranked = np.concatenate(found)
    return ranked[0], np.quantile(ranked[1:], [0.025, 0.975], axis=0)
