"""Task-dependent connectivity: how the coupling of each voxel with a region changes during events (gPPI)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt, Interval

from bids_app.errors import NotMeasurableError
from bids_app.measures import _event_model, _response_maps
from bids_app.signals.roi import about_regions
from bids_app.statistics import task_model
from bids_app.statistics.interactions import interaction_columns
from bids_app.statistics.task_design import Floats, Matrix
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.task_connectivity]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    seeds: Annotated[tuple[str, ...], Doc("Regions whose coupling is looked at, written as for --seeds.")] = ("PAG",)
    radius: Annotated[float, Gt(0), Doc("Radius of plain seeds.", "mm")] = 6.0
    min_coverage: Annotated[float, Interval(gt=0, le=1), Doc("Minimum proportion of a seed inside the brain mask.")] = (
        0.5
    )
    hrf: Annotated[Literal["spm", "glover"], Doc("Haemodynamic response function.")] = "spm"
    contrasts: Annotated[
        tuple[str, ...],
        Doc("Contrasts of trial types, e.g. 'rotation-rest'; empty: each against the implicit baseline."),
    ] = ()


CLEANING, NEEDS_EVENTS, ON_REQUEST, TITLE = "raw", True, True, "Task-dependent connectivity"
_EFFECT = Output(
    name="effect", kind="map", suffix="statmap", units="arbitrary", entities={"stat": "effect"}, entity="meas",
    noun="task-dependent connectivity", scale="slope",
    description="Change of the slope of a voxel on the region at the peak of the response, percent per percent.",
)  # fmt: skip
OUTPUTS = (_EFFECT, *_response_maps.BESIDE)
GROUP = _EFFECT
METHODS = (
    "Task-dependent connectivity was estimated as a generalised psychophysiological interaction [@McLaren2012]: one "
    "linear model held every condition convolved with a response function, the series of the region, the product of "
    "both, confounds and drift, with AR(1) noise [@Abraham2014]. Effects are changes of the slope on the region during "
    "a condition, which co-activation by the task alone does not make. Series were not deconvolved, as suits blocks."
)


def wanted_regions(options: Options) -> RegionRequest:
    """Return the regions whose coupling is looked at."""
    return RegionRequest(name="ppi", words=options.seeds, radius=options.radius)


def labels_of(output: Output, options: Options) -> tuple[str, ...]:  # noqa: ARG001  (all outputs have the same)
    """Return the pattern of the labels: the region, and a contrast that the events decide."""
    return ("ppi*",)


def refusals(signals: Signals, regions: Sequence[Region], options: Options) -> dict[str, str]:
    """Return which regions and contrasts are left out of a run, and why."""
    try:
        series = _response_maps.percent_series(signals)
        models = _models(signals, series, regions, options)
    except NotMeasurableError:  # that is said of the measure
        return {}
    seen = [series.seen(region) for region in regions]
    thin = {f"seed {one.name}": _uncovered(one) for one in seen if not _usable(one, options)}
    return {name: why for _, model in models for name, why in model.refused.items()} | thin


def _usable(region: Region, options: Options) -> bool:
    return len(region.columns) > 0 and region.coverage >= options.min_coverage


def _uncovered(region: Region) -> str:
    return (
        f"{len(region.columns)} of its {region.expected} voxels lie in the mask and have signal ({region.coverage:.0%})"
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Interactions:
    design: Matrix
    contrasts: Mapping[str, Floats]
    refused: Mapping[str, str]
    events: Mapping[str, int]


def _models(
    signals: Signals, series: _response_maps.PercentSeries, regions: Sequence[Region], options: Options
) -> list[tuple[Region, _Interactions]]:
    """Return the model of each region that can be used, without its faint voxels.

    Raises
    ------
    NotMeasurableError
        If the run has no events.
    """
    found = _event_model.event_columns(signals, options.hrf)
    psychological, nuisance = found.columns[signals.kept], found.nuisance[signals.kept]
    words = options.contrasts or tuple(found.conditions)
    counts = {name: len(condition.onsets) for name, condition in found.conditions.items()}
    models = []
    for region in filter(lambda one: _usable(one, options), map(series.seen, regions)):
        seed = signals.basis @ series.mean_of(region)
        products = interaction_columns(psychological, seed)
        design = np.concatenate([products, psychological, seed[:, None], nuisance], axis=1)
        contrasts, refused = _event_model.contrasts_of(words, found.names, design, 0)
        refused = {**found.refused, **refused}
        models.append((region, _Interactions(design=design, contrasts=contrasts, refused=refused, events=counts)))
    return models


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield effect, variance, t and z of each region and contrast (McLaren 2012, doi:10.1016/j.neuroimage.2012.03.068).

    Raises
    ------
    NotMeasurableError
        If the run has no events, they do not serve the contrasts, no region is covered, or two maps would have one
        name.
    """
    series = _response_maps.percent_series(signals)
    models = _models(signals, series, regions, options)
    if not any(model.contrasts for _, model in models):
        why = refusals(signals, regions, options).items()
        raise NotMeasurableError("; ".join(f"{name}: {text}" for name, text in why) or "no region is covered")
    labels = {
        (region.name, words): label
        for region, model in models
        for words, label in _event_model.labels_of_contrasts(model.contrasts, f"ppi {region.name}").items()
    }
    if len({label.lower() for label in labels.values()}) < len(labels):
        raise NotMeasurableError(f"regions would have one file name: {', '.join(one.name for one, _ in models)}")
    for region, model in models:
        about = {
            "Seed": dict(region.definition), "Regions": about_regions([region]), "Events": model.events,
            "ResponseFunction": options.hrf, "NoiseModel": "AR(1)", "SmoothingFWHM": signals.fwhm,
            "DegreesOfFreedom": len(model.design) - task_model.rank(model.design),
        }  # fmt: skip
        for words, estimate in _response_maps.fitted(signals, series, model.design, model.contrasts).items():
            said = {**about, "Contrast": f"{region.name} x {words}"}
            label = labels[region.name, words]
            yield from _response_maps.response_maps(estimate, _EFFECT, series.bright, label, said)


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the maps of a session: runs weighted by the inverse of their variance (fixed effects)."""
    for feature in runs[0]:
        same = [f for run in runs for f in run if f.output is feature.output and f.label == feature.label]
        if feature.output is _EFFECT and len(same) == len(runs):
            variances = _response_maps.variances_of(runs, feature.label)
            yield from _response_maps.over_runs(same, variances, {"Events": _event_model.counted(same)})
