"""Published coordinates as a map of regions: where studies of a contrast report activity.

Activation likelihood (Eickhoff 2009, doi:10.1002/hbm.20718; 2012, doi:10.1016/j.neuroimage.2011.09.017): each focus is
a Gaussian whose width falls with the number of participants; a study's map takes the largest of its foci, and studies
are joined as the chance that at least one of them is active there.
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
from bids_app.dataset.atlases.tables import read_rows
from bids_app.errors import WrongDataError

Matrix = NDArray[np.float64]

TEMPLATE, SUBJECT = 5.7, 11.6
"""Mean distance (mm) of one place between templates, and between subjects."""

UNKNOWN_SIZE = 20
"""People of a study that does not say."""

TO_TALAIRACH = np.array([
    [0.9254, 0.0024, -0.0118, -1.0207], [-0.0048, 0.9316, -0.0871, -1.7667], [0.0152, 0.0883, 0.8924, 4.0926],
    [0.0, 0.0, 0.0, 1.0],
])  # fmt: skip
"""From MNI (SPM) to Talairach coordinates (Lancaster 2007, doi:10.1002/hbm.20345)."""

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
    header, *rows = read_rows(path) or [[]]
    names = [name.strip().lower() for name in header]
    if not {"x", "y", "z"} <= set(names) or not rows:
        raise WrongDataError(f"{path} has columns {', '.join(header)}; expected x, y and z, and a row for each focus.")
    study = next((names.index(name) for name in ("study", "citation") if name in names), None)
    size, space, kind = (names.index(name) if name in names else None for name in ("n", "space", "contrast"))
    found: dict[str, dict[str, tuple[list[Matrix], float]]] = {}
    for number, row in enumerate(rows, 2):
        try:
            place = np.array([float(row[names.index(axis)]) for axis in "xyz"])
            people = float(row[size]) if size is not None and row[size] not in ("", "n/a") else UNKNOWN_SIZE
        except ValueError as error:
            raise WrongDataError(f"{path}, line {number}: {error}; expected numbers in x, y, z and n.") from error
        said = (row[space] if space is not None else "MNI").strip().lower()
        if said[:3] not in ("mni", "tal"):
            raise WrongDataError(f"{path}, line {number} is in space {said!r}; expected MNI or Tal.")
        if said.startswith("tal"):
            place = np.linalg.solve(TO_TALAIRACH, np.array([*place, 1.0]))[:3]
        own = found.setdefault(row[kind].strip() if kind is not None else "", {})
        foci, _ = own.setdefault(row[study].strip() if study is not None else path.name, ([], max(people, 1.0)))
        foci.append(place)
    return {
        contrast: {name: (np.array(foci), people) for name, (foci, people) in own.items()}
        for contrast, own in found.items()
    }


def kernel_deviation(people: float) -> float:
    """Return the standard deviation (mm) of a focus of a study of so many participants.

    >>> round(kernel_deviation(20) * 2.3548, 1)  # FWHM
    9.2
    """
    return float(np.hypot(TEMPLATE, SUBJECT / np.sqrt(people)) / (2 * np.sqrt(2 / np.pi)))


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
