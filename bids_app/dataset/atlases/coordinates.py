"""What lies at a place of the brain, in words: the label of an atlas that is given, else the nearest named centre.

Without an atlas the centres are those of this package's regions and the 160 of Dosenbach et al. 2010
(doi:10.1126/science.1194144), which nilearn ships. A centre names a neighbourhood and has no border: its distance is
always said.
"""

from __future__ import annotations

import csv
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

import numpy as np

from bids_app.dataset import presets
from bids_app.dataset.atlases.images import atlas_file, atlas_values, label_names
from bids_app.vocabulary.grid import Namer, Points
from bids_app.vocabulary.region_request import is_mni152

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


SHARE, LABELS = 0.1, 3
"""Share of a cluster from which on a label of an atlas is named, and how many are."""


def namer(word: str, space: str) -> Namer:
    """Return what names a cluster: an atlas (a path, or `templateflow:atlas-...`), or the centre nearest to its peak.

    Raises
    ------
    MissingInputError, UsageError, WrongDataError
        If the atlas is not there, in another space, or has no proper table beside it.
    """
    if not word:
        return (lambda points: nearest(*points[0])) if is_mni152(space) else _unnamed
    path = atlas_file(word, space)
    label_names(path)
    return partial(labels_in, path)


def _unnamed(points: Points) -> str:  # noqa: ARG001
    """Name nothing: published centres are of another template."""
    return ""


def labels_in(atlas: Path, points: Points) -> str:
    """Return the labels of an atlas that hold a tenth of a cluster or more, with their shares; the largest first.

    What lies between labels and outside counts as part of the cluster and has no name.
    """
    values, grid = atlas_values(atlas)
    away, origin = np.linalg.inv(grid.affine)[:3, :3], np.linalg.inv(grid.affine)[:3, 3]
    voxels = np.rint(points @ away.T + origin).astype(int)
    inside = ((voxels >= 0) & (voxels < grid.shape)).all(axis=1)
    numbers, counts = np.unique(np.rint(values[tuple(voxels[inside].T)]).astype(int), return_counts=True)
    named = [
        (count / len(points), label_names(atlas).get(int(n), "")) for n, count in zip(numbers, counts, strict=True)
    ]
    shares = sorted((one for one in named if one[1] and one[0] >= SHARE), reverse=True)
    return ", ".join(f"{name} {100 * share:.0f} %" for share, name in shares[:LABELS])


def _sided(name: str, x: int) -> str:
    return name if abs(x) <= 3 else f"{name} {'R' if x > 0 else 'L'}"
