"""Values of regions on the outline of the brain: a disc at the centre of each, seen from three sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.report.drawing.glass_brain import EDGE, INK, X, Y, Z, silhouettes
from bids_app.report.drawing.mosaic import as_png, colours
from bids_app.report.drawing.slicing import outline

Matrix = NDArray[np.float64]

LARGEST = 5.0
"""Pixels; radius of the disc of a region of usual size."""


def spots(places: Matrix, values: Matrix, voxels: Matrix, limit: float) -> bytes:
    """Draw regions from the right, from behind and from above, and return PNG bytes; left is left.

    Parameters
    ----------
    places : (regions, 3)
        Centres, mm.
    values : (regions,)
    voxels : (regions,)
        A disc has the area of its region, as far as that can be seen.
    limit : float
        The magnitude of the brightest colour.
    """
    size = np.clip(np.cbrt(voxels / max(float(np.median(voxels)), 1.0)), 0.6, 1.6) * LARGEST
    panels = []
    for axis, inside in enumerate(silhouettes()):
        image = np.repeat(np.where(outline(inside), EDGE, np.where(inside, INK, 0.0))[..., None], 3, axis=2)
        # From the right the rightmost are nearest, from behind those at the back, from above the highest.
        depth = places[:, axis] * (1, -1, 1)[axis]
        for i in np.argsort(depth, kind="stable"):
            _disc(image, _pixel(places[i], axis), size[i], colours(values[i : i + 1], limit)[0])
        panels.append(image)
    height = max(panel.shape[0] for panel in panels)
    padded = [np.pad(panel, ((0, height - panel.shape[0]), (0, 8), (0, 0))) for panel in panels]
    starts = np.cumsum([0] + [panel.shape[1] for panel in padded])
    sides = [(int(start) + 3, 2, "L") for start in starts[1:3]] + [(int(end) - 16, 2, "R") for end in starts[2:4]]
    return as_png(np.concatenate(padded, axis=1), sides)


def _pixel(place: Matrix, axis: int) -> tuple[float, float]:
    """Return row and column of a place: seen from the right the front is on the right."""
    x, y, z = (np.interp(value, grid, np.arange(len(grid))) for value, grid in zip(place, _rising(), strict=True))
    row, column = ((len(Z) - 1 - z, y), (len(Z) - 1 - z, x), (len(Y) - 1 - y, x))[axis]
    return float(row), float(column)


def _rising() -> tuple[Matrix, Matrix, Matrix]:
    return np.array(X), np.array(Y[::-1]), np.array(Z[::-1])


def _disc(image: Matrix, centre: tuple[float, float], radius: float, colour: Matrix) -> None:
    rows, columns = np.ogrid[: image.shape[0], : image.shape[1]]
    distance = np.hypot(rows - centre[0], columns - centre[1])
    share = np.clip(radius + 0.5 - distance, 0, 1)[..., None]
    ring = np.clip(1 - np.abs(distance - radius), 0, 1)[..., None] * 0.7
    image *= 1 - share
    image += colour * share
    image *= 1 - ring
