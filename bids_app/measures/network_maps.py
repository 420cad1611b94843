"""Maps of networks: dual regression of a run on template maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Gt, Interval
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.measures import _response_maps
from bids_app.signals.dual_regression import condition, dual_regression
from bids_app.signals.roi import table_of_series
from bids_app.statistics import task_model
from bids_app.statistics.standardise import ZSCORE, zscore
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals

Floats = NDArray[np.floating[Any]]


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
NEEDS_FILE = "maps"
_EFFECT = Output(
    name="effect", kind="map", suffix="statmap", units="percent", entities={"stat": "effect"}, entity="meas",
    noun="the maps of networks", definite=True, scale="percent",
    description="Slope of each voxel on the course of a network, the others given, in percent a standard deviation.",
)  # fmt: skip
_SERIES = Output(
    name="series", kind="series", suffix="timeseries", units="arbitrary", entities={"stat": "dualregression"},
    entity="seg", description="Course of each network; censored frames n/a.",
)  # fmt: skip
OUTPUTS = (_EFFECT, _response_maps.VARIANCE, _response_maps.T, ZSCORE, _SERIES)
GROUP = _EFFECT
METHODS = (
    "Maps of networks were made by dual regression on template maps: the maps, all together, were fitted to every "
    "volume, and the courses that result, scaled to unit variance, all together to every voxel in percent of its mean."
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
        If there is no map, one is not covered, maps are too alike to be told apart, there are too many for the run,
        or its mean signal is gone.
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
    bright = _response_maps.percent_series(signals).bright
    percent = signals.targets[:, bright] * (np.float32(100) / signals.mean[bright])
    found = dual_regression(signals.coordinates, percent, maps, int(signals.kept.sum()))
    about = {
        "Template": [dict(region.definition) for region in regions], "ConditionNumber": alike,
        "DegreesOfFreedom": found.df, "SmoothingFWHM": signals.fwhm,
    }  # fmt: skip
    for i, region in enumerate(regions):
        label, said = as_label(f"net {region.name}"), {**about, "Network": region.name, "Coverage": region.coverage}
        yield from _maps(found.effect[i], found.variance[i], bright, label, said)
    yield Feature(_SERIES, table_of_series(signals, regions, found.courses), "templates", about)


def _maps(
    effect: Floats, variance: Floats, bright: Mask, label: str, about: Mapping[str, object]
) -> Iterator[Feature]:  # fmt: skip
    """Yield effect, variance, t and the effect as z over the mask; NaN where a voxel is not `bright`, (voxels,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        t = effect / np.sqrt(variance)
    scaled = zscore(effect.astype(np.float32))
    parts = (_EFFECT, effect), (_response_maps.VARIANCE, variance), (_response_maps.T, t), (ZSCORE, scaled)
    for output, values in parts:
        whole = np.full(len(bright), np.nan, dtype=np.float32)
        whole[bright] = values
        yield Feature(output, whole, label, about)


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the maps of a session: runs weighted by the inverse of their variance (fixed effects)."""
    if len(runs) == 1:
        yield from (feature for feature in runs[0] if feature.output.is_map)
        return
    for first in (feature for feature in runs[0] if feature.output is _EFFECT):
        effects = [f for run in runs for f in run if f.output is _EFFECT and f.label == first.label]
        variances = _response_maps.variances_of(runs, first.label)
        if len(effects) == len(runs):
            df = sum(int(str(f.metadata["DegreesOfFreedom"])) for f in effects)
            values, spread = (np.array([f.value for f in part], dtype=np.float64) for part in (effects, variances))
            whole = task_model.fixed_effects(values, spread, df)
            said = {**first.metadata, "DegreesOfFreedom": df}
            yield from _maps(whole.effect, whole.variance, np.ones(values.shape[1], dtype=bool), first.label, said)
