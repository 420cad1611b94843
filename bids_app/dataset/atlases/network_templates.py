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
    values, totals = _on_grid(path, grid)
    found = []
    for i, (name, total) in enumerate(zip(network_names(path), totals, strict=True)):
        inside = values[..., i][usable]
        columns = np.flatnonzero(inside)
        found.append(
            Region(
                name=name, columns=columns, weights=inside[columns].astype(np.float64), total=float(total),
                expected=int(np.count_nonzero(values[..., i])), definition={"File": path.name, "Map": i + 1},
            )
        )  # fmt: skip
    return found


def _on_grid(path: Path, grid: Grid) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return maps on a grid, (x, y, z, maps), and the sum of the sizes of each in voxels of the grid, wherever it lies.

    What is not known is zero, before anything is interpolated.
    """
    image = open_image(path)
    values = np.nan_to_num(np.asarray(image.dataobj, dtype=np.float32))
    x, y, z = values.shape[:3]
    own = Grid((x, y, z), np.asarray(image.affine, dtype=np.float64))
    share = float(np.prod(own.voxel_sizes) / np.prod(grid.voxel_sizes))
    totals = share * np.abs(values).sum(axis=(0, 1, 2), dtype=np.float64)
    if own.matches(grid):
        return values, totals
    import nibabel as nib
    from nilearn.image import resample_img

    resampled: Any = resample_img(
        nib.Nifti1Image(values, image.affine), target_affine=grid.affine, target_shape=grid.shape,
        interpolation="linear", copy_header=True, force_resample=True,
    )  # fmt: skip
    return np.asarray(resampled.dataobj, dtype=np.float32), totals
