"""Other maps of the brain, or where studies report activity, beside the map of a contrast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import MinLen

from bids_app.dataset.atlases.foci import foci_by_regions, read_foci
from bids_app.errors import UsageError
from bids_app.spatial import reference_maps, reference_readers
from bids_app.spatial.atlas import beside, named_atlas
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.reference_readers import Reference, Source
from bids_app.spatial.regional_map import RegionalContrast
from bids_app.trial.association import AssociationResult
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.region_request import is_mni152

_NAME = "reference_map"
ASKS = "regions"

Word = Annotated[str, MinLen(1)]


@dataclass(frozen=True)
class Options(RegionalOptions):
    """Options of `[associations.reference_map]`."""

    references: Annotated[
        tuple[Word, ...],
        Doc("Maps: volumes, tables with a row a region, or folders of them, e.g. meta-analytic maps and gradients."),
    ] = ()
    coordinates: Annotated[
        tuple[Word, ...],
        Doc("Tables of published foci (x, y, z; study, n, space), converted to activation likelihood maps."),
    ] = ()
    zeros: Annotated[
        Literal["values", "background"],
        Doc("Zeros of volumes are values (thresholded maps) or background (tracer maps)."),
    ] = "values"
    hemispheres: Annotated[Literal["left", "both"], Doc("Left hemisphere only, or both.")] = "both"


METHODS = (
    "The map of the contrast was averaged by region and correlated (Spearman) with maps from elsewhere; published foci "
    "became maps of activation likelihood [@Eickhoff2009]. P values are the larger of those from the "
    "relabellings of the contrast and from surrogates of its map that keep Moran's I, corrected over maps by "
    "Benjamini and Hochberg; no claim is made of a map that is smoother than its relabellings."
)


def check(options: Options, output_dir: Path) -> None:
    """Refuse a result of this very trial as its own reference.

    Raises
    ------
    UsageError
        With the reason.
    """
    reference_readers.require_elsewhere((*options.references, *options.coordinates), output_dir, _NAME)


def files(options: Options, space: str) -> list[Path]:
    """Return the atlas, the maps and the tables of foci; all of them are read and understood once.

    Raises
    ------
    UsageError
        If nothing is named.
    """
    if not (options.references or options.coordinates):
        raise UsageError(f"associations.{_NAME}: expected maps (references) or tables of foci (coordinates).")
    atlas, foci = named_atlas(options, space, _NAME), [Path(word) for word in options.coordinates]
    if foci and not is_mni152(space):
        raise UsageError(f"associations.{_NAME}.coordinates are MNI152 millimetres; the maps are in {space}.")
    for path in foci:
        read_foci(path)
    maps = reference_readers.files_of(_source(options), atlas, space, options.least) if options.references else []
    return [atlas, *beside(atlas), *maps, *foci]


def _source(options: Options) -> Source:
    return Source(options.references, f"{_NAME}.references", options.zeros == "values")


def associate(given: RegionalContrast, options: Options) -> AssociationResult:
    """Return how the map correlates with each reference, in each part of the brain."""
    atlas, known, said = named_atlas(options, given.space, _NAME), list[Reference](), list[str]()
    if options.references:
        known, said = reference_readers.read(_source(options), atlas, given.space, options.least)
    for word in options.coordinates:
        known += [Reference(one.name, Path(word).name, one.values) for one in foci_by_regions(Path(word), atlas)]
    rows, regions, notes = reference_maps.all_parts(given, options, known)
    parts = {part.name: part.about() for part in reference_maps.parts_of(given, options, known)}
    about = {"References": reference_readers.describe_references(known), "Parts": parts, "Notes": [*said, *notes]}
    return AssociationResult({"referenceMap": rows, "referenceMapRegions": regions}, about)
