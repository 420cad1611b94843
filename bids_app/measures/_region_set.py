"""A set of regions, an atlas or words, and how much of each has to be there: what measures of matrices share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Interval

from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.region_request import RegionRequest


@dataclass(frozen=True)
class RegionSetOptions:
    """Options of measures that take a set of regions."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    atlas: Annotated[
        str, Doc("Atlas: a label image with its .tsv beside it, or 'templateflow:atlas-...'; empty takes `regions`.")
    ] = ""
    name: Annotated[str, Doc("Name of the region set in file names; empty: derived from the atlas.")] = ""
    regions: Annotated[tuple[str, ...], Doc("Regions, written as for --seeds, if no atlas is given.")] = ("regions",)
    min_coverage: Annotated[
        float, Interval(gt=0, le=1), Doc("Minimum proportion of a parcel inside the brain mask; other parcels are n/a.")
    ] = 0.5


def request(options: RegionSetOptions) -> RegionRequest:
    """Return the atlas, or the words for the regions."""
    if options.atlas:
        file = options.atlas.replace("\\", "/").rpartition("/")[2].partition(".nii")[0]
        said = [part.partition("-")[2] for part in file.split("_") if part.partition("-")[0] in ("atlas", "seg")]
        stem = file.partition(":")[2] or file
        return RegionRequest(name=as_label(options.name or (said or [stem])[0]), atlas=options.atlas)
    return RegionRequest(name=as_label(options.name or "regions"), words=options.regions)
