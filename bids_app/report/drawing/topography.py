"""Values of electrodes on a head seen from above, and of channels by frequency, as pictures with coordinates."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bids_app.report.html import embed
from bids_app.signals.scalp import flattened, from_above, on_sphere, spline_weights
from bids_app.vocabulary.grid import Points

Floats = NDArray[np.float64]

SIDE, EDGE = 120, 1.12
"""Pixels of a head, and where it is cut off: quarters of the way around, beyond the ears."""

_WARM, _COLD, _WHITE = np.array([178, 24, 43]), np.array([33, 102, 172]), np.array([247, 247, 247])


def colours(values: Floats, limit: float) -> NDArray[np.uint8]:
    """Return red for values above 0 and blue below, white at 0 and fullest at `limit`, (..., 3)."""
    share = np.clip(np.nan_to_num(values) / limit, -1, 1)[..., None]
    return np.asarray(_WHITE + np.abs(share) * (np.where(share > 0, _WARM, _COLD) - _WHITE), dtype=np.uint8)


def topography(positions: Points, values: Floats, limit: float, marked: Sequence[bool]) -> dict[str, object]:
    """Return a head with values between electrodes by spherical splines.

    Parameters
    ----------
    positions : (channels, 3) mm
    values : (channels,)
    limit : float
        Value of the fullest colour.
    marked : (channels,) bool
        Which electrodes stand out.

    Returns
    -------
    dict
        `picture` (an address), and `dots` (x, y, marked) in units of the head, -1 to 1 from ear to ear.
    """
    axis = np.linspace(-EDGE, EDGE, SIDE)
    across, up = np.meshgrid(axis, -axis)
    places = np.column_stack([across.ravel(), up.ravel()])
    between = spline_weights(on_sphere(positions), from_above(places)) @ values
    inside = np.hypot(*places.T) <= EDGE
    pixels = np.dstack([colours(between, limit).reshape(SIDE, SIDE, 3), 255 * inside.reshape(SIDE, SIDE)])
    at = flattened(positions)
    dots = [(f"{x:.3f}", f"{-y:.3f}", bool(m)) for (x, y), m in zip(at, marked, strict=True)]
    return {"picture": _png(pixels.astype(np.uint8)), "dots": dots}


class Plane(NamedTuple):
    """Channels by frequency: the address of a picture, and the numbers of the channels from the top."""

    picture: str
    order: list[int]


def plane(positions: Points, values: Floats, limit: float, clear: NDArray[np.bool_]) -> Plane:
    """Return channels, front to back, by frequency as a picture; what is not clear is pale.

    Parameters
    ----------
    values, clear : (channels, bins)
    """
    order = np.argsort(-flattened(positions)[:, 1], kind="stable")
    drawn = colours(values[order], limit).astype(np.float64)
    drawn = np.where(clear[order][..., None], drawn, 0.35 * drawn + 0.65 * 255)
    return Plane(_png(drawn.astype(np.uint8)), order.tolist())


def _png(pixels: NDArray[np.uint8]) -> str:
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG", optimize=True)
    return embed(held.getvalue())


def legend(limit: float) -> Mapping[str, str]:
    """Return the colours of both ends as CSS."""
    low, high = colours(np.array([-limit, limit]), limit)
    return {"low": f"rgb{tuple(map(int, low))}", "high": f"rgb{tuple(map(int, high))}"}
