"""Responses to events, such as needling blocks: a linear model with AR(1) noise, and time courses of regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from bids_app.errors import NotMeasurableError
from bids_app.measures import _event_model, _response_maps
from bids_app.statistics import task_model
from bids_app.statistics.task_design import Floats, Matrix
from bids_app.statistics.task_events import Condition
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.task_glm]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    hrf: Annotated[
        Literal["spm", "spm + derivative", "spm + derivative + dispersion", "glover", "glover + derivative"],
        Doc("Haemodynamic response function."),
    ] = "spm + derivative"
    contrasts: Annotated[
        tuple[str, ...],
        Doc("Contrasts of trial types, e.g. 'rotation-rest'; empty: each against the implicit baseline."),
    ] = ()
    modulators: Annotated[
        tuple[str, ...],
        Doc(
            "Parametric modulators of a trial type: 'rotation*deqi' (a column of the events) or 'rotation*minutes' "
            "(the change per minute that the needle is in, whatever minute is called the first)."
        ),
    ] = ()
    regions: Annotated[
        tuple[str, ...], Doc("Regions, written as for --seeds, whose time courses are estimated (FIR).")
    ] = ("core",)
    fir_window: Annotated[float, Gt(0), Doc("Length of the FIR window after the onset.", "s")] = 24.0
    fir_repetitions: Annotated[
        bool, Doc("One time course for each event of a trial type, in their order (habituation), not one for all.")
    ] = False


CLEANING = "raw"
"""The model holds its own confounds beside the events: nothing is taken out before."""

NEEDS_EVENTS = True
"""Runs without a table of events are passed over."""

_EFFECT = Output(
    name="effect",
    kind="map",
    suffix="statmap",
    description="Contrast of responses at their peak, percent of the voxel's mean signal.",
    units="percent",
    entities={"stat": "effect"},
    entity="meas",
    labels=(),
    definite=True,
    noun="the response to the task",
    scale="percent",
)
_COURSES = Output(
    name="courses",
    kind="table",
    suffix="timeseries",
    description="Response of each region at each delay after the onset (FIR), percent signal.",
    units="percent",
    entities={"stat": "fir"},
    entity="seg",
)
OUTPUTS = (_EFFECT, *_response_maps.BESIDE, _COURSES)
_HEADS = ("region", "trial_type", "delay", "effect", "standard_error")
GROUP = _EFFECT

TITLE = "Response to needling"
METHODS = (
    "Responses to events were estimated by a linear model with AR(1) noise [@Abraham2014], confounds and slow "
    "drift in the same model and no low-pass filter; series were smoothed and scaled to percent of the voxel's mean. "
    "Effects are the height of the response to one event at its peak."
)


def wanted_regions(options: Options) -> RegionRequest:
    """Return the regions whose time courses are estimated."""
    return RegionRequest(name="fir", words=options.regions)


@dataclass(frozen=True, eq=False)
class _Model:
    """Design of a run: conditions, columns with names, weights of each contrast, and what is left out and why."""

    found: Mapping[str, Condition]
    design: Matrix
    contrasts: Mapping[str, Floats]
    refused: Mapping[str, str]


def refusals(signals: Signals, regions: Sequence[Region], options: Options) -> dict[str, str]:  # noqa: ARG001
    """Return which conditions, events and contrasts are left out of a run, and why."""
    try:
        return dict(_model(signals, options).refused)
    except NotMeasurableError:  # that is said of the measure
        return {}


def _model(signals: Signals, options: Options) -> _Model:
    """Build the design of a run; a condition or contrast that cannot be had is left out.

    Raises
    ------
    NotMeasurableError
        If the run has no events, or no contrast is left.
    """
    found = _event_model.event_columns(signals, options.hrf, options.modulators)
    design = np.concatenate([found.columns, found.nuisance], axis=1)[signals.kept]
    words = options.contrasts or tuple(found.conditions)
    contrasts, refused = _event_model.contrasts_of(words, found.names, design, 0)
    refused = {**found.refused, **refused}
    if not contrasts:
        raise NotMeasurableError("; ".join(f"{name}: {why}" for name, why in refused.items()))
    return _Model(found.conditions, design, contrasts, refused)


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield effect, variance, t and z of each contrast, and the time courses of regions.

    Raises
    ------
    NotMeasurableError
        If the run has no events, or they do not serve the contrasts.
    """
    model = _model(signals, options)
    found, design, contrasts = model.found, model.design, model.contrasts
    labels = _event_model.labels_of_contrasts(contrasts)
    about = {
        "Events": {name: len(found[one.parent or name].onsets) for name, one in found.items()},
        "ResponseFunction": options.hrf, "DegreesOfFreedom": len(design) - task_model.rank(design),
        "NoiseModel": "AR(1)", "SmoothingFWHM": signals.fwhm,
    }  # fmt: skip
    series = _response_maps.percent_series(signals)
    for words, estimate in _response_maps.fitted(signals, series, design, contrasts).items():
        yield from _response_maps.response_maps(
            estimate, _EFFECT, series.bright, labels[words], {**about, "Contrast": words}
        )
    yield from _courses(signals, regions, found, options, series)


