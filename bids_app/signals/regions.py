"""Regions of interest on a voxel lattice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Grid, Mask


def sphere(grid: Grid, centre: tuple[float, float, float], radius: float) -> NDArray[np.intp]:
    """Return lattice indices (n, 3) of voxels whose centre lies within `radius` mm of `centre`.

    The lattice is taken as endless, so that voxels outside the field of view are counted as missing and
    not forgotten. A sphere that holds no voxel centre takes the nearest voxel.
    """
    middle = np.linalg.solve(grid.affine, np.array([*centre, 1.0]))[:3]
    reach = int(np.ceil(radius / grid.voxel_sizes.min())) + 1
    steps = np.arange(-reach, reach + 1)
    box = np.round(middle).astype(np.intp) + np.array(np.meshgrid(steps, steps, steps)).reshape(3, -1).T
    places = box @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    distance = np.linalg.norm(places - np.array(centre), axis=1)
    # The tolerance keeps a centre that lies on the surface in, whatever the rounding of the affine.
    inside = distance <= radius + 1e-6
    return box[inside] if inside.any() else box[[int(distance.argmin())]]


def columns_of(grid: Grid, indices: NDArray[np.intp], usable: Mask) -> NDArray[np.intp]:
    """Return places among the usable voxels (C order) of those lattice indices that are usable.

    Parameters
    ----------
    indices : (n, 3)
        They may lie outside the lattice.
    usable : (x, y, z) bool
    """
    within = ((indices >= 0) & (indices < np.array(grid.shape))).all(axis=1)
    flat = np.ravel_multi_index(tuple(indices[within].T), grid.shape)
    flat = np.sort(flat[usable.ravel()[flat]])
    order: NDArray[np.intp] = np.cumsum(usable.ravel())[flat] - 1
    return order
