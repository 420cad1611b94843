"""Kendall's coefficient of concordance of each voxel with its neighbours, over the time courses' ranks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from bids_app.vocabulary.grid import Mask

Whole = NDArray[np.integer[Any]]

TILE = 512
"""Voxels whose series are rebuilt and ranked at a time: their keys stay in the cache."""


def ranks(basis: NDArray[np.float64], coordinates: NDArray[np.float32], threads: int = 1) -> NDArray[np.uint16]:
    """Return doubled ranks over time of the series basis @ coordinates, (kept frames, voxels).

    Ranks count from 1; ties share their mean. They are doubled, so that such a mean is a whole number.
    """
    rows = basis.astype(np.float32)
    voxels = coordinates.shape[1]
    result = np.empty((len(rows), voxels), dtype=np.uint16)

    def tile(start: int) -> None:
        part = slice(start, min(start + TILE, voxels))
        result[:, part] = _doubled_ranks(coordinates[:, part].T @ rows.T).T

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(tile, range(0, voxels, TILE)))
    return result


def _doubled_ranks(series: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return doubled ranks within each row of (voxels, frames)."""
    voxels, frames = series.shape
    series += np.float32(0)  # makes -0 equal 0 in bits too
    bits = series.view(np.int32)
    # Integers in the order of the numbers, the frame behind each: one plain sort, much faster than an indirect one.
    keys = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64) << 16
    keys |= np.arange(frames)
    keys.sort(axis=1)
    where = (keys & 0xFFFF) + np.arange(0, voxels * frames, frames)[:, None]
    result = np.empty(voxels * frames, dtype=np.uint16)
    result[where] = np.arange(2, 2 * frames + 1, 2, dtype=np.uint16)
    keys >>= 16
    tied = np.flatnonzero((keys[:, 1:] == keys[:, :-1]).any(axis=1))
    if tied.size:
        value = keys[tied]
        new = np.ones(value.shape, dtype=bool)
        new[:, 1:] = value[:, 1:] != value[:, :-1]
        run = np.cumsum(new.ravel()) - 1
        plain = np.tile(np.arange(2, 2 * frames + 1, 2), len(tied))
        mean = np.bincount(run, plain) / np.bincount(run)
        result[where[tied].ravel()] = mean[run].astype(np.uint16)
    return result.reshape(voxels, frames)


def _sum_over_neighbours(volume: Whole, neighbours: int) -> Whole:
    """Return sums over each voxel and its neighbours of a volume that has a rim of zeros; the rim is cut off."""

    def line(values: Whole, axis: int) -> Whole:
        moved = np.moveaxis(values, axis, 0)
        total = moved[:-2] + moved[1:-1]
        total += moved[2:]
        return np.moveaxis(total, 0, axis)

    if neighbours == 7:
        inner = volume[1:-1, 1:-1, 1:-1]
        total = line(volume[:, 1:-1, 1:-1], 0)
        total += line(volume[1:-1, :, 1:-1], 1)
        total += line(volume[1:-1, 1:-1, :], 2)
        total -= 2 * inner
        return total
    cube = line(line(line(volume, 2), 1), 0)
    if neighbours == 19:
        for x in (slice(None, -2), slice(2, None)):
            for y in (slice(None, -2), slice(2, None)):
                for z in (slice(None, -2), slice(2, None)):
                    cube -= volume[x, y, z]
    return cube


def concordance(
    basis: NDArray[np.float64], coordinates: NDArray[np.float32], mask: Mask, neighbours: int = 27, threads: int = 1
) -> NDArray[np.float32]:
    """Return Kendall's W of each voxel with its neighbours inside the mask, (voxels,).

    Parameters
    ----------
    basis, coordinates
        Series are basis @ coordinates, (kept frames, voxels of the mask in C order).
    neighbours : {7, 19, 27}
        Voxels of a whole neighbourhood, the voxel itself among them.

    Notes
    -----
    W = 12 (sum R² - n Rmean²) / (k² (n³ - n)) over n frames and the k voxels that lie in the mask, without
    correction for ties in the denominator (doi:10.1016/j.neuroimage.2003.12.030). NaN where fewer than half of
    the neighbourhood lies in the mask: W of few series is large by chance (its mean is 1 / k).
    """
    box = tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(mask))
    inside = np.flatnonzero(mask[box])
    shape = tuple(part.stop - part.start for part in box)
    within = np.ravel_multi_index(tuple(i + 1 for i in np.unravel_index(inside, shape)), tuple(n + 2 for n in shape))

    # BLAS must not start threads within our threads: they would wait for each other.
    with threadpool_limits(1):
        doubled = ranks(basis, coordinates, threads)
    frames = len(doubled)
    whole: type[np.integer[Any]] = np.uint16 if 2 * frames * neighbours < 2**16 else np.int32

    def squares(rows: NDArray[np.uint16], level: NDArray[np.int64] | int) -> NDArray[np.int64]:
        volume = np.zeros([n + 2 for n in shape], dtype=whole)
        total = np.zeros(len(inside), dtype=np.int64)
        for row in rows:
            volume.reshape(-1)[within] = row
            away = _sum_over_neighbours(volume, neighbours).reshape(-1)[inside] - level
            away *= away
            total += away
        return total

    count = np.sqrt(squares(np.ones((1, len(inside)), dtype=np.uint16), 0)).astype(np.int64)
    with ThreadPoolExecutor(threads) as pool:
        # Twice the ranks less twice their mean, so that all is whole numbers and sums stay small.
        parts = pool.map(lambda rows: squares(rows, count * (frames + 1)), np.array_split(doubled, threads))
        four = np.sum(list(parts), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        w = 3 * four / (count.astype(np.float64) ** 2 * (float(frames) ** 3 - frames))
    return np.where(count >= neighbours / 2, w, np.nan).astype(np.float32)
