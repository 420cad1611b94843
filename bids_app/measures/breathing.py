"""Breathing: its rate, how regular it is, and how deep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt

from bids_app.errors import NotMeasurableError
from bids_app.signals.breathing import breathing, breathing_spectrum
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output, mean_row
from bids_app.vocabulary.person_column import PersonColumn, described
from bids_app.vocabulary.signals import Region
from bids_app.vocabulary.traces import Traces


@dataclass(frozen=True)
class Options:
    """Options of `[measures.breathing]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    min_seconds: Annotated[float, Gt(0), Doc("Minimum seconds of a recording.", "s")] = 120.0


CLEANING, TAKES, TITLE = "trace", "traces", "Breathing"
PEOPLE = {
    "breathRate": PersonColumn("breathing rate", "breaths a minute"),
    "breathRateSD": PersonColumn("SD of the breathing rate", "breaths a minute"),
    "breathDepth": PersonColumn("depth of breathing", "units of the column"),
}
_VALUES = Output(
    name="breathing", kind="people", suffix="beh", description="Breathing: one row.", units="see the columns",
    entities={"desc": "breathing"},
)  # fmt: skip
_SPECTRUM = Output(
    name="spectrum", kind="series", suffix="statmap", units="squared units of the column a Hz", entity="meas",
    entities={"stat": "density"}, labels=("breathing",), description="Power spectral density of breathing (Welch).",
)  # fmt: skip
OUTPUTS = (_VALUES, _SPECTRUM)
GROUP = None
METHODS = (
    "Breaths were peaks of the signal between 0.05 and 0.7 Hz that rise half a standard deviation above what surrounds "
    "them."
)


def measure(traces: Traces, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the values of one recording; nothing without breathing.

    Raises
    ------
    NotMeasurableError
        If it is too short.
    """
    if "respiration" not in traces.traces:
        return
    trace = traces.traces["respiration"]
    if trace.seconds < options.min_seconds:
        raise NotMeasurableError(f"{trace.seconds:.0f} s of breathing (at least {options.min_seconds:g} needed)")
    values = np.nan_to_num(trace.values, nan=float(np.nanmedian(trace.values)))
    found, spectrum = breathing(values, trace.rate), breathing_spectrum(values, trace.rate)
    row = {"breathRate": [found.rate], "breathRateSD": [found.rate_sd], "breathDepth": [found.depth]}
    said = {"Seconds": trace.seconds, "Breaths": len(found.peaks), **described(PEOPLE)}
    yield Feature(_VALUES, row, "breathing", said)
    table = {"frequency": spectrum.frequencies.tolist(), "density": spectrum.density.tolist()}
    yield Feature(_SPECTRUM, table, "breathing", {"FrequencyUnits": "Hz"})


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield means over runs, each weighted by its seconds."""
    yield from mean_row([feature for run in runs for feature in run if feature.output is _VALUES])
