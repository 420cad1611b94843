"""What lies at a place of the brain, in words: the label of an atlas that is given, else the nearest named centre.

Without an atlas the centres are those of this package's regions and the 160 of Dosenbach et al. 2010
(doi:10.1126/science.1194144), which nilearn ships. A centre names a neighbourhood and has no border: its distance is
always said.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

import numpy as np

from bids_app.dataset import presets
from bids_app.dataset.atlases import atlas_file, atlas_values, label_names
from bids_app.vocabulary.seed import is_mni152

Place = tuple[int, int, int, str]

WITHIN = 10.0
"""mm; further away a centre says nothing."""


@cache
def named() -> tuple[Place, ...]:
    """Return every named centre: x, y, z in mm and the name, with L or R unless it is within 3 mm of the middle."""
    own = presets.load("seeds", "regions")["seeds"]
    found = [(*map(round, seed["centre"]), name) for name, seed in own.items() if "centre" in seed]
    table = files("nilearn") / "datasets" / "data" / "dosenbach_2010.csv"
    if table.is_file():
        with table.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        found += [(*(int(row[axis]) for axis in "xyz"), _sided(row["name"], int(row["x"]))) for row in rows]
    return tuple(found)


def nearest(x: float, y: float, z: float) -> str:
    """Return the nearest named centre and its distance, or nothing where none is within 10 mm.

    >>> nearest(-12, -12, 6)
    'thalamusL, 0 mm'
    """
    centres = np.array([place[:3] for place in named()], dtype=float)
    distance = np.sqrt(((centres - (x, y, z)) ** 2).sum(axis=1))
    least = int(distance.argmin())
    return f"{named()[least][3]}, {distance[least]:.0f} mm" if distance[least] <= WITHIN else ""


def namer(word: str, space: str) -> Callable[[float, float, float], str]:
    """Return what names a place: an atlas (a path, or `templateflow:atlas-...`), or without one the nearest centre.

    Raises
    ------
    MissingInputError, UsageError, WrongDataError
        If the atlas is not there, in another space, or has no proper table beside it.
    """
    if not word:
        return nearest if is_mni152(space) else _unnamed
    path = atlas_file(word, space)
    label_names(path)
    return partial(label_at, path)


def _unnamed(x: float, y: float, z: float) -> str:  # noqa: ARG001
    """Name nothing: published centres are of another template."""
    return ""


def label_at(atlas: Path, x: float, y: float, z: float) -> str:
    """Return the label of an atlas at a place, or nothing between labels and outside."""
    values, grid = atlas_values(atlas)
    voxel = np.rint(np.linalg.inv(grid.affine) @ (x, y, z, 1))[:3].astype(int)
    if (voxel < 0).any() or (voxel >= grid.shape).any():
        return ""
    return label_names(atlas).get(int(np.rint(values[tuple(voxel)])), "")


def _sided(name: str, x: int) -> str:
    return name if abs(x) <= 3 else f"{name} {'R' if x > 0 else 'L'}"
