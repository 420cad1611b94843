"""Segments of a run as stages of a design: the options of `[segments.<name>]`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from bids_app.vocabulary.options.describe import Doc

_BOUND = re.compile(r"(?P<kind>.*?)((?P<side>:start|:end)(?P<shift>[+-]\d+(\.\d+)?)?)?")


class Bound(NamedTuple):
    """Where a segment begins or ends: a trial type, the end or the onset of its events, and seconds from there."""

    trial_type: str
    at_end: bool
    shift: float


@dataclass(frozen=True)
class SegmentOptions:
    """Options of `[segments.<name>]`: a part of every run, named as you like."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    from_: Annotated[
        str,
        Doc(
            "Where it begins: a trial type (the onset of its first event; with :end, the end of its last one), and "
            "seconds after :start or :end: needling:end+60; empty: at the first volume."
        ),
    ] = ""
    until: Annotated[str, Doc("Where it ends, written in the same way: needling; empty: at the last volume.")] = ""
    seconds: Annotated[
        tuple[float, ...], Doc("Begin and end in seconds from the first volume, in place of events: [0, 300].", "s")
    ] = ()

    def __post_init__(self) -> None:
        """Refuse what names no part of a run."""
        events = bool(self.from_ or self.until)
        if events == bool(self.seconds):
            raise ValueError("a segment is cut by events (from, until) or by seconds, one of both")
        if self.seconds and (len(self.seconds) != 2 or not 0 <= self.seconds[0] < self.seconds[1] < math.inf):
            raise ValueError("seconds are two numbers from the first volume, begin and end: [0, 300]")
        for word in filter(None, (self.from_, self.until)):
            name = bound_of(word).trial_type
            if not name or ":" in name:
                raise ValueError(
                    f"{word!r} names no trial type that is understood; expected e.g. needling, needling:end or "
                    "needling:end+60, without blanks"
                )

    @property
    def rule(self) -> str:
        """The rule in words, as the settings have it."""
        if self.seconds:
            return f"{self.seconds[0]:g} to {self.seconds[1]:g} s"
        return f"from {self.from_ or 'the first volume'} until {self.until or 'the last volume'}"


def bound_of(word: str) -> Bound:
    """Return a bound from its word; seconds follow `:start` or `:end`, so that LI4-2 stays a trial type.

    >>> bound_of("needling:end+60"), bound_of("needling")
    (Bound(trial_type='needling', at_end=True, shift=60.0), Bound(trial_type='needling', at_end=False, shift=0.0))
    """
    found = _BOUND.fullmatch(word.strip())
    assert found is not None  # everything is optional
    return Bound(found["kind"].strip(), found["side"] == ":end", float(found["shift"] or 0))
