"""The regions of an atlas as places: centre, side, and whether cortex."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.dataset.atlases.images import atlas_values, label_column, label_names
from bids_app.dataset.atlases.names import BELOW, CEREBELLUM, CORTEX, side_of, structure_of
from bids_app.errors import WrongDataError
from bids_app.vocabulary.grid import Grid


@dataclass(frozen=True, kw_only=True)
class AtlasRegion:
    """A region of an atlas.

    Attributes
    ----------
    centre : (3,)
        Mean of its voxels, mm.
    side : str
        left, right, or middle where neither side holds 70 % of it.
    structure : str
        cortex, cerebellum or subcortex/brainstem: as the table of the atlas tells, else as its name does.
    voxels : int
        Of the atlas' own lattice.
    """

    name: str
    number: int
    centre: tuple[float, float, float]
    side: str
    structure: str
    voxels: int

    @property
    def cortex(self) -> bool:
        """True for cortex of the brain."""
        return self.structure == CORTEX


@lru_cache(maxsize=8)
def atlas_regions(path: Path) -> tuple[AtlasRegion, ...]:
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
    means = np.stack([scipy.ndimage.mean(world[:, axis], own, numbers) for axis in range(3)], axis=1)
    left = scipy.ndimage.mean((world[:, 0] < 0).astype(np.float64), own, numbers)
    counts = scipy.ndimage.sum_labels(np.ones(len(own)), own, numbers)
    told = label_column(path, "structure")
    found = tuple(
        AtlasRegion(
            name=names[n],
            number=n,
            centre=(float(x), float(y), float(z)),
            side=_side(share),
            structure=_structure(told.get(n), names[n]),
            voxels=int(count),
        )
        for n, (x, y, z), share, count in zip(numbers, means, left, counts, strict=True)
    )
    _require_sides(path, found)
    return found


def _structure(told: str | None, name: str) -> str:
    said = (told or "").strip().lower()
    return next((kind for kind in (CORTEX, CEREBELLUM, BELOW) if said == kind), structure_of(name))


def _require_sides(path: Path, found: tuple[AtlasRegion, ...]) -> None:
    """Refuse an atlas whose names and coordinates tell different sides: it is mirrored, or its table is."""
    told = [(place, side_of(place.name)) for place in found if place.side != "middle"]
    wrong = [place.name for place, side in told if side and side != place.side]
    if len(wrong) > max(2, len(told) / 10):
        raise WrongDataError(
            f"{path}: {len(wrong)} regions lie on the other side than their names say, such as {wrong[0]}. Left and "
            "right are exchanged in the image or in its table; correct whichever is wrong."
        )


def _side(left: float) -> str:
    return "left" if left >= 0.7 else "right" if left <= 0.3 else "middle"


def _scaled_zero(values: NDArray[np.float32]) -> float:
    """Return what the background is where slope and intercept of a file have moved it off 0; else 0.

    It is the value of the corner, if a tenth of the volume has it and it is nearly nothing beside the largest.
    """
    corner = float(values[0, 0, 0])
    largest = float(np.nanmax(np.abs(values), initial=0.0))
    many = np.count_nonzero(values == corner) > values.size / 10
    return corner if many and abs(corner) <= 1e-3 * largest else 0.0


def region_means(
    path: Path, values: NDArray[np.float32], grid: Grid, *, zeros_count: bool = False
) -> NDArray[np.float64]:
    """Return the mean of a volume in every region of an atlas, (regions,) in the order of `places`.

    The value of each voxel of the atlas is that of the nearest voxel of the volume. NaN is background and counts for
    nothing, and so are zeros unless `zeros_count`; a region without a value is NaN.
    """
    labels, own = atlas_values(path)
    indices = np.argwhere(labels > 0)
    number = np.rint(labels[labels > 0]).astype(np.int64)
    onto = np.linalg.inv(grid.affine) @ own.affine
    at = np.rint(indices @ onto[:3, :3].T + onto[:3, 3]).astype(np.intp)
    inside = ((at >= 0) & (at < np.array(grid.shape))).all(axis=1)
    found = np.full(len(at), np.nan)
    found[inside] = values[tuple(at[inside].T)]
    if not zeros_count:
        found[(found == 0) | (found == _scaled_zero(values))] = np.nan
    known = np.isfinite(found)
    wanted = [place.number for place in atlas_regions(path)]
    if not known.any():
        return np.full(len(wanted), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            scipy.ndimage.sum_labels(found[known], number[known], wanted)
            / scipy.ndimage.sum_labels(np.ones(known.sum()), number[known], wanted)
        )
