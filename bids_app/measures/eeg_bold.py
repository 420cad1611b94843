"""Where the BOLD signal is associated with the power of simultaneous EEG, such as alpha."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt, Le
from numpy.typing import NDArray

from bids_app.dataset.montages import region
from bids_app.errors import NotMeasurableError
from bids_app.measures import _response_maps
from bids_app.signals.effective_df import independent_values
from bids_app.signals.oscillations import BANDS, Spectra
from bids_app.signals.periodogram import density
from bids_app.signals.power_course import GRID, expected_bold, power_course, standardised
from bids_app.statistics import task_design, task_model
from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals, TaskDesign
from bids_app.vocabulary.simultaneous import Simultaneous

Floats = NDArray[np.float64]
BandName = Literal["delta", "theta", "alpha", "beta", "gamma"]


@dataclass(frozen=True)
class Options:
    """Options of `[measures.eeg_bold]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    band: Annotated[BandName, Doc("Band whose power is followed.")] = "alpha"
    individual: Annotated[bool, Doc("Alpha of a participant around the individual alpha frequency.")] = False
    region: Annotated[
        tuple[str, ...], Doc("Region of the scalp (posterior, central, frontal), or channels.")
    ] = ("posterior",)  # fmt: skip
    hrf: Annotated[Literal["spm", "spm + derivative"], Doc("Haemodynamic response function.")] = "spm"
    orthogonal_to: Annotated[
        tuple[BandName, ...], Doc("Bands whose power stands in the same model, so that theirs is not taken for it.")
    ] = ()
    volume_marker: Annotated[
        tuple[str, ...], Doc("Trial types of the events of the EEG that mark the start of a volume.")
    ] = ("scanner", "volume", "R128")
    max_filled: Annotated[
        float, Gt(0), Le(1), Doc("Largest share of a run whose power is interpolated because the EEG is bad there.")
    ] = 0.1


CLEANING, COMPANION, TITLE = "raw", "eeg", "EEG power and BOLD"
ON_REQUEST = True

_EFFECT = Output(
    name="effect", kind="map", suffix="statmap", units="percent", entities={"stat": "effect"}, entity="meas",
    description="Percent signal for one standard deviation of log power of the band, sustained.",
    noun="the association of BOLD with EEG power", definite=True, scale="percent",
)  # fmt: skip
_REGRESSOR = Output(
    name="regressor", kind="series", suffix="timeseries", units="standard deviations", entities={"desc": "eegPower"},
    description="Standardised log power of the band, convolved with the response, at each volume.",
)  # fmt: skip
OUTPUTS = (_EFFECT, *_response_maps.BESIDE, _REGRESSOR)
GROUP = _EFFECT
METHODS = (
    "Log power of a band of the simultaneous EEG (mean over the channels of a region, windows of 2 s every 0.25 s) was "
    "standardised within the run, convolved with the haemodynamic response [@Laufs2003] and entered into a linear "
    "model of the unfiltered BOLD series with confounds, slow drift and AR(1) noise. The clocks were joined by the "
    "markers of volumes in the EEG. Associations say nothing of which follows which."
)

_MARKED = 0.3
"""Correlation with framewise displacement from which on a run is marked: motion is in both recordings."""

_IRREGULAR = 0.1
"""Share of a repetition time that two markers may be farther apart or nearer than it."""


def measure(given: Simultaneous, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield effect, variance, t and z of the power of a band, and the regressor.

    Raises
    ------
    NotMeasurableError
        If the clocks cannot be joined, too much of the EEG is bad, or nothing is left of the regressor.
    """
    signals, epochs = given.signals, given.companion
    task = signals.task
    assert task is not None
    times = _volume_times(epochs, task, signals.repetition_time, options)
    made, others, about = _regressors(epochs, times, options)
    columns = np.column_stack([made, *others, task.nuisance])
    design, weights = columns[signals.kept], np.eye(columns.shape[1])[0]
    if not task_model.estimable(design, weights):
        raise NotMeasurableError(f"power of {options.band} is collinear with the rest of the model")
    about |= _beside(made[:, 0], signals, task) | {
        "DegreesOfFreedom": len(design) - task_model.rank(design), "ResponseFunction": options.hrf,
        "NoiseModel": "AR(1)", "SmoothingFWHM": signals.fwhm, "VolumeMarkers": len(times),
    }  # fmt: skip
    label = f"{options.band}Bold"
    series = _response_maps.percent_series(signals)
    for estimate in _response_maps.fitted(signals, series, design, {label: weights}).values():
        yield from _response_maps.response_maps(estimate, _EFFECT, series.bright, label, about)
    yield Feature(_REGRESSOR, {options.band: made[:, 0].tolist()}, "eegPower", about)


def _volume_times(epochs: Epochs, task: TaskDesign, step: float, options: Options) -> Floats:
    """Return when each volume was acquired on the clock of the EEG, (volumes,) s.

    Raises
    ------
    NotMeasurableError
        If the markers of volumes are not those of the series.
    """
    if not epochs.continuous:
        raise NotMeasurableError("only epochs of the EEG are there; power is followed in the continuous recording")
    events = epochs.events
    rows = zip(events.get("onset", ()), events.get("trial_type", ()), strict=False)
    onsets = np.sort([float(onset) for onset, kind in rows if kind in options.volume_marker and onset != "n/a"])
    if len(onsets) != len(task.times):
        raise NotMeasurableError(
            f"EEG has {len(onsets)} volume markers ({', '.join(options.volume_marker)}), the series {len(task.times)} "
            "volumes: clocks cannot be joined. Check lost triggers; set measures.eeg_bold.volume_marker"
        )
    apart = np.diff(onsets)
    if (np.abs(apart - step) > _IRREGULAR * step).any():
        worst = int(np.abs(apart - step).argmax())
        raise NotMeasurableError(
            f"markers of volumes {worst} and {worst + 1} are {apart[worst]:g} s apart, volumes {step:g} s: clocks "
            "cannot be joined"
        )
    if onsets[-1] + task.times[0] > epochs.data.shape[1] / epochs.rate:
        raise NotMeasurableError("the EEG ends before the last volume")
    return np.asarray(onsets + task.times[0])


def _regressors(
    epochs: Epochs, times: Floats, options: Options
) -> tuple[Floats, list[Floats], dict[str, object]]:  # fmt: skip
    """Return the regressor of the band (and derivative), those of other bands, and what is said of them."""
    chosen = region(options.region, epochs.domain.names)
    if not chosen:
        raise NotMeasurableError(f"no channel of {', '.join(options.region)} was recorded")
    data = epochs.data[chosen]
    band = _individual(epochs, chosen) if options.individual else BANDS[options.band]
    names = [epochs.domain.names[i] for i in chosen]
    about: dict[str, object] = {"Band": list(band), "Region": list(options.region), "Channels": names}
    responses = task_design.response_functions(options.hrf, GRID)
    found = []
    for edges in (band, *(BANDS[name] for name in options.orthogonal_to)):
        course = power_course(data, epochs.rate, edges, epochs.bad, epochs.cuts)
        try:
            z = standardised(course, times[0], times[-1])
        except ValueError as error:
            raise NotMeasurableError(str(error)) from error
        if z.filled > options.max_filled:
            raise NotMeasurableError(
                f"{100 * z.filled:.0f} % of the power of the EEG lies in bad stretches (at most "
                f"{100 * options.max_filled:g} %: measures.eeg_bold.max_filled)"
            )
        about.setdefault("ShareFilled", z.filled)
        found.append(np.column_stack([expected_bold(course.times, z.values, one, times) for one in responses]))
    return found[0], found[1:], about


def _individual(epochs: Epochs, chosen: Sequence[int]) -> tuple[float, float]:
    """Return alpha around the individual alpha frequency of a region.

    Raises
    ------
    NotMeasurableError
        If it has no alpha peak.
    """
    if not len(epochs.starts):
        raise NotMeasurableError("no segment of the EEG is clean")
    width = epochs.rate / epochs.length
    bins = slice(round(1 / width), round(45 / width) + 1)
    found = density(epochs.data[list(chosen)], epochs.starts, epochs.length, epochs.rate, bins)
    peak = Spectra(density=found, frequencies=np.arange(bins.start, bins.stop, dtype=np.float64) * width).peak()
    if peak.reason:
        raise NotMeasurableError(f"there is no individual alpha frequency: {peak.reason}")
    return peak.gravity - 2, peak.gravity + 2.5


def _beside(regressor: Floats, signals: Signals, task: TaskDesign) -> dict[str, object]:
    """Return how the regressor correlates with motion and with the mean of the brain, and what it is worth."""
    own = regressor[signals.kept]
    whole = signals.basis @ signals.coordinates.mean(axis=1, dtype=np.float64)
    found: dict[str, object] = {
        "CorrelationWithGlobalSignal": _correlation(own, whole),
        "IndependentVolumes": independent_values(own),
    }
    if task.displacement is None:
        return found
    r = _correlation(own, task.displacement[signals.kept])
    said = f"power is correlated with framewise displacement (r = {r:.2f}): motion is in both recordings"
    return found | {"CorrelationWithMotion": r, **({"Remarks": [said]} if abs(r) > _MARKED else {})}


def _correlation(one: Floats, other: Floats) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3 or not (np.ptp(one[known]) and np.ptp(other[known])):
        return float("nan")
    return float(np.corrcoef(one[known], other[known])[0, 1])


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the maps of a session: runs weighted by the inverse of their variance (fixed effects)."""
    effects = [feature for run in runs for feature in run if feature.output is _EFFECT]
    if effects:
        yield from _response_maps.over_runs(effects, _response_maps.variances_of(runs, effects[0].label), {})
