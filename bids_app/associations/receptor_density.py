"""Density of receptors and transporters beside the map of a contrast, with the gene of each if asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import MinLen
from numpy.typing import NDArray

from bids_app.dataset.atlases.reference_maps import volume_by_regions
from bids_app.spatial import gene_expression, reference_maps, reference_readers
from bids_app.spatial.atlas import beside, named_atlas
from bids_app.spatial.gene_expression import read_expression
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.receptors import beside_genes, receptor_of
from bids_app.spatial.reference_readers import Reference, Source
from bids_app.spatial.regional_map import NULLS, SURROGATES, RegionalContrast, RegionSet
from bids_app.statistics.spatial import dominance
from bids_app.statistics.spatial.correlation_tests import ranks, share, unit
from bids_app.trial.association import AssociationResult
from bids_app.vocabulary.options.describe import Doc

_NAME = "receptor_density"
ASKS = "regions"

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Options(RegionalOptions):
    """Options of `[associations.receptor_density]`."""

    GENES = "expression"

    receptors: Annotated[
        tuple[Annotated[str, MinLen(1)], ...],
        Doc("PET and SPECT maps: volumes (0 is background), tables with a row a region, or folders of them."),
    ] = ()
    grey_matter: Annotated[
        str, Doc("Grey matter probability map that correlations are adjusted for; empty: not adjusted.")
    ] = ""
    together: Annotated[
        bool, Doc("Multiple regression on all maps with dominance analysis (exploratory; up to 12 maps).")
    ] = True
    expression: Annotated[
        str, Doc("Table of regions x genes to compare receptor genes with receptors and map; empty: none.")
    ] = ""
    hemispheres: Annotated[Literal["left", "both"], Doc("Left hemisphere only, or both.")] = "both"


METHODS = (
    "The map of the contrast was averaged by region and correlated (Spearman) with maps of receptors and transporters "
    "of other people. P values are the larger of those from the relabellings of the contrast and from surrogates of "
    "its map that keep Moran's I, corrected over maps by Benjamini and Hochberg; no claim is made of a map that is "
    "smoother than its relabellings. What receptors explain together, and the dominance of each [@Azen2003], "
    "is exploratory."
)


def check(options: Options, output_dir: Path) -> None:
    """Refuse a result of this very trial as its own reference.

    Raises
    ------
    UsageError
        With the reason.
    """
    reference_readers.require_elsewhere((*options.receptors, options.grey_matter), output_dir, _NAME)


def files(options: Options, space: str) -> list[Path]:
    """Return the atlas, the maps and tables; all of them are read and understood once."""
    atlas = named_atlas(options, space, _NAME)
    found = [atlas, *beside(atlas), *reference_readers.files_of(_source(options), atlas, space, options.least)]
    if options.grey_matter:
        volume_by_regions(Path(options.grey_matter), atlas, space, zeros_count=True)
        found.append(Path(options.grey_matter))
    if options.expression:
        found += gene_expression.files_of(options.expression, options, space, _NAME)
    return list(dict.fromkeys(found))


def _source(options: Options) -> Source:
    return Source(options.receptors, f"{_NAME}.receptors")


def associate(given: RegionalContrast, options: Options) -> AssociationResult:
    """Return how the map correlates with each receptor, with all together, and with the genes of each."""
    atlas = named_atlas(options, given.space, _NAME)
    known, said = reference_readers.read(_source(options), atlas, given.space, options.least)
    grey = None
    if options.grey_matter:
        grey = volume_by_regions(Path(options.grey_matter), atlas, given.space, zeros_count=True).values
    rows, regions, notes = reference_maps.all_parts(given, options, known, grey)
    joint, own = list[Mapping[str, object]](), list[Mapping[str, object]]()
    cut = reference_maps.parts_of(given, options, known)
    parts = {part.name: part.about() for part in cut}
    for part in cut:
        fixed = None if grey is None else grey[part.columns]
        if options.together:
            found, note = _together(part, known, fixed)
            joint += found
            notes += [note] if note else []
        if options.expression:
            own += beside_genes(part, known, read_expression(Path(options.expression)), fixed)
    by_name = {reference.name: reference for reference in known}
    for row in rows:
        reference = by_name[str(row["map"])]
        row |= {"receptor": receptor_of(reference)[0], "tracer": reference.about.get("tracer", "")}
    adjusted = "probability of grey matter" if options.grey_matter else None
    about = {
        "AdjustedFor": adjusted,
        "References": reference_readers.describe_references(known),
        "Parts": parts,
        "Notes": [*said, *notes],
    }
    tables: dict[str, Sequence[Mapping[str, object]]] = {
        "receptorDensity": rows,
        "receptorDensityTogether": joint,
        "receptorDensityGenes": own,
        "receptorDensityRegions": regions,
    }
    return AssociationResult(tables, about)


def _together(
    part: RegionSet, known: Sequence[Reference], fixed: Matrix | None
) -> tuple[list[Mapping[str, object]], str]:
    """Return what the ranks of all maps explain of those of the contrast, and the dominance of each."""
    columns = np.stack([reference.values[part.columns] for reference in known], axis=1)
    whole = columns if fixed is None else np.column_stack([columns, fixed])
    there = np.asarray(np.isfinite(whole).all(axis=1))
    if not 2 <= len(known) <= dominance.MOST or there.sum() < len(known) + 10:
        return [], (
            f"{part.name}: {len(known)} maps in {there.sum()} regions that all of them know are not explained together "
            f"(2 to {dominance.MOST} maps, and 10 regions more than maps)."
        )
    some, beside = part.subset(there), None if fixed is None else ranks(fixed[there])[:, None]
    ranked = unit(ranks(columns[there]), beside)
    maps = {kind: unit(ranks(some.null(kind), 1).T, beside).T for kind in NULLS}
    explained = {kind: dominance.explained(ranked, own) for kind, own in maps.items()}
    p = {kind: float(share(values)) for kind, values in explained.items()}
    first = {"part": part.name, "map": "all together", "explained": float(explained["trial"][0]),
             "p": max(p["trial"], p[SURROGATES]),
             "p_arms": p["trial"], "p_surrogate": p[SURROGATES], "p_moran": p["moran"], "p_variogram": p["variogram"],
             "chance_median": float(np.median(explained["trial"][1:]))}  # fmt: skip
    brought = dominance.dominance(ranked, maps["trial"][0])
    each = [{**dict.fromkeys(first), "part": part.name, "map": known[j].name, "explained": float(brought[j])}
            for j in np.argsort(-brought, kind="stable")]  # fmt: skip
    return [first, *each], ""
