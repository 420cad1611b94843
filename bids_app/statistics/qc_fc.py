"""How far maps still correlate with head motion (QC-FC; Ciric 2017, doi:10.1016/j.neuroimage.2017.03.020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.statistics.permutation.linear_model import orthonormal, residual, tiles

BINS = 10
"""Groups of voxels of equal size, from those next to the seed to those furthest away."""


@dataclass(frozen=True, eq=False)
class QCFC:
    """Correlation of maps with motion over participants.

    Attributes
    ----------
    r : (voxels,)
    df : int
    """

    r: NDArray[np.float64]
    df: int

    @property
    def median(self) -> float:
        """Median of |r|."""
        return float(np.nanmedian(np.abs(self.r)))

    @property
    def median_by_chance(self) -> float:
        """Median of |r| where maps and motion have nothing in common."""
        t = stats.t.ppf(0.75, self.df)
        return float(t / np.sqrt(t**2 + self.df))

    @property
    def share(self) -> float:
        """Share of voxels with p < .05, uncorrected; .05 by chance."""
        t = stats.t.isf(0.025, self.df)
        return float(np.mean(np.abs(self.r[np.isfinite(self.r)]) > t / np.sqrt(t**2 + self.df)))


def qc_fc(maps: NDArray[np.float32], motion: NDArray[np.float64], nuisance: NDArray[np.float64]) -> QCFC:
    """Return the partial correlation of each voxel with motion.

    Parameters
    ----------
    maps : (n, voxels)
    motion : (n,)
        Mean framewise displacement of each participant.
    nuisance : (n, k)
        Columns that are taken out of both, the constant and the arms among them.
    """
    basis = orthonormal(nuisance)
    moved = residual(motion[:, None], basis)
    r = np.empty(maps.shape[1])
    for tile in tiles(len(maps), len(r)):
        left = residual(maps[:, tile].astype(np.float64), basis)
        with np.errstate(divide="ignore", invalid="ignore"):
            r[tile] = (moved.T @ left)[0] / np.linalg.norm(left, axis=0) / np.linalg.norm(moved)
    return QCFC(r, len(motion) - basis.shape[1] - 1)


def by_distance(r: NDArray[np.float64], distance: NDArray[np.floating]) -> tuple[float, list[tuple[float, float]]]:
    """Return Spearman's correlation of r, (voxels,), with distance, and medians of both in voxels of like distance."""
    known = np.isfinite(r) & np.isfinite(distance)
    r, distance = r[known], distance[known]
    if len(r) < BINS:
        return float("nan"), []
    rho = float(stats.spearmanr(r, distance).statistic)
    parts = np.array_split(np.argsort(distance, kind="stable"), BINS)
    return rho, [(float(np.median(distance[part])), float(np.median(r[part]))) for part in parts]
