"""Pupil size: the mean of what is seen between blinks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Interval

from bids_app.signals.pupil import MOST_MISSING, pupil
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output, mean_row
from bids_app.vocabulary.person_column import PersonColumn, described
from bids_app.vocabulary.signals import Region
from bids_app.vocabulary.traces import Traces


@dataclass(frozen=True)
class Options:
    """Options of `[measures.pupil]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    max_missing: Annotated[
        float, Interval(ge=0, le=1), Doc("Proportion of missing samples above which the mean is n/a.")
    ] = MOST_MISSING


CLEANING, TAKES, TITLE = "trace", "traces", "Pupil size"
PEOPLE = {
    "pupil": PersonColumn("pupil size", "units of the column"),
    "pupilMissing": PersonColumn("share of missing samples of the pupil", "proportion"),
}
_VALUES = Output(
    name="pupil", kind="people", suffix="beh", description="Pupil size: one row.", units="see the columns",
    entities={"desc": "pupil"},
)  # fmt: skip
OUTPUTS = (_VALUES,)
GROUP = None
METHODS = (
    "Samples of the pupil that are 0, faster than a pupil (median + 16 median absolute deviations of the speed) or "
    "within 0.1 s of such were missing and not filled; the mean is of the others."
)


def measure(traces: Traces, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the values of one recording; nothing without pupils."""
    if "pupil" not in traces.traces:
        return
    trace = traces.traces["pupil"]
    found = pupil(trace.values, trace.rate, options.max_missing)
    said = {"Seconds": trace.seconds, "ColumnUnits": trace.units or "arbitrary", **described(PEOPLE)}
    yield Feature(_VALUES, {"pupil": [found.mean], "pupilMissing": [found.missing]}, "pupil", said)


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield means over runs, each weighted by its seconds."""
    yield from mean_row([feature for run in runs for feature in run])
