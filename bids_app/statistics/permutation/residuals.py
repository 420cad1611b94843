"""What a fitted linear model leaves of each voxel."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.linear_model import LinearModel, Matrix, orthonormal, residual, tiles
from bids_app.vocabulary import array_allocation


def residuals(model: LinearModel) -> NDArray[np.float32]:
    """Return what the whole model leaves of each voxel, (n, voxels), each to a scale of its own."""
    left = array_allocation.empty_array((model.tested.shape[0], model.tested.shape[1]))
    for tile, part in residual_tiles(model):
        left[:, tile] = part
    return left


def residual_tiles(model: LinearModel) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Yield some voxels, and the residuals of the whole model there, (n, voxels of the tile)."""
    axes = orthonormal(residual(model.columns, model.nuisance))
    for tile in tiles(model.tested.shape[0], model.tested.shape[1]):
        part, before = model.units(tile)
        for column in axes.T:
            direction: Matrix = np.repeat(column[:, None], part.shape[1], axis=1)
            if before is not None:
                direction = direction - before * (column @ before)
                with np.errstate(invalid="ignore", divide="ignore"):
                    direction /= np.linalg.norm(direction, axis=0)
            part = part - direction * np.einsum("nv,nv->v", direction, part)
        yield tile, part.astype(np.float32)
