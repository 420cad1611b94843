"""A biosensor, such as one for ATP or adenosine at the point: its level before, during and after needling."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from bids_app.errors import NotMeasurableError
from bids_app.signals.event_windows import windowed
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output, mean_row
from bids_app.vocabulary.person_column import PersonColumn, described
from bids_app.vocabulary.signals import Region
from bids_app.vocabulary.traces import Trace, Traces


@dataclass(frozen=True)
class Options:
    """Options of `[measures.biosensor]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    event: Annotated[tuple[str, ...], Doc("Trial types of events.tsv that are needling.")] = ("needling", "needle")
    drift: Annotated[
        bool, Doc("Areas are above the straight line through the samples before needling, not above their mean.")
    ] = False


CLEANING, TAKES, TITLE = "trace", "traces", "Biosensor"
PEOPLE = {
    "sensorBefore": PersonColumn("biosensor before needling", "units of the column"),
    "sensorDuring": PersonColumn("biosensor during needling", "units of the column"),
    "sensorAfter": PersonColumn("biosensor after needling", "units of the column"),
    "sensorDuringArea": PersonColumn("area above the level before, during needling", "units of the column times s"),
    "sensorAfterArea": PersonColumn("area above the level before, after needling", "units of the column times s"),
}
_VALUES = Output(
    name="biosensor", kind="people", suffix="beh", description="A biosensor around needling: one row.",
    units="see the columns", entities={"desc": "biosensor"},
)  # fmt: skip
OUTPUTS = (_VALUES,)
GROUP = None
METHODS = (
    "The biosensor was averaged before, during and after needling; areas during and after are above its level before."
)

_CONCENTRATION = re.compile(r"(n|u|µ|μ|m|p)?(M|mol)\b|g/(m|d|u|µ|μ)?L|mol/")


def measure(traces: Traces, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the values of one recording; nothing without a biosensor.

    Raises
    ------
    NotMeasurableError
        If its units are not declared, are a concentration without a calibration, or the run has no needling.
    """
    if "sensor" not in traces.traces:
        return
    trace = traces.traces["sensor"]
    _require_units(trace)
    first, last = _needling(traces.events, options)
    found = windowed(trace.values, trace.rate, (first - trace.start, last - trace.start), drift=options.drift)
    row = {
        "sensorBefore": [found["before"].mean], "sensorDuring": [found["during"].mean],
        "sensorAfter": [found["after"].mean], "sensorDuringArea": [found["during"].area],
        "sensorAfterArea": [found["after"].area],
    }  # fmt: skip
    said = {"Seconds": trace.seconds, "Needling": [first, last], "SensorUnits": trace.units, **described(PEOPLE)}
    if trace.calibration:
        said["Calibration"] = trace.calibration
    yield Feature(_VALUES, row, "biosensor", said)


def _require_units(trace: Trace) -> None:
    if not trace.units:
        raise NotMeasurableError("the biosensor has no Units; declare them for its column in the sidecar")
    if _CONCENTRATION.search(trace.units) and not trace.calibration:
        raise NotMeasurableError(
            f"the biosensor has Units {trace.units!r}, a concentration, and no Calibration in its sidecar: a current "
            "is none. Say how it was calibrated, or give the units that were recorded (nA, V)"
        )


def _needling(events: Mapping[str, Sequence[str]], options: Options) -> tuple[float, float]:
    """Return when needling begins and ends, s."""
    rows = zip(*(events.get(name, ()) for name in ("onset", "duration", "trial_type")), strict=False)
    spans = [
        (float(onset), float(onset) + (float(lasts) if lasts != "n/a" else 0.0))
        for onset, lasts, kind in rows
        if kind in options.event and onset != "n/a"
    ]
    if not spans:
        there = ", ".join(sorted(set(events.get("trial_type", ())))) or "no events"
        raise NotMeasurableError(
            f"the run has no needling ({', '.join(options.event)}) in its events ({there}); name it with "
            "measures.biosensor.event"
        )
    return min(first for first, _ in spans), max(last for _, last in spans)


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield means over runs, each weighted by its seconds."""
    yield from mean_row([feature for run in runs for feature in run])
