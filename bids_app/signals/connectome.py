"""How each voxel is connected with all others, without the matrix of all correlations ever being held.

Means over all others follow from sums of coordinates. What counts correlations above a threshold needs every one of
them: they are made in square tiles, of which each thread holds one or two.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float64]

SLACK = 0.001
"""mm: distances that lie on a lattice equal a limit more often than not, and rounding must not decide."""

TILE = 1024
"""Voxels of a side of a tile. The tiles are the same for any number of threads, and so is every last bit."""


@dataclass(frozen=True, eq=False)
class Degrees:
    """Connections above a threshold.

    Attributes
    ----------
    count : (voxels,) int64
        Others that a voxel's correlation with is above the threshold.
    weight : (voxels,) float64
        Sum of those correlations.
    far : (voxels,) int64
        Those of `count` that are farther away than asked for.
    """

    count: NDArray[np.int64]
    weight: Floats
    far: NDArray[np.int64]


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


def degrees(
    unit: NDArray[np.float32], threshold: float, places: Floats, farther: float = 0.0, threads: int = 1
) -> Degrees:
    """Return how many other voxels each one is correlated with above a threshold, and how strongly.

    Parameters
    ----------
    unit : (n, voxels)
        Columns of length one.
    places : (voxels, 3)
        mm.
    farther : float
        mm beyond which a connection is a long one; 0: none is counted.
    """
    voxels = unit.shape[1]
    count, weight, far = np.zeros((3, voxels))
    starts = range(0, voxels, TILE)
    pairs = [(slice(a, a + TILE), slice(b, b + TILE)) for a, b in combinations_with_replacement(starts, 2)]
    ground = (places - places.mean(axis=0)).astype(np.float32)
    with threadpool_limits(1), ThreadPoolExecutor(threads) as pool:
        for share in pool.map(lambda pair: list(_tallied(unit, ground, pair, threshold, farther)), pairs):
            for part, *sums in share:
                for whole, own in zip((count, weight, far), sums, strict=True):
                    whole[part] += own
    return Degrees(count.astype(np.int64), weight, far.astype(np.int64))


def _tallied(
    unit: NDArray[np.float32], ground: NDArray[np.float32], pair: tuple[slice, slice], threshold: float, farther: float
) -> Iterator[tuple[slice, Floats, Floats, Floats]]:
    """Yield the voxels of one side of a tile with their counts, sums and long connections; both sides, or the one."""
    first, second = pair
    r = unit[:, first].T @ unit[:, second]
    same = first == second
    if same:
        np.fill_diagonal(r, 0.0)
    above = (r > np.float32(threshold)).astype(np.float32)
    r *= above
    far = above * _long(ground[first], ground[second], farther) if farther else None
    for part, axis in ((first, 1), (second, 0)) if not same else ((first, 1),):
        long_ones = _sums(far, axis) if far is not None else np.zeros(r.shape[1 - axis])
        yield part, _sums(above, axis), _sums(r, axis), long_ones


def _sums(values: NDArray[np.float32], axis: int) -> Floats:
    """Return sums along an axis; of whole numbers up to the side of a tile single precision is exact."""
    ones = np.ones(values.shape[axis], np.float32)
    return np.asarray(values @ ones if axis == 1 else ones @ values, dtype=np.float64)


def _long(first: NDArray[np.float32], second: NDArray[np.float32], farther: float) -> NDArray[np.bool_]:
    """Return which voxels are farther apart than so many mm, (first, second)."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None]
    return np.asarray(squares - 2 * first @ second.T > np.float32((farther + SLACK) ** 2))
