"""How each voxel is connected with all others, without the matrix of all correlations ever being held.

Means over all others follow from sums of coordinates; counts of others do not (`bids_app.statistics.degrees`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TILE = 1024
"""Voxels that are worked on at once."""


def unit_columns(coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return coordinates, (n, voxels), of length one; 0 of voxels without variance."""
    length = np.sqrt(np.einsum("nv,nv->v", coordinates, coordinates, dtype=np.float64))
    return np.asarray(coordinates * (1 / np.where(length > 0, length, np.inf)).astype(np.float32))


def mean_correlation(unit: NDArray[np.float32]) -> Floats:
    """Return the mean correlation of each voxel with all others, (voxels,), from columns of length one.

    Columns of zeros are no others, and have no value.
    """
    whole = unit.sum(axis=1, dtype=np.float64)
    return _over_others(unit, np.concatenate([whole @ part for part in _parts(unit)]))


def mean_square_correlation(unit: NDArray[np.float32]) -> Floats:
    """Return the mean squared correlation of each voxel with all others, (voxels,); as `mean_correlation`."""
    gram = np.zeros((len(unit), len(unit)))
    for part in _parts(unit):
        gram += part @ part.T
    return _over_others(unit, np.concatenate([np.einsum("nv,nv->v", part, gram @ part) for part in _parts(unit)]))


def _over_others(unit: NDArray[np.float32], sums: Floats) -> Floats:
    """Return means over others from sums, (voxels,), that hold each voxel's 1 with itself."""
    live = unit.any(axis=0)
    return np.where(live, (sums - 1) / max(int(live.sum()) - 1, 1), np.nan)


def _parts(unit: NDArray[np.float32]) -> Iterator[Floats]:
    """Yield some columns at a time in double precision."""
    for start in range(0, unit.shape[1], TILE):
        yield unit[:, start : start + TILE].astype(np.float64)


def eigenvector(unit: NDArray[np.float32]) -> Floats:
    """Return the leading eigenvector of the matrix of r + 1, (voxels,), of length root of voxels and positive mean.

    It is exact (Wink 2012, doi:10.1089/brain.2012.0087): the matrix is the product of the columns with a row of ones
    put below them, so its vector follows from that of the small product.
    """
    size = len(unit) + 1
    gram = np.zeros((size, size))
    for part in _parts(unit):
        rows = np.vstack([part, np.ones((1, part.shape[1]))])
        gram += rows @ rows.T
    leading = np.linalg.eigh(gram)[1][:, -1]
    found = np.concatenate([leading[:-1] @ part + leading[-1] for part in _parts(unit)])
    return np.asarray(found / np.linalg.norm(found) * np.sqrt(len(found)) * np.sign(found.sum()))
