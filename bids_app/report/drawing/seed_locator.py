"""Where a seed lies: three small slices of the mean image through its middle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.report.drawing.mosaic import SEED, as_png, greys
from bids_app.report.drawing.slicing import outline, sample
from bids_app.vocabulary.grid import Grid, Mask

REACH, STEP = 42.0, 1.0
"""mm from the middle to the edge of a slice, and per pixel."""


def locate(below: NDArray[np.float32], grid: Grid, levels: tuple[float, float], seed: Mask) -> bytes:
    """Draw the seed outlined on an image, seen from the right, from behind and from above, as PNG bytes.

    Parameters
    ----------
    below : (x, y, z)
        Finite.
    levels : (black, white)
        Of it, see `mosaic.grey_levels`.
    seed : (x, y, z) bool
    """
    places = np.argwhere(seed)
    centre = grid.affine[:3, :3] @ places.mean(axis=0) + grid.affine[:3, 3] if len(places) else np.zeros(3)
    around = [tuple((at + np.arange(-REACH, REACH + STEP, STEP)).tolist()) for at in centre]
    volumes = below, seed.astype(np.float32)
    panels = []
    for axis in range(3):
        grey, shape = (_plane(volume, grid, around, centre, axis) for volume in volumes)
        image = np.repeat(greys(grey, levels)[..., None] * 217, 3, axis=2)
        image[outline(shape > 0.4)] = SEED
        panels.append(np.pad(image, ((0, 0), (0, 4), (0, 0))))
    return as_png(np.concatenate(panels, axis=1), [])


def _plane(
    volume: NDArray[np.float32], grid: Grid, around: list[tuple[float, ...]], centre: NDArray[np.float64], axis: int
) -> NDArray[np.float32]:
    """Return one slice across an axis, rows downwards; seen from the right the front is on the right."""
    xs, ys, zs = (
        (float(centre[i]),) if i == axis else values[::-1] if i == 2 or (i == 1 and axis == 2) else values
        for i, values in enumerate(around)
    )
    box = sample(volume, grid, xs, ys, zs).reshape(len(ys), len(zs), len(xs))
    return box[:, :, 0].T if axis == 0 else box[0] if axis == 1 else box[:, 0]
