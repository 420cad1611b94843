"""Bin of the largest value of each channel: a table of the participant that does not go to the group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output


@dataclass(frozen=True)
class Options:
    """Options of `[measures.toy_peak]`."""

    last: Annotated[int, Doc("Last bin.")] = 100


CLEANING, TAKES, GROUP = "plain", "spectra", None
_PEAK = Output(
    name="peak", kind="table", suffix="relmat", description="Frequency of the peak.", units="Hz",
    entities={"stat": "peak"}, entity="meas", labels=("peak",),
)  # fmt: skip
OUTPUTS = (_PEAK,)
METHODS = "The peak of each channel was found."


def measure(spectra: Any, regions: Sequence[Any], options: Options) -> Iterator[Feature]:
    """Yield the frequency of the peak of each channel."""
    axis = spectra.domain.axes[0].values
    peaks = [axis[i] for i in spectra.values[:, : options.last].argmax(axis=1)]
    yield Feature(_PEAK, {"channel": list(spectra.domain.names), "hz": peaks}, "peak")


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:
    """Yield what one run has; peaks of several are not averaged."""
    if len(runs) == 1:
        yield from runs[0]
