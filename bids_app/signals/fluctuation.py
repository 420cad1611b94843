"""How far cleaned series lie from their mean on average; series are rebuilt some voxels at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

TILE = 512
"""Voxels whose series are rebuilt at a time: they stay in the cache."""


def mean_deviation(
    basis: NDArray[np.float64], coordinates: NDArray[np.float32], threads: int = 1
) -> NDArray[np.float32]:
    """Return the mean absolute value over frames of the series basis @ coordinates, (voxels,).

    Parameters
    ----------
    basis : (kept frames, n)
    coordinates : (n, voxels)
    """
    rows = basis.astype(np.float32)
    found = np.empty(coordinates.shape[1], dtype=np.float32)

    def tile(start: int) -> None:
        part = slice(start, start + TILE)
        series = rows @ coordinates[:, part]
        found[part] = np.abs(series, out=series).mean(axis=0)

    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        list(pool.map(tile, range(0, coordinates.shape[1], TILE)))
    return found
