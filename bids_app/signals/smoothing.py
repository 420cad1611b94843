"""Gaussian smoothing inside a mask, of many maps at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.signals import Signals

FWHM_PER_SIGMA = float(np.sqrt(8 * np.log(2)))


def _kernel_matrix(length: int, sigma: float) -> NDArray[np.float32]:
    """Return the (length, length) band matrix that convolves one axis; values outside are 0."""
    offsets = np.subtract.outer(np.arange(length), np.arange(length)).astype(np.float64)
    radius = int(4.0 * sigma + 0.5)
    taps = np.exp(-0.5 * (offsets / sigma) ** 2) * (np.abs(offsets) <= radius)
    norm = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).sum()
    return np.asarray(taps / norm, dtype=np.float32)


def smooth_in_mask(
    maps: NDArray[np.float32], mask: Mask, voxel_sizes: NDArray[np.float64], fwhm: float, batch: int = 8
) -> NDArray[np.float32]:
    """Smooth maps with a Gaussian, each voxel averaging over voxels of the mask alone.

    Parameters
    ----------
    maps : (n, voxels) float32
        Values at the True voxels of `mask`, C order.
    mask : (x, y, z) bool
    voxel_sizes : (3,)
        mm.
    fwhm : float
        Full width at half maximum in mm; the kernel ends at 4 standard deviations.

    Notes
    -----
    An axis is convolved by one matrix product: for kernels of this size that is several times faster
    than a running sum over taps, because it runs at the speed of the BLAS.
    """
    box = tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(mask))
    inside = mask[box]
    x, y, z = (
        _kernel_matrix(n, fwhm / FWHM_PER_SIGMA / size) for n, size in zip(inside.shape, voxel_sizes, strict=True)
    )

    def convolve(volumes: NDArray[np.float32]) -> NDArray[np.float32]:
        done = y @ (volumes @ z.T)
        flat = x @ done.reshape(len(volumes), inside.shape[0], -1)
        result: NDArray[np.float32] = flat.reshape(volumes.shape)[:, inside]
        return result

    weight = convolve(inside[None].astype(np.float32))[0]
    smoothed = np.empty_like(maps)
    volumes = np.zeros((batch, *inside.shape), dtype=np.float32)
    for start in range(0, len(maps), batch):
        part = maps[start : start + batch]
        volumes[: len(part), inside] = part
        smoothed[start : start + batch] = convolve(volumes[: len(part)]) / weight
    return smoothed


def smooth_known(maps: NDArray[np.float32], signals: Signals) -> NDArray[np.float32]:
    """Smooth maps, (n, voxels), of one run by its kernel; voxels without a value in any of them keep none."""
    known = np.isfinite(maps).all(axis=0)
    if signals.fwhm <= 0 or not known.any():
        return maps
    smoothed = np.full_like(maps, np.nan)
    mask = signals.mask.copy()
    mask[signals.mask] = known
    smoothed[:, known] = smooth_in_mask(maps[:, known], mask, signals.grid.voxel_sizes, signals.fwhm)
    return smoothed
