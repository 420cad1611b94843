"""Surrogate maps that keep the spatial autocorrelation of a map, by its spectrum (Moran spectral randomisation).

Wagner & Dray 2015, doi:10.1111/2041-210X.12407: a map is a sum of the eigenvectors of the doubly centred matrix of
neighbourhood; Moran's I depends on the squares of its coefficients alone, so that their signs may be re-randomised.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def distances(places: Matrix) -> Matrix:
    """Return the distance (mm) of each pair of regions, from their centres (regions, 3)."""
    return np.asarray(scipy.spatial.distance.cdist(places, places))


def neighbourhood(distance: Matrix) -> Matrix:
    """Return weights of neighbourhood, (regions, regions): one over the distance in mm; 0 of a region with itself.

    Regions at one place are as near as the closest pair that is apart.
    """
    weights = 1.0 / np.maximum(distance, distance[distance > 0].min())
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def morans_i(maps: Matrix, weights: Matrix) -> Matrix:
    """Return Moran's I of maps, (..., regions) -> (...)."""
    centred = maps - maps.mean(axis=-1, keepdims=True)
    near = ((centred @ weights) * centred).sum(axis=-1)
    return np.asarray(len(weights) / weights.sum() * near / (centred**2).sum(axis=-1))


def surrogates(values: Matrix, weights: Matrix, number: int, rng: np.random.Generator) -> Matrix:
    """Return maps, (number, regions), with the mean, the variance and Moran's I of a map (regions,).

    Parameters
    ----------
    weights : (regions, regions)
        Symmetric; see `neighbourhood`.
    """
    count = len(values)
    centring = np.eye(count) - 1.0 / count
    vectors = np.linalg.eigh(centring @ weights @ centring)[1]
    # The constant is an eigenvector of value 0 among others that may have it too: it is taken out by its direction.
    vectors = vectors[:, np.abs(vectors.sum(axis=0)) < 0.5 * np.sqrt(count)]
    centred = values - values.mean()
    signs = rng.integers(0, 2, (number, vectors.shape[1])) * 2.0 - 1.0
    return np.asarray(values.mean() + (signs * (vectors.T @ centred)) @ vectors.T)
