"""Expression of genes by region, as an association needs it: the regions of a part, and the genes that vary there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.names import match
from bids_app.dataset.atlases.parcels import atlas_regions
from bids_app.dataset.atlases.tables import RegionTable, read_region_table, sidecar
from bids_app.dataset.tables import stands
from bids_app.errors import UsageError, WrongDataError
from bids_app.spatial.atlas import beside, named_atlas
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.region_sets import parts, require_known
from bids_app.spatial.regional_map import RegionalContrast, RegionSet

Matrix = NDArray[np.float64]

FEWEST = 2
"""Genes below which there is nothing to rank."""

HALF = 0.5
"""Share of the genes that a region must have: else it would cost all others their genes."""

NO_PROVENANCE = (
    "Nothing is known of how the table was made: put a JSON of the same name beside it (donors, probe selection, "
    "normalisation, parcellation). Choices made there change results (Markello 2021, doi:10.7554/eLife.72129)."
)


@dataclass(frozen=True, eq=False)
class Expression:
    """Expression in the regions of one part.

    Attributes
    ----------
    part : RegionSet
    genes : tuple of str
    values : (regions, genes)
    note : str
        What is left out of the table, and why.
    """

    part: RegionSet
    genes: tuple[str, ...]
    values: Matrix
    note: str


read_expression = lru_cache(maxsize=2)(read_region_table)
"""A table is asked for once a map."""


def expressions(
    given: RegionalContrast, table: RegionTable, options: RegionalOptions
) -> tuple[list[Expression], list[str]]:
    """Return the expression in each part that is analysed, and what is to be said.

    Raises
    ------
    WrongDataError
        If rows of the table are not regions of the atlas, or no part can be analysed.
    """
    names = [place.name for place in given.places]
    found = match(table.regions, names, [place.number for place in given.places])
    said = [*table.notes, require_known(found, given.places, "Table of genes", options.least)]
    if not table.provenance:
        said.append(NO_PROVENANCE)
    known = {name: bool(np.isfinite(table.values[row]).mean() >= HALF) for name, row in found.rows.items()}
    whole = []
    for part, note in parts(given, options, known):
        said.append(note)
        if part is not None:
            whole.append(_of(part, table, found.rows))
            said.append(whole[-1].note)
    if not whole:
        raise WrongDataError(" ".join(filter(None, said)))
    return whole, [note for note in said if note]


def _of(part: RegionSet, table: RegionTable, rows: Mapping[str, int]) -> Expression:
    values = table.values[[rows[name] for name in part.names]]
    complete = np.isfinite(values).all(axis=0)
    with np.errstate(invalid="ignore"):
        varying = complete & (np.ptp(values, axis=0) > 1e-12 * np.abs(values).max(axis=0, initial=0))
    if varying.sum() < FEWEST:
        raise WrongDataError(
            f"{part.name}: {varying.sum()} of {len(table.columns)} genes have a value in every region and vary; "
            "expected a table of regions x genes (one row a region)."
        )
    lost = [
        f"{(~complete).sum()} without a value in every region" if not complete.all() else "",
        f"{(complete & ~varying).sum()} that do not vary" if (complete & ~varying).any() else "",
    ]
    said = " and ".join(filter(None, lost))
    genes = tuple(name for name, kept in zip(table.columns, varying, strict=True) if kept)
    return Expression(part, genes, values[:, varying], f"{part.name}: genes left out: {said}." if said else "")


def rows_of(table: RegionTable, part: RegionSet) -> Matrix:
    """Return the values of a table in the regions of a part, (regions, genes); NaN where it has none."""
    places = part.given.places
    found = match(table.regions, [place.name for place in places], [place.number for place in places])
    values = np.full((len(part.columns), len(table.columns)), np.nan)
    for i, name in enumerate(part.names):
        if name in found.rows:
            values[i] = table.values[found.rows[name]]
    return values


def files_of(table: str, options: RegionalOptions, space: str, where: str) -> list[Path]:
    """Return the files of an expression table and its atlas; all of it is read and understood once.

    Parameters
    ----------
    where : str
        The association, for messages.

    Raises
    ------
    DeqiError
        If one is not there, or rows are no regions of the atlas.
    """
    atlas, path = named_atlas(options, space, where), Path(table)
    if not table:
        raise UsageError(f"associations.{where}.table is not given; expected a table of regions x genes.")
    read, known = read_expression(path), atlas_regions(atlas)
    found = match(read.regions, [p.name for p in known], [p.number for p in known])
    require_known(found, known, str(path), options.least)
    return [atlas, *beside(atlas), path, *([sidecar(path)] if stands(sidecar(path)) else [])]


def describe_genes(table: RegionTable) -> dict[str, object]:
    """Return what a sidecar says of a table of genes."""
    return {
        "GenesInTable": len(table.columns),
        "RegionsInTable": len(table.regions),
        "Provenance": dict(table.provenance),
    }
