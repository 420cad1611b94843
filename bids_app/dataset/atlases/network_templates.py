"""Template maps of networks: a 4-D file with one map a network, put onto the voxels of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.images import atlas_file, table_beside
from bids_app.dataset.tables import read_tsv, stands
from bids_app.dataset.volumes import open_image
from bids_app.errors import UsageError, WrongDataError
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.signals import Region


def template_maps_file(word: str, space: str) -> Path:
    """Return the file of template maps.

    Raises
    ------
    UsageError
        If none is named, or it is in another space.
    MissingInputError
        If it is not there.
    """
    if not word:
        raise UsageError(
            "measures.network_maps.maps names no file. Give a 4-D NIfTI with one map a network in the space of the "
            "data, and a table beside it (index, name): none comes with deqi."
        )
    return atlas_file(word, space)


def network_names(path: Path) -> list[str]:
    """Return the name of each map, in order: by the table beside the file, else by number.

    Raises
    ------
    WrongDataError
        If the file has no fourth dimension, the table does not fit it, or two names are alike in file names.
    """
    shape = open_image(path).shape
    if len(shape) != 4:
        raise WrongDataError(f"{path.name} has {len(shape)} dimensions; expected four: one map a network.")
    table = table_beside(path)
    columns = read_tsv(table) if stands(table) else {"name": [str(i + 1) for i in range(shape[3])]}
    names = columns.get("name", [])
    if len(names) != shape[3]:
        raise WrongDataError(
            f"{table.name} has {len(names)} names (column name), {path.name} {shape[3]} maps; expected one a map."
        )
    if len({as_label(name).lower() for name in names}) < len(names):
        raise WrongDataError(f"{table.name} has names that are one file name: {', '.join(names)}.")
    return list(names)


def network_regions(path: Path, grid: Grid, usable: Mask) -> list[Region]:
    """Return one region a network: the usable voxels that its map is not zero at, with its values as they are."""
    values = _on_grid(path, grid)
    found = []
    for i, name in enumerate(network_names(path)):
        own = np.nan_to_num(values[..., i])
        inside = own[usable]
        columns = np.flatnonzero(inside)
        found.append(
            Region(
                name=name, columns=columns, weights=inside[columns].astype(np.float64),
                expected=int(np.count_nonzero(own)), definition={"File": path.name, "Map": i + 1},
            )
        )  # fmt: skip
    return found


def _on_grid(path: Path, grid: Grid) -> NDArray[np.float32]:
    image = open_image(path)
    x, y, z = image.shape[:3]
    own = Grid((x, y, z), np.asarray(image.affine, dtype=np.float64))
    if not own.matches(grid):
        from nilearn.image import resample_img

        resampled: Any = resample_img(
            image, target_affine=grid.affine, target_shape=grid.shape, interpolation="linear", copy_header=True,
            force_resample=True,
        )  # fmt: skip
        image = resampled
    return np.asarray(image.dataobj, dtype=np.float32)
