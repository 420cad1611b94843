"""Left and right exchanged, so that the painful side of all participants lies on one side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.signals import Signals


def exchanged(signals: Signals) -> Signals:
    """Return signals with left and right exchanged, voxel by voxel."""
    mask, columns, shift = mirrored(signals.mask, signals.grid)
    return replace(
        signals,
        mask=mask,
        coordinates=signals.coordinates[:, columns],
        mean=signals.mean[columns],
        deviation=signals.deviation[columns],
        smoothed=None if signals.smoothed is None else signals.smoothed[:, columns],
        fluid=None if signals.fluid is None else signals.fluid[columns],
        notes={**signals.notes, "flip_shift": shift},
    )


def mirrored(mask: Mask, grid: Grid) -> tuple[Mask, NDArray[np.intp], float]:
    """Return the mask with left and right exchanged, where its voxels came from, and how far they are off.

    Parameters
    ----------
    mask : (x, y, z) bool

    Returns
    -------
    mask : (x, y, z) bool
        Voxels whose mirror image lies in the given mask.
    columns : (voxels,)
        Place of each of them among the voxels of the given mask, C order.
    shift : float
        mm between a voxel and the exact mirror image of the one that it takes: at most half a voxel, because whole
        voxels are exchanged and nothing is interpolated.

    Raises
    ------
    WrongDataError
        If the first axis of the lattice does not run from side to side.
    """
    step = grid.affine[0, 0]
    oblique = np.abs(grid.affine[0, 1:3]).max() + np.abs(grid.affine[1:3, 0]).max()
    if oblique > 1e-3 * abs(step) or step == 0:
        raise WrongDataError(
            f"Left and right cannot be exchanged on {grid.describe()}: its axes are oblique. Take a standard space."
        )
    double = -2 * grid.affine[0, 3] / step
    total = round(double)
    places = np.full(mask.shape, -1, dtype=np.intp)
    places[mask] = np.arange(int(mask.sum()))
    source = total - np.arange(mask.shape[0])
    known = (source >= 0) & (source < mask.shape[0])
    taken = np.full(mask.shape, -1, dtype=np.intp)
    taken[known] = places[source[known]]
    result = taken >= 0
    return result, taken[result], float(abs(total - double) * abs(step))
