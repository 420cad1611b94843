"""What physiology hands to the measures: named signals of one recording, each with its own sampling rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.domain import Sites


class Trace(NamedTuple):
    """One signal: its values, samples a second, seconds of the first sample, and units."""

    values: NDArray[np.float64]
    rate: float
    start: float = 0.0
    units: str = ""

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
    """The signals of one recording by what they are: ecg, ppg, respiration, eda, pupil.

    Attributes
    ----------
    domain : Sites
        Nothing that has a place.
    threads : int
        Processors that a measure may use.
    """

    traces: Mapping[str, Trace]
    domain: Sites = field(default_factory=lambda: Sites(names=("recording",), unit="channel"))
    notes: tuple[str, ...] = ()
    threads: int = 1

    def cleaned(self, kind: str, threads: int = 1) -> Traces:  # noqa: ARG002  (there is one kind)
        """Return it for so many processors."""
        return replace(self, threads=threads)
