"""The brain in which reported peaks are looked at: a mask on a grid of 2 mm."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bids_app.dataset.volumes import read_mask
from bids_app.errors import WrongDataError
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Grid

GRID = Grid((91, 109, 91), np.array([[2.0, 0, 0, -90], [0, 2.0, 0, -126], [0, 0, 2.0, -72], [0, 0, 0, 1]]))
"""MNI space as FSL and most tables of coordinates have it, at 2 mm."""


def read_brain(path: Path | None) -> Voxels:
    """Return the mask of a file, or without one the MNI152 brain that comes with nilearn, on the usual grid.

    Raises
    ------
    MissingInputError, WrongDataError
        If the file cannot be read, its voxels are no cubes, or it is empty.
    """
    if path is None:
        return _packaged()
    mask, grid = read_mask(path)
    sizes = grid.voxel_sizes
    if not np.allclose(sizes, sizes[0], atol=1e-3):
        raise WrongDataError(f"{path} has voxels of {grid.describe()}; expected cubes, e.g. of 2 mm.")
    return Voxels(grid, mask)


def _packaged() -> Voxels:
    from nilearn.datasets import load_mni152_brain_mask
    from nilearn.image import resample_img

    image = resample_img(
        load_mni152_brain_mask(resolution=2), GRID.affine, GRID.shape, interpolation="nearest", force_resample=True,
        copy_header=True,
    )  # fmt: skip
    return Voxels(GRID, np.asarray(image.dataobj) > 0.5)
