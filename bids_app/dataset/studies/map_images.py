"""Images of studies on one grid: as they are where grids match, by linear interpolation where not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.dataset.volumes import grid_of, open_image, read_map
from bids_app.vocabulary.grid import Grid


class MapReader:
    """Reads images onto a grid and remembers which were interpolated.

    A voxel whose neighbours lack a value has none after interpolation: masks shrink by one voxel.
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self.moved: list[Path] = []

    def __call__(self, path: Path) -> NDArray[np.float64]:
        """Return values (x, y, z), NaN outside the mask: 0 and NaN have none.

        Raises
        ------
        MissingInputError, WrongDataError
            If the image cannot be read.
        """
        values, grid = read_map(path)
        found = np.where(np.isfinite(values) & (values != 0), values, np.nan).astype(np.float64)
        if grid.matches(self._grid):
            return found
        self.moved.append(path)
        away = np.linalg.inv(grid.affine) @ self._grid.affine
        voxels = np.indices(self._grid.shape).reshape(3, -1)
        places = away[:3, :3] @ voxels + away[:3, 3:]
        return np.asarray(scipy.ndimage.map_coordinates(found, places, order=1, cval=np.nan).reshape(self._grid.shape))


def grid_of_map(path: Path) -> Grid:
    """Return the grid of an image; for what is raised see `MapReader`."""
    return grid_of(open_image(path))
