"""Atlases and masks: from a path or from TemplateFlow (offline first), onto the grid of a run."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.tables import read_rows
from bids_app.dataset.tables import numeric, read_tsv, require_content, stands
from bids_app.dataset.volumes import open_image, read_map
from bids_app.errors import MissingInputError, UsageError, WrongDataError
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.grid import Grid


def atlas_file(word: str, space: str) -> Path:
    """Return the file of an atlas: a path, or `templateflow:atlas-<name>[_desc-<name>]`.

    Raises
    ------
    MissingInputError
        If it is not on this machine; TemplateFlow is never asked to download.
    UsageError
        If its name says another space than `space`.
    """
    if not word.startswith("templateflow:"):
        path = require_content(Path(word))
        entities, _, _ = parse(path.name)
        said = entities.get("space") or entities.get("tpl")
        if said and said != space:
            raise UsageError(
                f"{path.name} is in space {said}, the data in {space}; the two differ by several mm in places. "
                f"Give the file in {space}."
            )
        return path
    entities, _, _ = parse(word.removeprefix("templateflow:") + "_dseg.nii.gz")
    return template_file(space, suffix="dseg", extension=".nii.gz", **entities)


def template_file(space: str, **entities: str) -> Path:
    """Return the finest file with content in the local TemplateFlow folder that fits the entities.

    Raises
    ------
    MissingInputError
        If there is none; the message says where it was looked for.
    """
    hint = "Set TEMPLATEFLOW_HOME to a folder that has it, or give a path instead."
    try:
        from templateflow import api
        from templateflow.conf import TF_LAYOUT  # noqa: F401  (raises where the folder cannot be made)
    except OSError as error:
        raise MissingInputError(f"TemplateFlow has no folder on this machine ({error}). {hint}") from error
    files = [Path(path) for path in api.ls(space, **entities)]
    # Files that are known but not here are placeholders of 0 bytes.
    present = sorted(path for path in files if path.is_file() and path.stat().st_size)
    if not present:
        wanted = ", ".join(f"{key}={value}" for key, value in entities.items())
        raise MissingInputError(f"No template file for {space} with {wanted} on this machine. {hint}")
    return present[0]


def table_beside(path: Path) -> Path:
    """Return where the table of labels of an atlas lies if it has one: a .tsv, or a .csv as abagen writes it."""
    tsv = path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".tsv")
    return tsv if stands(tsv) or not stands(tsv.with_suffix(".csv")) else tsv.with_suffix(".csv")


@lru_cache(maxsize=8)
def label_names(path: Path) -> dict[int, str]:
    """Return name by number of every label: from the table beside the file, else the numbers themselves.

    Raises
    ------
    WrongDataError
        If the table has no columns `index` and `name` (in a .csv `id`, `label` and `hemisphere`), or gives a name or
        number twice.
    """
    table_path = table_beside(path)
    if not stands(table_path):
        found = np.unique(np.rint(atlas_values(path)[0]).astype(np.int64))
        return {int(number): str(number) for number in found if number > 0}
    table = _label_table(table_path)
    if not {"index", "name"} <= set(table):
        raise WrongDataError(f"{table_path} has columns {', '.join(table)}; expected index and name.")
    numbers = numeric(table["index"])
    if numbers is None or not np.isfinite(numbers).all() or (numbers % 1).any():
        raise WrongDataError(f"{table_path} has an index that is no whole number; each label needs one.")
    names = {int(number): name for number, name in zip(numbers, table["name"], strict=True) if number}
    if len(set(names.values())) < np.count_nonzero(numbers):
        raise WrongDataError(f"{table_path} gives a name or an index twice; each label needs its own.")
    return names


def label_column(path: Path, column: str) -> dict[int, str]:
    """Return a column of the table of an atlas by the number of the label (`structure`, `network`), if it has it."""
    table = _label_table(table_beside(path)) if stands(table_beside(path)) else {}
    if column not in table or numeric(table["index"]) is None:
        return {}
    told = zip(table["index"], table[column], strict=True)
    return {int(float(number)): said for number, said in told if said not in ("", "n/a")}


def _label_table(path: Path) -> dict[str, list[str]]:
    return read_tsv(path) if path.suffix == ".tsv" else _table_of_abagen(path)


def _table_of_abagen(path: Path) -> dict[str, list[str]]:
    """Return index and name (`L_insula`) from a table with id, label and hemisphere."""
    header, *rows = read_rows(path) or [[]]
    table = {name: [row[j] for row in rows] for j, name in enumerate(header)}
    if not {"id", "label"} <= set(table):
        return table
    sides = table.get("hemisphere", [""] * len(rows))
    names = [
        f"{side}_{label}" if side in ("L", "R") else label for side, label in zip(sides, table["label"], strict=True)
    ]
    more: dict[str, list[str]] = {name: table[name] for name in ("structure", "network") if name in table}
    return {"index": table["id"], "name": names, **more}


def label_number(path: Path, label: str) -> int:
    """Return the number of an atlas label given by number or by name (from the table beside the file)."""
    if re.fullmatch(r"\d+", label):
        return int(label)
    if not stands(table_beside(path)):
        raise UsageError(
            f"Label {label!r} is a name, but {path.name} has no table {table_beside(path).name} beside it. "
            "Give the number of the label."
        )
    for index, name in label_names(path).items():
        if name == label:
            return index
    known = ", ".join(list(label_names(path).values())[:12])
    raise UsageError(f"{table_beside(path).name} has no label {label!r}; it has {known} ...")


atlas_values = lru_cache(maxsize=8)(read_map)
"""Atlases are asked for once a seed and run; they do not change while one process works."""


def on_grid(path: Path, grid: Grid, interpolation: str = "nearest") -> NDArray[np.float32]:
    """Return the values of an atlas, mask or probability map on a grid, resampled where grids differ."""
    values, own = atlas_values(path)
    if own.matches(grid):
        return values
    # nilearn takes seconds to import: only atlases on another grid pay.
    from nilearn.image import resample_img

    image = open_image(path)
    resampled: Any = resample_img(
        image, target_affine=grid.affine, target_shape=grid.shape, interpolation=interpolation, copy_header=True,
        force_resample=True,
    )  # fmt: skip
    return np.asarray(resampled.dataobj, dtype=np.float32).reshape(grid.shape)


def beyond(path: Path, grid: Grid) -> tuple[NDArray[np.float32], tuple[NDArray[np.intp], ...], float]:
    """Return the values of an atlas, where it has some outside a lattice, and its voxel size over the lattice's.

    Returns
    -------
    values : (x, y, z)
        On the atlas' own lattice.
    places : tuple of (n,)
        Indices of voxels above zero whose centre lies outside `grid`.
    share : float
        What one voxel of the atlas counts in voxels of `grid`.
    """
    values, own = atlas_values(path)
    where = np.argwhere(values > 0)
    inverse = np.linalg.inv(grid.affine) @ own.affine
    lattice = where @ inverse[:3, :3].T + inverse[:3, 3]
    lost = ((lattice < -0.5) | (lattice > np.array(grid.shape) - 0.5)).any(axis=1)
    return values, tuple(where[lost].T), float(np.prod(own.voxel_sizes) / np.prod(grid.voxel_sizes))
