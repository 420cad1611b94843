"""Partial least squares of one map of regions on many genes, for thousands of maps at once.

With one outcome y and standardised predictors X (regions x genes) the scores of m components span the Krylov space of
K = XX' and y: Ky, K²y, ... Variance explained therefore needs the regions x regions matrix K alone, however many genes
there are; only the weights of the observed map go back to them (component 1: w ∝ X'y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.spatial.correlation_tests import unit

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Components:
    """Components of one map.

    Attributes
    ----------
    scores : (regions, m)
        Of length one; each goes up with what of the map the earlier ones have left.
    weights : (genes, m)
        Of length one.
    explained : (m,)
        Share of the variance of the map, in the very regions that chose the components.
    """

    scores: Matrix
    weights: Matrix
    explained: Matrix


def gram(reference: Matrix) -> Matrix:
    """Return XX' of the standardised columns of a (regions, genes) table."""
    columns = unit(reference)
    return columns @ columns.T


def explained(products: Matrix, maps: Matrix, components: int = 1) -> Matrix:
    """Return the share of variance of each map that each component explains, (B, m).

    Parameters
    ----------
    products : (regions, regions)
        As `gram` returns it.
    maps : (B, regions)
    """
    return _components(products, maps, components)[1]


def _components(products: Matrix, maps: Matrix, components: int) -> tuple[Matrix, Matrix]:
    """Return orthonormal scores (m, regions, B) and shares (B, m)."""
    outcome = unit(maps.T)
    left = outcome.copy()
    scores = np.empty((components, *outcome.shape))
    shares = np.empty((outcome.shape[1], components))
    for m in range(components):
        direction = products @ left
        for _ in range(2):  # twice: the powers of K grow alike
            for earlier in scores[:m]:
                direction -= earlier * (earlier * direction).sum(axis=0)
        length = np.linalg.norm(direction, axis=0)
        scores[m] = direction / np.where(length > 1e-12, length, np.inf)
        along = (scores[m] * left).sum(axis=0)
        shares[:, m] = along**2
        left -= scores[m] * along
    return scores, shares


def components(reference: Matrix, outcome: Matrix, number: int = 1) -> Components:
    """Return the components of one map, (regions,), on a (regions, genes) table."""
    columns = unit(reference)
    scores, shares = _components(columns @ columns.T, outcome[None], number)
    scores = scores[:, :, 0].T
    weights, left = np.empty((columns.shape[1], number)), unit(outcome[:, None])[:, 0]
    for m in range(number):
        direction = columns.T @ left
        weights[:, m] = direction / max(float(np.linalg.norm(direction)), 1e-300)
        left = left - scores[:, m] * (scores[:, m] @ left)
    return Components(scores, weights, shares[0])
