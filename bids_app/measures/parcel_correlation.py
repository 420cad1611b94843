"""Matrices between regions: correlation and partial correlation of mean series, and named pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from bids_app.measures import _region_set
from bids_app.signals.roi import about_regions, mean_series, table_of_series
from bids_app.statistics.correlation import fisher_z
from bids_app.statistics.matrices import combine_matrices, partial, pearson
from bids_app.vocabulary.domain import Values
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options(_region_set.RegionSetOptions):
    """Options of `[measures.parcel_correlation]`."""

    pairs: Annotated[tuple[str, ...], Doc("Pairs of regions to list separately, e.g. 'PAG-mPFC'.")] = (
        "thalamusL-aMCC", "thalamusR-aMCC", "PAG-DLPFCL", "PAG-DLPFCR", "mPFC-amygdalaL", "mPFC-amygdalaR",
        "postInsulaL-PCC", "postInsulaR-PCC",
    )  # fmt: skip


CLEANING = "filtered"

_SERIES = Output(
    name="series",
    kind="series",
    suffix="timeseries",
    description="Cleaned mean series of each region; censored frames are n/a.",
    units="arbitrary",
    entities={"stat": "mean"},
    entity="seg",
)
_PEARSON = Output(
    name="pearson",
    kind="matrix",
    suffix="relmat",
    description="Pearson correlation of the cleaned mean series.",
    units="arbitrary",
    entities={"stat": "pearsoncorrelation"},
    entity="seg",
    labels=(),
    noun="connectivity between regions",
    scale="Fisher z",
)
_PARTIAL = Output(
    name="partial",
    kind="matrix",
    suffix="relmat",
    description="Correlation given all other regions, Ledoit-Wolf covariance.",
    units="arbitrary",
    entities={"stat": "partialcorrelation"},
    entity="seg",
)
_PAIRS = Output(
    name="pairs",
    kind="table",
    suffix="relmat",
    description="Pearson correlation and Fisher z of the pairs that were named.",
    units="arbitrary",
    entities={"stat": "pairs"},
    entity="seg",
)
OUTPUTS = (_SERIES, _PEARSON, _PARTIAL, _PAIRS)
GROUP = _PEARSON
"""Its Fisher z, edge by edge, go to the group level."""

TITLE = "Connectivity of regions"
METHODS = (
    "Matrices held the Pearson correlations between the mean series of regions, and their partial correlations from "
    "the covariance by shrinkage [@Ledoit2004]."
)


wanted_regions = _region_set.request


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield the table of series, both matrices and the named pairs.

    Raises
    ------
    NotMeasurableError
        If fewer than two regions have the coverage.
    """
    known = _region_set.covered(regions, options)
    name = wanted_regions(options).name
    series = mean_series(signals, regions)
    series[:, ~np.array(known)] = np.nan
    nodes = [region.name for region in regions]
    about: dict[str, object] = {"Nodes": nodes, "Regions": about_regions(regions)}
    # In coordinates the samples are as many as the degrees of freedom, and white: what shrinkage presumes.
    matrix, given_others = pearson(series), partial(series)
    # A parcel may be constant or alike in all voxels to rounding; it then has no value in both.
    yield Feature(_SERIES, table_of_series(signals, regions, series), name, {"Regions": about["Regions"]})
    yield Feature(_PEARSON, matrix, name, about)
    yield Feature(_PARTIAL, given_others, name, about)
    yield from _pairs(matrix, nodes, name, options)


def _pairs(r: NDArray[np.float64], nodes: Sequence[str], name: str, options: Options) -> Iterator[Feature]:
    place = {node: i for i, node in enumerate(nodes)}
    rows = []
    unknown = []
    for pair in options.pairs:
        first, _, second = pair.partition("-")
        if first in place and second in place:
            value = r[place[first], place[second]]
            rows.append((pair, first, second, value, float(fisher_z(np.array(value)))))
        else:
            unknown.append(pair)
    if rows:
        columns = dict(
            zip(("pair", "region_a", "region_b", "r", "fisherz"), map(list, zip(*rows, strict=True)), strict=True)
        )
        yield Feature(_PAIRS, columns, name, {"PairsWithoutTheirRegions": unknown})


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:
    """Yield the matrices and pairs of a session: mean Fisher z over its runs, weighted by df_res - 2."""
    for feature in runs[0]:
        if feature.output.kind != "matrix":
            continue
        same = [f for run in runs for f in run if f.output is feature.output]
        if len(same) == len(runs):
            matrix = combine_matrices([np.asarray(f.value) for f in same], df_res)
            yield Feature(feature.output, matrix, feature.label, feature.metadata)
            if feature.output is _PEARSON:
                nodes: list[str] = list(feature.metadata["Nodes"])  # type: ignore[call-overload]
                yield from _pairs(matrix, nodes, feature.label, options)


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return Fisher z of each edge, (edges,), and its two regions, from a matrix on disk."""
    values = _region_set.edge_values(table)
    return replace(values, values=fisher_z(values.values))