def _courses(
    signals: Signals, regions: Sequence[Region], found: Mapping[str, Condition], options: Options,
    percent: _response_maps.PercentSeries,
) -> Iterator[Feature]:  # fmt: skip
    task, seen = signals.task, [percent.seen(region) for region in regions]
    covered = [region for region in seen if len(region.columns)]
    if task is None or not covered:
        return
    series = signals.basis @ np.stack([percent.mean_of(region) for region in covered], axis=1)
    shown = _repetitions(found) if options.fir_repetitions else found
    delays, courses = task_model.time_courses(series, shown, task, signals.kept, options.fir_window)
    rows = [
        (region.name, name, float(delay), effect[d, i], error[d, i])
        for i, region in enumerate(covered)
        for name, (effect, error) in courses.items()
        for d, delay in enumerate(delays)
    ]
    absent = [region.name for region in seen if not len(region.columns)]
    table = dict(zip(_HEADS, map(list, zip(*rows, strict=True)), strict=True))
    yield Feature(_COURSES, table, "fir", {"RegionsNotCovered": absent})


def _repetitions(found: Mapping[str, Condition]) -> dict[str, Condition]:
    """Return each event of each trial type as a condition of its own, numbered in their order."""
    shown = {}
    for name, condition in found.items():
        if not condition.parent:
            for number, i in enumerate(np.argsort(condition.onsets, kind="stable"), 1):
                one = (condition.onsets[[i]], condition.durations[[i]], condition.weights[[i]])
                shown[f"{name} {number}"] = Condition(*one)
    return shown


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the maps of a session: runs weighted by the inverse of their variance (fixed effects)."""
    for feature in runs[0]:
        same = [f for run in runs for f in run if f.output is feature.output and f.label == feature.label]
        if feature.output is _EFFECT and len(same) == len(runs):
            yield from _response_maps.over_runs(
                same, _response_maps.variances_of(runs, feature.label), {"Events": _event_model.counted(same)}
            )
        elif feature.output is _COURSES and len(same) == len(runs):
            yield Feature(_COURSES, _mean_courses([f.value for f in same]), feature.label, feature.metadata)


def _mean_courses(tables: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the courses of a session: each region, condition and delay over the runs that have it, by precision."""
    found: dict[tuple[object, ...], list[tuple[float, float]]] = {}
    for table in tables:
        for row in zip(*(table[name] for name in _HEADS), strict=True):
            found.setdefault(tuple(row[:3]), []).append((row[3], row[4]))
    rows = []
    for key, estimates in found.items():
        known = [(effect, 1 / error**2) for effect, error in estimates if np.isfinite(error) and error > 0]
        total = sum(weight for _, weight in known)
        mean = sum(effect * weight for effect, weight in known) / total if known else np.nan
        rows.append((*key, mean, total**-0.5 if known else np.nan))
    return dict(zip(_HEADS, map(list, zip(*rows, strict=True)), strict=True))
