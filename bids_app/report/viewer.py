"""The interactive viewer of a page: niivue as nilearn ships it, and maps small enough to lie in the page.

Everything is inside the page: the program and the maps are gzipped and written as base64, and unpacked when someone
opens the viewer. A browser without WebGL 2 says so; the pictures on the page show the same maps.
"""

from __future__ import annotations

import base64
import gzip
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.coordinates import named
from bids_app.dataset.atlases.images import atlas_file, atlas_values, label_names
from bids_app.derivatives.files import volume_bytes
from bids_app.errors import DeqiError
from bids_app.report.drawing.mosaic import COLD, WARM
from bids_app.vocabulary.grid import Grid, Mask

STEPS = 60
"""Values between zero and the brightest colour; finer differences cannot be seen."""


@cache
def program() -> Mapping[str, str]:
    """Return the program, gzipped as base64, and its version; nothing where nilearn does not ship it."""
    source = files("nilearn") / "_assets" / "js" / "niivue.umd.js"
    if not source.is_file():
        return {}
    text = source.read_text(encoding="utf-8")
    found = re.search(r'version:"(\d+\.\d+\.\d+)"', text)
    licence = (files("bids_app.report") / "templates" / "niivue-licence.txt").read_text(encoding="utf-8")
    return {
        "program": base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode("ascii"),
        "version": found[1] if found else "",
        "licence": licence,
    }


def background(values: NDArray[Any], grid: Grid) -> str:
    """Pack an image to look at, in 100 greys up to its 99.5th percentile."""
    values = np.nan_to_num(values)
    inside = values[values > 0]
    top = float(np.percentile(inside, 99.5)) if inside.size else 1.0
    return _pack(np.clip(values / top, 0, 1) * 100, grid, np.uint8, 1.0)


def overlay(values: NDArray[Any], grid: Grid, limit: float, where: Mask) -> str:
    """Pack a map in steps of `limit / 60`; voxels outside `where` are 0, which is not drawn."""
    shown = np.where(where, values, 0)
    return _pack(np.clip(shown * (STEPS / limit), -32000, 32000), grid, np.int16, limit / STEPS)


def _pack(values: NDArray[Any], grid: Grid, kind: type[Any], slope: float) -> str:
    packed = volume_bytes(np.rint(values).astype(kind), grid, slope=slope)
    return base64.b64encode(packed).decode("ascii")


def colour_maps() -> dict[str, dict[str, list[int]]]:
    """Return the colours of the pictures in the form that niivue takes; what lies below the floor is clear."""
    found = {}
    for name, stops in (("warm", WARM), ("cold", COLD)):
        places = np.linspace(1, 255, len(stops)).astype(int).tolist()
        red, green, blue = ([int(channel[0]), *channel.astype(int).tolist()] for channel in stops.T)
        found[name] = {"R": red, "G": green, "B": blue, "A": [0] + [255] * len(stops), "I": [0, *places]}
    return found


def view(
    values: NDArray[Any], grid: Grid, scale: tuple[float, float], words: Mapping[str, str],
    corrected: Mask | None = None, below: str = "0",
) -> dict[str, object]:  # fmt: skip
    """Return one map that can be opened.

    Parameters
    ----------
    values : (x, y, z)
    scale : (floor, limit)
        Magnitude drawn at first, and that of the brightest colour; below half the floor nothing is kept.
    words : mapping
        `id` (of its buttons), `title`, `unit` and `note`, what must be known to read it.
    corrected : (x, y, z) bool, optional
        What survives: drawn in full colour, everything else pale.
    below : str
        Which background it lies on.
    """
    floor, limit = scale
    kept = np.abs(np.nan_to_num(values)) >= floor / 2
    where = kept if corrected is None else kept & corrected
    peak = np.unravel_index(np.argmax(np.where(where if where.any() else kept, np.abs(values), 0)), values.shape)
    packed = {} if corrected is None else {"corrected": overlay(values, grid, limit, where)}
    return {
        **words, **packed, "floor": floor, "least": floor / 2, "limit": limit, "below": below,
        "data": overlay(values, grid, limit, kept),
        "peak": np.round(grid.affine[:3, :3] @ peak + grid.affine[:3, 3]).tolist(),
    }  # fmt: skip


def labels(word: str, space: str) -> dict[str, object] | None:
    """Return the atlas that names places, or None where none was given or it is not there any more."""
    try:
        path = atlas_file(word, space) if word else None
    except DeqiError:
        return None
    if path is None:
        return None
    values, grid = atlas_values(path)
    return {"data": _pack(values, grid, np.int32, 1.0), "names": label_names(path)}


def content(
    below: Mapping[str, str], maps: list[dict[str, object]], atlas: Mapping[str, object] | None = None
) -> dict[str, object] | None:
    """Return what the page needs to open the viewer, or None where there is nothing to open.

    Parameters
    ----------
    below : mapping
        Backgrounds by name.
    maps : list
        What `view` gives.
    atlas : mapping, optional
        What `labels` gives; without it the nearest named centres say what lies under the crosshair.
    """
    if not maps or not program():
        return None
    data = {"below": below, "maps": maps, "colours": colour_maps(), "places": named(), "atlas": atlas}
    return {**program(), "data": data, "ids": {one["id"] for one in maps}}
