"""What physiology hands to the measures: named signals of one recording, each with its own sampling rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.domain import Sites


class Trace(NamedTuple):
    """One signal: its values, samples a second, seconds of the first sample, units, and how it was calibrated."""

    values: NDArray[np.float64]
    rate: float
    start: float = 0.0
    units: str = ""
    calibration: str = ""

    def within(self, first: float, last: float) -> Trace:
        """Return the part between two times (s); empty where there is none."""
        low, high = (round((at - self.start) * self.rate) for at in (first, last))
        low, high = (min(max(edge, 0), len(self.values)) for edge in (low, high))
        return self._replace(values=self.values[low:high], start=self.start + low / self.rate)

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.values) / self.rate


@dataclass(frozen=True, kw_only=True)
class PreparedTraces:
    """What will be done to a recording: which columns its sidecars name, by file."""

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    df: Mapping[str, int] = field(default_factory=lambda: {"trace": 1})


@dataclass(frozen=True, eq=False, kw_only=True)
class Traces:
    """The signals of one recording by what they are: ecg, ppg, respiration, eda, pupil, sensor.

    Attributes
    ----------
    domain : Sites
        Nothing that has a place.
    events : mapping of text columns
        The events table, on the clock of the signals; empty where there is none.
    beats : (beats,) s or None
        Times of heart beats that someone found already.
    threads : int
        Processors that a measure may use.
    """

    traces: Mapping[str, Trace]
    events: Mapping[str, Sequence[str]] = field(default_factory=dict)
    beats: NDArray[np.float64] | None = None
    domain: Sites = field(default_factory=lambda: Sites(names=("recording",), unit="channel"))
    notes: tuple[str, ...] = ()
    threads: int = 1

    def cleaned(self, kind: str, threads: int = 1) -> Traces:  # noqa: ARG002  (there is one kind)
        """Return it for so many processors."""
        return replace(self, threads=threads)
