"""A glass brain drawn as an array: the largest magnitude along three directions, on the outline of the template."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.report.drawing.mosaic import PALE, as_png, colours
from bids_app.report.drawing.slicing import outline, sample
from bids_app.report.drawing.template import template
from bids_app.vocabulary.grid import Grid, Mask

STEP = 2.0
"""mm per pixel."""

X = tuple(np.arange(-80, 80 + STEP, STEP).tolist())
Y = tuple(np.arange(80, -114 - STEP, -STEP).tolist())
Z = tuple(np.arange(84, -70 - STEP, -STEP).tolist())

INK, EDGE = 30.0, 110.0
"""Greys of the inside and of the outline."""


def glass(values: NDArray[Any], grid: Grid, scale: tuple[float, float], corrected: Mask) -> bytes:
    """Draw a map from the right, from behind and from above, and return PNG bytes; left is left.

    Parameters
    ----------
    values : (x, y, z)
    scale : (floor, limit)
        Magnitudes below the floor are not drawn; the limit has the brightest colour.
    corrected : (x, y, z) bool
        What survives correction: full colour within a white line; everything else is pale.
    """
    floor, limit = scale
    shown = _box(np.nan_to_num(values), grid)
    shown = np.where(np.abs(shown) >= floor, shown, 0)
    firm = _box(corrected.astype(np.float32), grid) > 0.5
    panels = []
    for axis, inside in enumerate(silhouettes()):
        image = np.repeat(np.where(outline(inside), EDGE, np.where(inside, INK, 0.0))[..., None], 3, axis=2)
        for layer, alpha in ((shown, PALE), (np.where(firm, shown, 0), 1.0)):
            seen = _largest(layer, axis)
            drawn = seen != 0
            image[drawn] = image[drawn] * (1 - alpha) + colours(seen[drawn], limit) * alpha
        image[outline(_largest(firm.astype(float), axis) > 0)] = 255
        panels.append(image)
    height = max(panel.shape[0] for panel in panels)
    padded = [np.pad(panel, ((0, height - panel.shape[0]), (0, 8), (0, 0))) for panel in panels]
    starts = np.cumsum([0] + [panel.shape[1] for panel in padded])
    sides = [(int(start) + 3, 2, "L") for start in starts[1:3]] + [(int(end) - 16, 2, "R") for end in starts[2:4]]
    return as_png(np.concatenate(padded, axis=1), sides)


def _box(volume: NDArray[Any], grid: Grid) -> NDArray[np.float32]:
    """Return a volume on the lattice of the picture: (y, z, x)."""
    return sample(volume, grid, X, Y, Z).reshape(len(Y), len(Z), len(X))


def _largest(box: NDArray[Any], direction: int) -> NDArray[Any]:
    """Return the value of largest magnitude along x, y or z as a picture: rows downwards, columns to the right."""
    axis = (2, 0, 1)[direction]
    place = np.expand_dims(np.abs(box).argmax(axis=axis), axis)
    flat = np.take_along_axis(box, place, axis=axis).squeeze(axis)
    return flat.T[:, ::-1] if direction == 0 else flat  # from the right: the front is on the right


@cache
def silhouettes() -> tuple[Mask, Mask, Mask]:
    """Return the outline of the brain from the right, from behind and from above, filled."""
    values, grid = template()
    inside = _box(values, grid) > 0.1 * float(np.percentile(values, 99))
    x, y, z = (_largest(inside, direction).astype(bool) for direction in range(3))
    return x, y, z
