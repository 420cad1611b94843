"""Connectivity of a seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bids_app.api.model import finite
from bids_app.statistics.correlation import correlate, fisher_z


def seed_map(series: ArrayLike, seed_mask: ArrayLike) -> NDArray[np.float64]:
    """Correlate the mean series of a seed with every voxel.

    Parameters
    ----------
    series : array-like of shape (n_volumes, n_voxels)
        Cleaned series, censored volumes removed, in any unit.
    seed_mask : array-like of bool of shape (n_voxels,)
        Voxels of the seed.

    Returns
    -------
    z : ndarray of shape (n_voxels,)
        Fisher z; NaN inside the seed, whose voxels are part of its mean, and where the series is constant.

    Raises
    ------
    ValueError
        If shapes do not fit, values are not finite, the seed has no voxel, or its mean does not vary.

    Examples
    --------
    >>> import numpy as np
    >>> from bids_app import seed_map
    >>> t = np.arange(100)
    >>> wave, other = np.sin(t / 5), np.cos(t / 3)
    >>> series = np.column_stack([wave, wave, wave + other, other])
    >>> seed_map(series, [True, False, False, False]).round(2)
    array([ nan, 8.41, 0.88, 0.02])
    """
    values = finite(series, "series", shape=(None, None))
    inside = np.asarray(seed_mask, dtype=bool)
    if inside.shape != (values.shape[1],):
        raise ValueError(f"seed_mask has shape {inside.shape}; expected {values.shape[1]}, one for each voxel.")
    if not inside.any():
        raise ValueError("The seed has no voxel.")
    centred = values - values.mean(axis=0)
    seed = centred[:, inside].mean(axis=1, keepdims=True)
    if not np.ptp(seed) > 0:
        raise ValueError("The mean series of the seed does not vary.")
    z = fisher_z(correlate(seed, centred.astype(np.float32))[0])
    z[inside] = np.nan
    return z
