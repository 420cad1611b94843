"""A set of regions, an atlas or words, how much of each has to be there, and the edges between them on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region


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


def covered(regions: Sequence[Region], options: RegionSetOptions) -> list[bool]:
    """Return which regions have the coverage that is asked for.

    Raises
    ------
    NotMeasurableError
        If fewer than two have it.
    """
    known = [one.coverage >= options.min_coverage and len(one.columns) > 0 for one in regions]
    if sum(known) < 2:
        raise NotMeasurableError(f"{sum(known)} of {len(regions)} regions have the coverage asked for; 2 are needed")
    return known


def edge_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the values of each edge, (edges,), and its two regions, from a matrix on disk."""
    nodes = tuple(table["node"])
    columns = [["nan" if word == "n/a" else word for word in table[node]] for node in nodes]
    matrix: NDArray[np.float64] = np.array(columns, dtype=np.float64).T
    return Values(_edges_of(nodes), matrix[np.triu_indices(len(nodes), 1)])


@cache
def _edges_of(nodes: tuple[str, ...]) -> Sites:
    """Return all edges between regions: made once for all participants."""
    ends = tuple(combinations(nodes, 2))
    return Sites(names=tuple("-".join(pair) for pair in ends), ends=ends)
