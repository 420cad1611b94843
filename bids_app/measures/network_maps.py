"""Maps of networks: dual regression of a run on template maps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Interval

from bids_app.errors import NotMeasurableError
from bids_app.signals.dual_regression import condition, dual_regression
from bids_app.signals.roi import table_of_series
from bids_app.statistics.standardise import ZSCORE, combine_maps, zscore
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.network_maps]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    maps: Annotated[str, Doc("4-D NIfTI with one template map a network, in the space of the data.")] = ""
    min_coverage: Annotated[
        float, Interval(gt=0, le=1), Doc("Minimum proportion of each map inside the brain mask.")
    ] = 0.5  # fmt: skip
    max_condition: Annotated[
        float, Gt(1), Doc("Maximum condition number of the correlations between maps: above it they are too alike.")
    ] = 30.0  # fmt: skip


CLEANING, ON_REQUEST, TITLE = "filtered", True, "Maps of networks"
_EFFECT = Output(
    name="effect", kind="map", suffix="statmap", units="arbitrary", entities={"stat": "effect"}, entity="meas",
    noun="the maps of networks", definite=True, scale="slope",
    description="Slope of each voxel on the course of a network, those of the other networks given.",
)  # fmt: skip
_T = replace(
    _EFFECT, name="t", entities={"stat": "t"}, description="That slope over its standard error, white noise assumed."
)
_SERIES = Output(
    name="series", kind="series", suffix="timeseries", units="arbitrary", entities={"stat": "dualregression"},
    entity="seg", description="Course of each network; censored frames n/a.",
)  # fmt: skip
OUTPUTS = (_EFFECT, _T, ZSCORE, _SERIES)
GROUP = _EFFECT
METHODS = (
    "Maps of networks were made by dual regression on template maps: the maps, all together, were fitted to every "
    "volume, and the courses that result, scaled to unit variance, all together to every voxel."
)


def wanted_regions(options: Options) -> RegionRequest:
    """Return the template maps."""
    return RegionRequest(name="templates", maps=options.maps)


def labels_of(output: Output, options: Options) -> tuple[str, ...]:  # noqa: ARG001  (all maps have the same)
    """Return the pattern of the labels; names are those of the maps."""
    return ("templates",) if output.entity == "seg" else ("net*",)


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield the map of each network, and the courses of all.

    Raises
    ------
    NotMeasurableError
        If there is no map, one is not covered, maps are too alike to be told apart, or there are too many for the run.
    """
    if not regions:
        raise NotMeasurableError("the file of template maps has none")
    maps = np.zeros((signals.coordinates.shape[1], len(regions)))
    for i, region in enumerate(regions):
        maps[region.columns, i] = region.weights
        if not len(region.columns) or region.coverage < options.min_coverage:
            raise NotMeasurableError(
                f"map {region.name}: {len(region.columns)} of its {region.expected} voxels lie in the mask "
                f"({region.coverage:.0%}, at least {options.min_coverage:.0%} are needed), and without it the others "
                "mean something else"
            )
    if len(regions) > len(signals.coordinates) / 3:
        raise NotMeasurableError(
            f"{len(regions)} maps and {len(signals.coordinates)} residual degrees of freedom: at most a third as many"
        )
    alike = condition(maps)
    if alike > options.max_condition:
        raise NotMeasurableError(
            f"the maps are too alike (condition number {alike:.0f}, limit {options.max_condition:g})"
        )
    found = dual_regression(signals.coordinates, signals.targets, maps, int(signals.kept.sum()))
    about = {
        "Template": [dict(region.definition) for region in regions], "ConditionNumber": alike,
        "DegreesOfFreedom": found.df, "SmoothingFWHM": signals.fwhm,
    }  # fmt: skip
    for i, region in enumerate(regions):
        label, said = as_label(f"net {region.name}"), {**about, "Network": region.name, "Coverage": region.coverage}
        effect = found.effect[i].astype(np.float32)
        for output, values in ((_EFFECT, effect), (_T, found.t[i].astype(np.float32)), (ZSCORE, zscore(effect))):
            yield Feature(output, values, label, said)
    yield Feature(_SERIES, table_of_series(signals, regions, found.courses), "templates", about)


combine = combine_maps
