"""The interactive viewer of a page: niivue as nilearn ships it, and the maps that it opens.

Program and maps are gzipped, written as base64, kept as assets and unpacked when a reader opens a map. A browser
without WebGL 2 says so; the pictures on the page show the same maps.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.coordinates import named
from bids_app.dataset.atlases.images import atlas_file, atlas_values, label_names
from bids_app.derivatives.files import gzipped, volume_bytes
from bids_app.errors import DeqiError
from bids_app.report.assets import Assets
from bids_app.report.drawing.mosaic import COLD, WARM
from bids_app.vocabulary.grid import Grid, Mask

STEPS = 32000
"""Values between zero and the largest of a map: 16 bits show what the file holds."""


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
        "program": base64.b64encode(gzipped(text.encode(), 6)).decode("ascii"),
        "version": found[1] if found else "",
        "licence": licence,
    }


def background(values: NDArray[Any], grid: Grid) -> str:
    """Pack an image to look at, in 100 greys up to its 99.5th percentile."""
    values = np.nan_to_num(values)
    inside = values[values > 0]
    top = float(np.percentile(inside, 99.5)) if inside.size else 1.0
    return _pack(np.clip(values / top, 0, 1) * 100, grid, np.uint8, 1.0)


def overlay(values: NDArray[Any], grid: Grid, where: Mask) -> str:
    """Pack a map in 16 bits; voxels outside `where` are 0, which is not drawn."""
    shown = np.where(where, np.nan_to_num(values), 0)
    slope = float(np.abs(shown).max()) / STEPS or 1.0
    return _pack(shown / slope, grid, np.int16, slope)


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


@dataclass(frozen=True, kw_only=True)
class View:
    """One map that can be opened.

    Attributes
    ----------
    id : str
        Of its buttons.
    note : str
        What must be known to read it.
    floor, least, limit : float
        Magnitude drawn at first, the least that was kept, and that of the brightest colour.
    below : str
        Which background it lies on.
    peak : sequence of float
        x, y, z in mm where it opens.
    data, corrected : str
        Packed volumes: all that was kept, and what survives correction (empty where nothing is corrected).
    """

    id: str
    title: str
    unit: str
    note: str
    floor: float
    least: float
    limit: float
    below: str
    peak: Sequence[float]
    data: str
    corrected: str = ""


def view(
    values: NDArray[Any], grid: Grid, scale: tuple[float, float], words: Mapping[str, str],
    corrected: Mask | None = None, below: str = "0",
) -> View:  # fmt: skip
    """Return one map that can be opened.

    Parameters
    ----------
    values : (x, y, z)
    scale : (floor, limit)
        Magnitude drawn at first, and that of the brightest colour; below half the floor nothing is kept.
    words : mapping
        `id`, `title`, `unit` and `note`.
    corrected : (x, y, z) bool, optional
        What survives: drawn in full colour, everything else pale.
    """
    floor, limit = scale
    kept = np.abs(np.nan_to_num(values)) >= floor / 2
    where = kept if corrected is None else kept & corrected
    peak = np.unravel_index(np.argmax(np.where(where if where.any() else kept, np.abs(values), 0)), values.shape)
    return View(
        **words, floor=floor, least=floor / 2, limit=limit, below=below, data=overlay(values, grid, kept),
        corrected="" if corrected is None else overlay(values, grid, where),
        peak=np.round(grid.affine[:3, :3] @ peak + grid.affine[:3, 3]).tolist(),
    )  # fmt: skip


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
    below: Mapping[str, str], maps: Sequence[View], assets: Assets, atlas: Mapping[str, object] | None = None
) -> dict[str, object] | None:
    """Return what the page needs to open the viewer, or None where there is nothing to open.

    Parameters
    ----------
    below : mapping
        Backgrounds by name.
    atlas : mapping, optional
        What `labels` gives; without it the nearest named centres say what lies under the crosshair.
    """
    if not maps or not program():
        return None
    shown = [
        {**vars(one), "data": assets.keep("map", one.data),
         "corrected": assets.keep("map", one.corrected) if one.corrected else ""} for one in maps
    ]  # fmt: skip
    known = {name: assets.keep("map", packed) for name, packed in below.items()}
    packed = {**atlas, "data": assets.keep("map", str(atlas["data"]))} if atlas else None
    data = {
        "below": known, "maps": shown, "colours": colour_maps(), "places": named(), "atlas": packed,
        "program": assets.keep("viewer", program()["program"]), "inside": assets.inside,
    }  # fmt: skip
    return {"version": program()["version"], "licence": program()["licence"], "data": data,
            "ids": {one.id for one in maps}}  # fmt: skip
