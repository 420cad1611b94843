"""Maps from elsewhere by the regions of an atlas: volumes, tables with a row a region, and published coordinates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.parcels import region_means
from bids_app.dataset.atlases.tables import RegionTable, read_region_table, stem
from bids_app.dataset.volumes import read_map
from bids_app.errors import MissingInputError, UsageError
from bids_app.vocabulary.entities import parse

VOLUMES = (".nii", ".nii.gz")
TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz")


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume by regions: the name of its file without ending, and its mean in each region, NaN where it has none."""

    name: str
    values: NDArray[np.float64]


def reference_files(words: Sequence[str], where: str) -> list[Path]:
    """Return the files that words name: volumes and tables, and those of folders.

    Raises
    ------
    MissingInputError, UsageError
        If there is no such file, or one is of no known kind.
    """
    found = [file for word in words for file in _files(Path(word))]
    if not found:
        raise UsageError(f"{where} names no map; expected .nii.gz files, tables (.csv, .tsv), or folders of them.")
    return found


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        inside = sorted(file for file in path.iterdir() if file.name.endswith((*VOLUMES, *TABLES)))
        if not inside:
            raise MissingInputError(f"{path} has no map: no .nii.gz and no table.")
        yield from inside
    elif path.name.endswith((*VOLUMES, *TABLES)):
        yield path
    else:
        raise UsageError(f"{path} is no map; expected .nii, .nii.gz, .csv or .tsv.")


@lru_cache(maxsize=128)
def volume_by_regions(path: Path, atlas: Path, space: str, *, zeros_count: bool = False) -> Volume:
    """Return the mean of a volume in each region of an atlas; zeros are background unless they count.

    Raises
    ------
    DeqiError
        If it cannot be read, its name says another space, or it lies elsewhere than the atlas.
    """
    entities, _, _ = parse(path.name)
    said = entities.get("space") or entities.get("tpl")
    if said and said != space:
        raise UsageError(f"{path.name} is in space {said}, the data in {space}. Give the map in {space}.")
    values, grid = read_map(path)
    means = region_means(atlas, values, grid, zeros_count=zeros_count)
    if not np.isfinite(means).any():
        raise UsageError(f"{path} has no value in any region of {atlas.name}: it lies elsewhere, or is empty.")
    return Volume(stem(path), means)


@lru_cache(maxsize=8)
def table_by_regions(path: Path) -> RegionTable:
    """Return a table with a row for each region and a column for each map."""
    return read_region_table(path)
