"""One run while its session is worked on: what is known of it, what was loaded, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from bids_app.vocabulary.domain import Domain
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.recording import Recording


class PreparedRun(Protocol):
    """What will be done to a run, known before its series is read."""

    @property
    def notes(self) -> Sequence[str]:
        """What is odd about the run and does not stop it."""

    @property
    def df(self) -> Mapping[str, int]:
        """What the run weighs beside others, by kind of cleaning: degrees of freedom, segments, seconds."""


class LoadedRun(Protocol):
    """What a modality hands to the measures."""

    @property
    def domain(self) -> Domain:
        """Where its values live."""

    def cleaned(self, kind: str, threads: int) -> Self:
        """Return it in one kind of cleaning, for so many processors."""


@dataclass(eq=False, kw_only=True)
class RunState:
    """What is known of one run.

    `problem` says why the run cannot be used; `refused` why a region or a whole measure is left out of it, by name.
    """

    recording: Recording
    prepared: PreparedRun | None = None
    loaded: LoadedRun | None = None
    features: dict[str, list[Feature]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def plan(self) -> PreparedRun:
        """What will be done to it; of runs that could be prepared. Its type is the modality's own."""
        assert self.prepared is not None
        return self.prepared

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.recording.series.name
