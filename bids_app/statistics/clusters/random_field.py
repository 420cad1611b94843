"""Cluster sizes by Gaussian random field theory, as DPABI and SPM do it: for comparison with the literature alone.

Its false positives are far above what it says at a cluster-forming p of .01 and for long-tailed smoothness (Eklund
2016, doi:10.1073/pnas.1602413113); no claim rests on it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import integrate, special, stats

from bids_app.vocabulary.grid import Mask

FWHM_PER_SIGMA = float(np.sqrt(8 * np.log(2)))


@dataclass(frozen=True)
class Smoothness:
    """How smooth residuals are: FWHM along x, y and z in voxels, and |Λ|^½ per voxel."""

    fwhm: tuple[float, float, float]
    roughness: float
    voxels: int

    @property
    def resels(self) -> float:
        """Resolution elements of the mask."""
        return float(self.roughness * self.voxels / (4 * np.log(2)) ** 1.5)


def smoothness(residuals: NDArray[np.float32], mask: Mask, df: int) -> Smoothness:
    """Return the smoothness of a model's residuals.

    Parameters
    ----------
    residuals : (n, voxels)
    mask : (x, y, z) bool
    df : int
        Residual degrees of freedom; 0 if the fields are no residuals but noise.

    Notes
    -----
    From the correlation ρ of neighbours, σ² = −1 / (4 ln ρ), as FSL's `smoothest` and DPABI have it, over voxels whose
    neighbours before them all lie in the mask.
    """
    scale = np.sqrt(np.einsum("nv,nv->v", residuals, residuals, dtype=np.float64))
    known = mask.copy()
    known[mask] = np.isfinite(scale) & (scale > 0)
    here, before = _neighbours(mask, known)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = 1 / scale
    product, square = np.zeros(3), np.zeros(3)
    for row in residuals:
        unit = row * inverse
        own = unit[here]
        length = own @ own
        for axis, columns in enumerate(before):
            other = unit[columns]
            product[axis] += own @ other
            square[axis] += 0.5 * (length + other @ other)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma = np.sqrt(-1 / (4 * np.log(np.minimum(product / square, 0.99999))))
    roughness = float((8 * (sigma**2).prod()) ** -0.5) * np.sqrt(_few_residuals(df) if df else 1.0)
    x, y, z = (FWHM_PER_SIGMA * sigma).tolist()
    return Smoothness((x, y, z), roughness, int(mask.sum()))


def _neighbours(mask: Mask, known: Mask) -> tuple[NDArray[np.intp], list[NDArray[np.intp]]]:
    """Return columns of voxels whose neighbours before them are all known, and those of these neighbours by axis."""
    column = np.full(mask.shape, -1, dtype=np.intp)
    column[mask] = np.arange(int(mask.sum()))
    column[~known] = -1
    before = []
    for axis in range(3):
        shifted = np.roll(column, 1, axis)
        shifted[tuple(slice(0, 1) if a == axis else slice(None) for a in range(3))] = -1
        before.append(shifted)
    inner = np.logical_and.reduce([column >= 0, *(shifted >= 0 for shifted in before)])
    return column[inner], [shifted[inner] for shifted in before]


@cache
def _few_residuals(df: int) -> float:
    """Return by how much roughness is larger for a Gaussianised t field of few degrees of freedom.

    λ = ∫ (t² + ν − 1)² / ((ν − 1)(ν − 2)) f(t)² / φ(z) dz, with t the quantile of z: the values that FSL tabulates.
    """
    if df < 6:
        return 1.1

    def density(z: float) -> float:
        t = stats.t.isf(stats.norm.sf(z), df)
        spread = (t * t + df - 1) ** 2 / ((df - 1) * (df - 2))
        return float(spread * np.exp(2 * stats.t.logpdf(t, df) - stats.norm.logpdf(z)))

    return 2 * float(integrate.quad(density, 0, 30, limit=500)[0])


def cluster_p(extent: ArrayLike, z: float, field: Smoothness) -> NDArray[np.float64]:
    """Return p of clusters of so many voxels, (clusters,), above z in a Gaussian field, in three dimensions alone.

    Friston 1994, Hum Brain Mapp 1:210-220; DPABI's `y_GRF_Threshold` and SPM's 3-D term give the same.
    """
    expected = field.voxels * (2 * np.pi) ** -2 * field.roughness * (z * z - 1) * np.exp(-z * z / 2)
    return _friston(extent, expected, field.voxels * stats.norm.sf(z))


def cluster_p_t(extent: ArrayLike, t: float, df: int, field: Smoothness) -> NDArray[np.float64]:
    """Return the same, (clusters,), for a t field in three dimensions (Worsley 1996, Hum Brain Mapp 4:58-73)."""
    height = (1 + t * t / df) ** (-(df - 1) / 2) * ((df - 1) / df * t * t - 1)
    expected = field.voxels * (2 * np.pi) ** -2 * field.roughness * height
    return _friston(extent, expected, field.voxels * stats.t.sf(t, df))


def _friston(extent: ArrayLike, clusters: float, voxels: float) -> NDArray[np.float64]:
    beta = (special.gamma(2.5) * clusters / voxels) ** (2 / 3)
    return np.asarray(-np.expm1(-clusters * np.exp(-beta * np.asarray(extent, dtype=np.float64) ** (2 / 3))))


def smallest_extent(z: float, field: Smoothness, alpha: float) -> int | None:
    """Return the voxels from which on a cluster above z has p < alpha; None where that cannot be told."""
    sizes = np.arange(1, field.voxels + 1)
    enough = cluster_p(sizes, z, field) < alpha
    return int(sizes[np.argmax(enough)]) if enough.any() else None
