"""Correlation of cleaned series from their coordinates, and its combination over runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

TILE = 8192
"""Columns that are worked on at once."""


def fisher_z(r: Floats) -> NDArray[np.float64]:
    """Return atanh(r) of correlations of any shape (...,), with r held off ±1 by 1e-7 so that the result is finite."""
    limit = 1.0 - 1e-7
    z: NDArray[np.float64] = np.arctanh(np.clip(np.asarray(r, dtype=np.float64), -limit, limit))
    return z


def correlate(seeds: Floats, targets: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return Pearson correlations (n, voxels) of cleaned series given by coordinates.

    Parameters
    ----------
    seeds : (df_res, n)
    targets : (df_res, voxels)
        Columns without variance give NaN.

    Notes
    -----
    Coordinates are with respect to an orthonormal basis that is orthogonal to the constant, so the cosine
    of two columns is the correlation of the two series.
    """
    unit = seeds / np.linalg.norm(seeds, axis=0)
    length = np.sqrt(np.einsum("kv,kv->v", targets, targets, dtype=np.float64))
    with np.errstate(invalid="ignore", divide="ignore"):
        r: NDArray[np.float64] = (unit.T.astype(np.float32) @ targets).astype(np.float64) / length
    return np.clip(r, -1.0, 1.0)


def global_correlation(targets: NDArray[np.float32]) -> float:
    """Return the mean correlation over all pairs of columns, each with itself among them, from (df_res, voxels).

    It is the squared length of the mean of all columns, each over its own length.
    """
    total = np.zeros(len(targets))
    for start in range(0, targets.shape[1], TILE):  # no second array of all voxels
        part = targets[:, start : start + TILE]
        total += part @ (1 / np.sqrt(np.einsum("kv,kv->v", part, part)))
    return float(((total / targets.shape[1]) ** 2).sum())


def given_others(seeds: Floats, targets: NDArray[np.float32], *, both: bool) -> NDArray[np.float64]:
    """Return correlations (n, voxels) of each seed with every voxel, all other seeds taken out.

    Parameters
    ----------
    seeds : (df_res, n)
    targets : (df_res, voxels)
    both : bool
        True takes the other seeds out of seed and voxel (partial correlation), False out of the seed alone
        (semi-partial correlation). A seed that the others make up wholly has NaN.
    """
    length = np.einsum("kv,kv->v", targets, targets, dtype=np.float64)
    found = np.empty((seeds.shape[1], targets.shape[1]))
    for i in range(seeds.shape[1]):
        basis, _ = np.linalg.qr(np.delete(seeds, i, axis=1).astype(np.float64))
        own = seeds[:, i] - basis @ (basis.T @ seeds[:, i])
        if np.linalg.norm(own) < 1e-5 * np.linalg.norm(seeds[:, i]):
            own = np.full_like(own, np.nan)  # the others are the seed: what is left of it is rounding
        taken = ((basis.T.astype(np.float32) @ targets).astype(np.float64) ** 2).sum(axis=0) if both else 0.0
        with np.errstate(invalid="ignore", divide="ignore"):
            product = (own / np.linalg.norm(own)).astype(np.float32) @ targets
            found[i] = product / np.sqrt(np.maximum(length - taken, 0.0))
    return np.clip(found, -1.0, 1.0)


def combine_runs(z: Sequence[Floats], df_res: Sequence[int]) -> NDArray[np.float64]:
    """Return the mean Fisher z of runs, (voxels,), weighted by df_res - 2, the inverse of its null variance.

    Parameters
    ----------
    z : sequence of (voxels,)
        One for each run.
    """
    weights = np.array(df_res, dtype=np.float64) - 2.0
    mean: NDArray[np.float64] = np.tensordot(weights / weights.sum(), np.stack(z), axes=1)
    return mean
