"""Brain mosaics drawn as arrays: seven axial slices, a grey background and a coloured map on it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from bids_app.report.drawing.slicing import outline, sample
from bids_app.vocabulary.grid import Grid, Mask

HEIGHTS = (-38, -22, -6, 10, 26, 42, 58)
"""mm; z of the slices."""

STEP = 1.75
"""mm per pixel."""

_X = tuple(np.arange(-78, 78 + STEP, STEP).tolist())
_Y = tuple(np.arange(78, -112 - STEP, -STEP).tolist())

PALE = 0.28
"""How strongly uncorrected values are drawn where there are corrected ones too, so that they never look alike."""

SEED = (60, 230, 90)
"""Colour of the outline of a seed."""

WARM = np.array([[150, 20, 20], [225, 60, 25], [250, 150, 40], [255, 235, 130]], dtype=float)
COLD = np.array([[25, 45, 140], [35, 105, 210], [70, 175, 235], [185, 235, 250]], dtype=float)


@dataclass(frozen=True, eq=False)
class Underlay:
    """Grey slices, (rows, columns) 0 to 1, that maps are drawn on."""

    grey: NDArray[np.float64]


def _sample(volume: NDArray[Any], grid: Grid) -> NDArray[np.float32]:
    """Return the volume at the pixels of the mosaic, (rows, columns); 0 outside."""
    return sample(volume, grid, _X, _Y, HEIGHTS)


def grey_levels(volume: NDArray[np.float32]) -> tuple[float, float]:
    """Return which values of an image are black and white: four fifths of its 2nd percentile, and its 99th."""
    inside = volume[np.isfinite(volume) & (volume > 0)]
    low, high = np.percentile(inside, [2, 99]) if inside.size else (0.0, 1.0)
    return 0.8 * float(low), float(high)


def greys(values: NDArray[np.float32], levels: tuple[float, float]) -> NDArray[np.float32]:
    """Return values as greys from 0 to 1."""
    low, high = levels
    return np.asarray(np.clip((values - low) / max(high - low, 1e-9), 0, 1))


def underlay(volume: NDArray[Any], grid: Grid) -> Underlay:
    """Make grey slices from an image."""
    grey = greys(_sample(np.nan_to_num(volume), grid), grey_levels(volume))
    return Underlay(0.85 * grey.astype(np.float64))


def _palette() -> NDArray[np.float64]:
    """Return RGB (511, 3): row 255 is zero, warm above, cold below, brighter further away."""
    stops, steps = np.linspace(0, 255, len(WARM)), np.arange(256)
    sides = [np.stack([np.interp(steps, stops, side[:, i]) for i in range(3)], axis=1) for side in (COLD, WARM)]
    return np.concatenate([sides[0][:0:-1], sides[1]])


_PALETTE = _palette()


def colours(values: NDArray[np.floating[Any]], limit: float) -> NDArray[np.float64]:
    """Return RGB (..., 3): positive warm, negative cold, brighter further from zero, full at ± limit."""
    steps = np.clip(values * (255 / limit), -255, 255).astype(np.intp)
    return np.asarray(_PALETTE[steps + 255])


def mosaic(
    below: Underlay,
    values: NDArray[Any],
    grid: Grid,
    scale: tuple[float, float],
    corrected: Mask | None = None,
    seed: Mask | None = None,
) -> bytes:
    """Draw a map on the underlay and return PNG bytes; left is left.

    Parameters
    ----------
    values : (x, y, z)
        NaN is not drawn.
    scale : (floor, limit)
        Magnitudes below the floor are not drawn; the limit has the brightest colour.
    corrected : (x, y, z) bool, optional
        Voxels that survive correction: full colour within a white line. Everything else is then pale, so that
        corrected and uncorrected results never look alike.
    seed : (x, y, z) bool, optional
        Drawn as a green outline.
    """
    floor, limit = scale
    shown = _sample(np.nan_to_num(values), grid)
    alpha = (np.abs(shown) >= floor).astype(float)
    image = np.repeat(below.grey[..., None] * 255, 3, axis=2)
    if corrected is not None:
        firm = _sample(corrected.astype(np.float32), grid) > 0.5
        alpha = np.where(firm, 1.0, PALE * alpha)
    drawn = alpha > 0
    part = alpha[drawn][:, None]
    image[drawn] = image[drawn] * (1 - part) + colours(shown[drawn], limit) * part
    if corrected is not None:
        image[outline(firm)] = 255
    if seed is not None:
        image[outline(_sample(seed.astype(np.float32), grid) > 0.4)] = SEED
    return _png(image)


def heatmap(values: NDArray[Any], limit: float) -> bytes:
    """Draw a square matrix as PNG bytes, one block a cell: white is 0, red above, blue below; grey has no value."""
    block = max(1, 480 // max(len(values), 1))
    share = np.clip(np.nan_to_num(values) / limit, -1, 1)[..., None]
    ends = np.where(share > 0, np.array([178.0, 24, 43]), np.array([33.0, 102, 172]))
    cells = np.where(np.isnan(values)[..., None], 170.0, 255 + (ends - 255) * np.abs(share))
    image = np.repeat(np.repeat(cells, block, axis=0), block, axis=1)
    stream = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _png(image: NDArray[np.float64]) -> bytes:
    width, bottom = len(_X), image.shape[0] - 13
    words = [(i * width + 3, bottom, f"z={height}") for i, height in enumerate(HEIGHTS)]
    return as_png(image, [*words, (3, 2, "L"), (width - 10, 2, "R")])


def as_png(image: NDArray[np.float64], words: Sequence[tuple[int, int, str]]) -> bytes:
    """Return RGB values (rows, columns, 3) from 0 to 255 as PNG bytes, with words (x, y, text) written on them."""
    picture = Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for x, y, text in words:
        draw.text((x, y), text, fill=(200, 200, 200))
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=False, compress_level=4)
    return stream.getvalue()
