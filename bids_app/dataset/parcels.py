"""The regions of an atlas as places: centre, side, and whether cortex."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bids_app.dataset.atlases import atlas_values, label_names
from bids_app.errors import WrongDataError
from bids_app.vocabulary.grid import Grid

SUBCORTEX = (
    "tha", "cau", "put", "pal", "accumb", "nac", "gp", "hip", "amy", "brain", "cereb", "vermis", "ventral",
    "diencephalon", "hypothal", "nucleus", "striatum", "substantia", "vta",
)  # fmt: skip
"""Beginnings of the names of what is not cortex, in the atlases of the field."""

SAYS_NOTHING = ("", "l", "r", "lh", "rh", "left", "right", "ctx")

FORE = re.compile(r"^[ap](?=tha)")
"""Front and back part of the thalamus in the atlas of Tian et al."""


@dataclass(frozen=True)
class Place:
    """A region of an atlas.

    Attributes
    ----------
    centre : (3,)
        Mean of its voxels, mm.
    side : str
        left, right, or middle where neither side holds 70 % of it.
    voxels : int
        Of the atlas' own lattice.
    """

    name: str
    number: int
    centre: tuple[float, float, float]
    side: str
    cortex: bool
    voxels: int


@lru_cache(maxsize=8)
def places(path: Path) -> tuple[Place, ...]:
    """Return every region of an atlas that has a voxel, in the order of its table.

    Raises
    ------
    DeqiError
        If the file or its table cannot be read, or it has one region or none.
    """
    values, grid = atlas_values(path)
    labels = np.rint(values).astype(np.int64)
    names = label_names(path)
    indices = np.argwhere(labels > 0)
    own = labels[labels > 0]
    world = indices @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    numbers = [number for number in names if (own == number).any()]
    if len(numbers) < 2:
        raise WrongDataError(f"{path} has {len(numbers)} region; regions are compared with each other.")
    means = np.stack([ndimage.mean(world[:, axis], own, numbers) for axis in range(3)], axis=1)
    left = ndimage.mean((world[:, 0] < 0).astype(np.float64), own, numbers)
    counts = ndimage.sum_labels(np.ones(len(own)), own, numbers)
    return tuple(
        Place(names[number], number, (float(x), float(y), float(z)), _side(share), is_cortex(names[number]), int(count))
        for number, (x, y, z), share, count in zip(numbers, means, left, counts, strict=True)
    )


def _side(left: float) -> str:
    return "left" if left >= 0.7 else "right" if left <= 0.3 else "middle"


def is_cortex(name: str) -> bool:
    """Tell by its name whether a region is cortex.

    >>> is_cortex("7Networks_LH_Vis_1"), is_cortex("Lthal"), is_cortex("pTHA-lh"), is_cortex("L_caudalmiddlefrontal")
    (True, False, False, True)
    """
    words = [
        word
        for word in re.split(r"[^a-z]+", name.lower())
        if word not in ("", "l", "r", "lh", "rh", "left", "right", "ctx")
    ]
    if any("cort" in word for word in words):
        return True
    word = words[0] if words else ""
    word = FORE.sub("", re.sub(r"^(left|right|[lr](?=(thal|caud|put|pal|accumb|hip|amyg)))", "", word))
    below = word.startswith(SUBCORTEX) and not word.startswith("caudal")
    return not below


def _scaled_zero(values: NDArray[np.float32]) -> float:
    """Return what the background is where slope and intercept of a file have moved it off 0; else 0.

    It is the value of the corner, if a tenth of the volume has it and it is nearly nothing beside the largest.
    """
    corner = float(values[0, 0, 0])
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    many = np.count_nonzero(values == corner) > values.size / 10
    return corner if many and abs(corner) <= 1e-3 * largest else 0.0


def region_means(path: Path, values: NDArray[np.float32], grid: Grid) -> NDArray[np.float64]:
    """Return the mean of a volume in every region of an atlas, (regions,) in the order of `places`.

    The value of each voxel of the atlas is that of the nearest voxel of the volume. Zeros and NaN are background and
    count for nothing; a region without a value is NaN.
    """
    labels, own = atlas_values(path)
    indices = np.argwhere(labels > 0)
    number = np.rint(labels[labels > 0]).astype(np.int64)
    onto = np.linalg.inv(grid.affine) @ own.affine
    at = np.rint(indices @ onto[:3, :3].T + onto[:3, 3]).astype(np.intp)
    inside = ((at >= 0) & (at < np.array(grid.shape))).all(axis=1)
    found = np.full(len(at), np.nan)
    found[inside] = values[tuple(at[inside].T)]
    found[(found == 0) | (found == _scaled_zero(values))] = np.nan
    known = np.isfinite(found)
    wanted = [place.number for place in places(path)]
    if not known.any():
        return np.full(len(wanted), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            ndimage.sum_labels(found[known], number[known], wanted)
            / ndimage.sum_labels(np.ones(known.sum()), number[known], wanted)
        )
