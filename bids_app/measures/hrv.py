"""Heart rate variability of an electrocardiogram, or pulse rate variability of a pulse wave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Interval
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.signals.beats import beats
from bids_app.signals.breathing import breathing
from bids_app.signals.intervals import BANDS, HeartBands, HeartVariability, bands, normal, variability
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output, mean_row
from bids_app.vocabulary.person_column import Comparable, PersonColumn, described
from bids_app.vocabulary.signals import Region
from bids_app.vocabulary.traces import Trace, Traces

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """Options of `[measures.hrv]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    max_left_out: Annotated[
        float, Interval(ge=0, le=1), Doc("Proportion of intervals of no normal beats above which values are n/a.")
    ] = 0.2
    min_seconds: Annotated[float, Gt(0), Doc("Minimum seconds for values in time; 120 for bands, 300 are advised.")] = (
        60.0
    )


CLEANING, TAKES, TITLE = "trace", "traces", "Heart rate variability"
_BREATHING = Comparable(
    "breathRate", 60 * BANDS["hf"][0], 60 * BANDS["hf"][1],
    "breathe outside 9 to 24 a minute, so that their sinus arrhythmia lies outside the band. lnRMSSD and breathRate "
    "stand beside",
)  # fmt: skip
PEOPLE = {
    "hr": PersonColumn("heart rate", "beats a minute"),
    "sdnn": PersonColumn("SDNN", "ms"),
    "rmssd": PersonColumn("RMSSD", "ms"),
    "lnRMSSD": PersonColumn("heart rate variability (ln RMSSD)", "ln ms"),
    "pnn50": PersonColumn("pNN50", "percent"),
    "lnHF": PersonColumn("high-frequency variability (ln HF, 0.15 to 0.40 Hz)", "ln ms²", _BREATHING),
    "lnLF": PersonColumn("low-frequency variability (ln LF, 0.04 to 0.15 Hz)", "ln ms²"),
    "hfPeak": PersonColumn("highest peak between 0.15 and 0.40 Hz", "Hz"),
}
_VALUES = Output(
    name="hrv", kind="people", suffix="beh", description="Heart rate variability: one row.", units="see the columns",
    entities={"desc": "hrv"},
)  # fmt: skip
_BEATS = Output(
    name="beats", kind="series", suffix="events", units="s", entities={"desc": "beats"},
    description="Beats, and whether the interval that ends there is of normal beats (beat) or left out (leftout).",
)  # fmt: skip
_EXCERPT = Output(
    name="excerpt", kind="series", suffix="timeseries", units="those of the column", entities={"desc": "heart"},
    description="Twenty seconds from the middle of the recording that beats were found in, to look at.",
)  # fmt: skip
OUTPUTS = (_VALUES, _BEATS, _EXCERPT)
GROUP = None
METHODS = (
    "Beats were found where the filtered signal is steepest. Intervals farther from the median of their neighbours "
    "than 10 % and than four quartile deviations were excluded and not interpolated; the root mean square of "
    "successive differences (RMSSD) is of neighbouring intervals that were both kept [@Quigley2024; @Malik1996]. "
    "Bands are powers of a cubic spline (Welch, 120 s). The ratio of low to high frequency was not used."
)

_WARNED = 0.05
"""Share of intervals left out from which on values are marked."""

_SLOWEST = {"ecg": 50.0, "ppg": 20.0}
"""Samples a second below which beats are not told apart well enough."""

_SHOWN, _DRAWN = 20.0, 100.0
"""Seconds of the signal that are written to be looked at, and samples a second of them."""

_FINE = 125.0
"""Samples a second of an electrocardiogram below which RMSSD is too large (by 6 % at 100)."""


def measure(traces: Traces, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield values and beats of one recording; nothing without a heart.

    Raises
    ------
    NotMeasurableError
        If the sampling rate is too low, or there are too few beats.
    """
    kind = next((kind for kind in ("ecg", "ppg") if kind in traces.traces), "")
    if not kind:
        return
    trace = traces.traces[kind]
    times = _beats(trace, kind) if traces.beats is None else traces.beats - trace.start
    if len(times) < 10:
        raise NotMeasurableError(f"{len(times)} beats were found in {trace.seconds:.0f} s of {kind}")
    intervals = 1000 * np.diff(times)
    kept = normal(intervals)
    said = variability(intervals, kept)
    fast = bands(times[1:], intervals, kept)
    remarks = _remarks(kind, trace.rate, said)
    if "respiration" in traces.traces:
        breath = traces.traces["respiration"]
        values = np.nan_to_num(breath.values, nan=float(np.nanmedian(breath.values)))
        remarks["BreathsPerMinute"] = breathing(values, breath.rate).rate
    if fast.hf > 0:
        remarks["LFOverHF"] = fast.lf / fast.hf
    remarks |= _not_available(said, remarks, options)
    yield Feature(_VALUES, _row(said, fast, options, remarks), "hrv", {"Source": kind, **_about(said), **remarks})
    word = ["beat", *("beat" if own else "leftout" for own in kept)]
    table = {"onset": (times + trace.start).tolist(), "duration": [0.0] * len(times), "trial_type": word}
    yield Feature(_BEATS, table, "beats", {"Source": kind, "StartTime": trace.start})
    yield _excerpt(trace, kind)


def _beats(trace: Trace, kind: str) -> Floats:
    """Return the times of beats from the first sample on, (beats,) s."""
    if trace.rate < _SLOWEST[kind]:
        raise NotMeasurableError(f"{kind} has {trace.rate:g} samples a second (at least {_SLOWEST[kind]:g} needed)")
    return beats(np.where(np.isfinite(trace.values), trace.values, np.nanmedian(trace.values)), trace.rate, kind)


def _excerpt(trace: Trace, kind: str) -> Feature:
    """Return some seconds of the signal, at no more samples a second than a figure needs."""
    middle = trace.start + trace.seconds / 2
    own, step = trace.within(middle - _SHOWN / 2, middle + _SHOWN / 2), max(int(trace.rate // _DRAWN), 1)
    said = {"StartTime": own.start, "SamplingFrequency": trace.rate / step}
    return Feature(_EXCERPT, {kind: own.values[::step].tolist()}, "heart", said)


def _about(said: HeartVariability) -> dict[str, object]:
    return {"IntervalsLeftOut": said.left_out, "Seconds": said.seconds, "Bands": BANDS, **described(PEOPLE)}


def _remarks(kind: str, rate: float, said: HeartVariability) -> dict[str, object]:
    found: dict[str, object] = {"Estimator": "heart rate" if kind == "ecg" else "pulse rate"}
    remarks = []
    if said.left_out > _WARNED:
        remarks.append(f"{100 * said.left_out:.0f} % of intervals left out")
    if kind == "ecg" and rate < _FINE:
        remarks.append(f"{rate:g} samples a second: RMSSD is too large")
    return {**found, **({"Remarks": remarks} if remarks else {})}


def _not_available(
    said: HeartVariability, remarks: Mapping[str, object], options: Options
) -> dict[str, object]:  # fmt: skip
    """Return which values are n/a, and why."""
    if said.left_out > options.max_left_out:
        why = (
            f"{100 * said.left_out:.0f} % of intervals are of no normal beats (limit "
            f"{100 * options.max_left_out:g} %). A list of beats in _physioevents.tsv.gz would be taken"
        )
        return {"NotAvailable": {"heart rate variability": why}}
    if said.seconds < options.min_seconds:
        why = f"{said.seconds:.0f} s of normal beats (at least {options.min_seconds:g} needed)"
        return {"NotAvailable": {"heart rate variability": why}}
    if not _breathes_inside(remarks):
        return {"NotAvailable": {"lnHF": f"{remarks['BreathsPerMinute']:.1f} breaths a minute lie outside its band"}}
    return {}


def _breathes_inside(remarks: Mapping[str, object]) -> bool:
    breath = remarks.get("BreathsPerMinute")
    return not isinstance(breath, float) or BANDS["hf"][0] <= breath / 60 <= BANDS["hf"][1]


def _row(
    said: HeartVariability, fast: HeartBands, options: Options, remarks: Mapping[str, object]
) -> dict[str, list[float]]:
    """Return the values; n/a where too much is left out, the recording is short, or breathing outside the band."""
    usable = said.left_out <= options.max_left_out and said.seconds >= options.min_seconds
    inside = _breathes_inside(remarks)
    values = {
        "hr": said.rate, "sdnn": said.sdnn, "rmssd": said.rmssd, "lnRMSSD": _log(said.rmssd), "pnn50": said.pnn50,
        "lnHF": _log(fast.hf) if inside else np.nan, "lnLF": _log(fast.lf), "hfPeak": fast.hf_peak,
    }  # fmt: skip
    return {name: [value if usable else np.nan] for name, value in values.items()}


def _log(value: float) -> float:
    return float(np.log(value)) if value > 0 else np.nan


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the values of a session: means over runs, each weighted by the seconds of its normal beats."""
    yield from mean_row([feature for run in runs for feature in run if feature.output is _VALUES])
