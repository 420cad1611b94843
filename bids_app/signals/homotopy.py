"""The mirror partner of each voxel in the other hemisphere, and how the series of both are correlated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.signals.hemisphere_flip import mirrored
from bids_app.vocabulary.grid import Grid, Mask


@dataclass(frozen=True, eq=False)
class MirrorPartners:
    """Which voxel mirrors which.

    Attributes
    ----------
    partner : (voxels,) int
        Place of the partner among the voxels of the mask; -1 of those without one, and of those that are their own.
    left : (voxels,) bool
        Voxels with a partner that lie left of it.
    apart : (voxels,) float64
        mm between partners; NaN without one.
    own : int
        Voxels that are their own mirror image.
    shift : float
        mm between a partner and the exact mirror image.
    """

    partner: NDArray[np.intp]
    left: Mask
    apart: NDArray[np.float64]
    own: int
    shift: float


def partners(mask: Mask, grid: Grid) -> MirrorPartners:
    """Return the partners of the voxels of a mask, (x, y, z) bool.

    Raises
    ------
    WrongDataError
        If the first axis of the lattice does not run from side to side.
    """
    image, columns, shift = mirrored(mask, grid)
    taken = np.full(mask.shape, -1, dtype=np.intp)
    taken[image] = columns
    partner = taken[mask]
    itself = partner == np.arange(len(partner))
    partner[itself] = -1
    across = grid.affine[0, 0] * np.nonzero(mask)[0] + grid.affine[0, 3]
    has = partner >= 0
    apart = np.where(has, np.abs(across - across[partner]), np.nan)
    left = has & (across < across[partner])
    return MirrorPartners(partner, left, apart, int(itself.sum()), shift)


def correlations(coordinates: NDArray[np.float32], partner: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return the correlation of each voxel's series with that of its partner, (voxels,); NaN without one.

    Parameters
    ----------
    coordinates : (n, voxels)
        Series of mean 0, in the coordinates of an orthonormal basis.
    """
    length = np.sqrt(np.einsum("nv,nv->v", coordinates, coordinates, dtype=np.float64))
    has = np.flatnonzero(partner >= 0)
    other = partner[has]
    found = np.full(coordinates.shape[1], np.nan, dtype=np.float32)
    products = np.einsum("nv,nv->v", coordinates[:, has], coordinates[:, other], dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[has] = products / (length[has] * length[other])
    return found
