"""Published coordinates as a map of regions: where studies of a contrast report activity.

The likelihood is that of `statistics.synthesis.coordinates`, at the centre of each voxel of a region.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.dataset.atlases.images import atlas_values
from bids_app.dataset.atlases.parcels import atlas_regions
from bids_app.dataset.atlases.reference_maps import Volume
from bids_app.dataset.studies.foreign import UNKNOWN_SIZE, foci_table
from bids_app.errors import WrongDataError
from bids_app.statistics.synthesis.reported_foci import kernel_deviation

Matrix = NDArray[np.float64]

AT_ONCE = 20_000

Studies = dict[str, tuple[Matrix, float]]


def read_foci(path: Path) -> dict[str, Studies]:
    """Return coordinates in MNI space (foci, 3) and the number of participants of each study, by what was contrasted.

    The table has x, y and z, and, if they are known, `study` (or `citation`), `n`, `space` (MNI, or Tal: moved) and
    `contrast`: each makes a map of its own, for opposite directions do not add up.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read, a column is missing, a cell is no number, or a space is not known.
    """
    found: dict[str, Studies] = {}
    for one in foci_table(path):
        people = one.people if np.isfinite(one.people) else UNKNOWN_SIZE
        found.setdefault(one.name, {})[one.study] = (one.foci, people)
    if not found:
        raise WrongDataError(f"{path} has no row; expected x, y and z, and a row for each focus.")
    return found


@lru_cache(maxsize=8)
def foci_by_regions(path: Path, atlas: Path) -> tuple[Volume, ...]:
    """Return the mean activation likelihood of published foci in each region of an atlas, a map for each contrast."""
    labels, grid = atlas_values(atlas)
    indices = np.argwhere(labels > 0)
    world = indices @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    own, numbers = np.rint(labels[labels > 0]), [place.number for place in atlas_regions(atlas)]
    stem = path.name.rpartition(".")[0]
    return tuple(
        Volume(f"{stem} {contrast}".strip(), scipy.ndimage.mean(_likelihood(world, studies), own, numbers))
        for contrast, studies in read_foci(path).items()
    )


def _likelihood(world: Matrix, studies: Studies) -> Matrix:
    """Return the chance that at least one study is active at each place, (places, 3) -> (places,)."""
    silent = np.empty(len(world))
    for start in range(0, len(world), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        still = np.ones(len(world[part]))
        for foci, people in studies.values():
            sigma = kernel_deviation(people)
            near = scipy.spatial.distance.cdist(world[part], foci).min(axis=1)
            # The chance of one cubic millimetre; the unit does not matter to ranks.
            still *= 1 - np.exp(-0.5 * (near / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi)) ** 3
        silent[part] = still
    return 1 - silent
