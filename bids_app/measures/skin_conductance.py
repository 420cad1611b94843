"""Skin conductance: its level and its responses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from bids_app.errors import NotMeasurableError
from bids_app.signals.skin import skin_conductance
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output, mean_row
from bids_app.vocabulary.person_column import PersonColumn, described
from bids_app.vocabulary.signals import Region
from bids_app.vocabulary.traces import Traces


@dataclass(frozen=True)
class Options:
    """Options of `[measures.skin_conductance]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    scale: Annotated[float, Ge(0), Doc("What turns the column into µS; 0: its Units must say µS.")] = 0.0


CLEANING, TAKES, TITLE = "trace", "traces", "Skin conductance"
PEOPLE = {
    "scl": PersonColumn("skin conductance level", "µS"),
    "scrPerMinute": PersonColumn("skin conductance responses", "a minute"),
    "scrAmplitude": PersonColumn("amplitude of skin conductance responses", "log1p µS"),
}
_VALUES = Output(
    name="skin", kind="people", suffix="beh", description="Skin conductance: one row.", units="see the columns",
    entities={"desc": "skinConductance"},
)  # fmt: skip
OUTPUTS = (_VALUES,)
GROUP = None
METHODS = (
    "The skin conductance level was the mean below 0.05 Hz; responses were peaks of the unfiltered signal that rise at "
    "least 0.05 µS, and their mean amplitude was taken as ln(1 + µS)."
)

_MICROSIEMENS = {"µs", "μs", "us", "microsiemens"}


def measure(traces: Traces, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the values of one recording; nothing without skin conductance.

    Raises
    ------
    NotMeasurableError
        If its unit is not known.
    """
    if "eda" not in traces.traces:
        return
    trace = traces.traces["eda"]
    if not options.scale and trace.units.strip().lower() not in _MICROSIEMENS:
        raise NotMeasurableError(
            f"skin conductance has Units {trace.units or 'none'!r}; expected µS. Convert it, or give "
            "measures.skin_conductance.scale"
        )
    values = np.nan_to_num(trace.values, nan=float(np.nanmedian(trace.values))) * (options.scale or 1.0)
    found = skin_conductance(values, trace.rate)
    amplitude = float(np.log1p(found.amplitude))
    row = {"scl": [found.level], "scrPerMinute": [found.per_minute], "scrAmplitude": [amplitude]}
    said = {"Seconds": trace.seconds, "Responses": len(found.responses), **described(PEOPLE)}
    yield Feature(_VALUES, row, "skin", said)


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield means over runs, each weighted by its seconds."""
    yield from mean_row([feature for run in runs for feature in run])
