"""The answers of a trial as its first page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bids_app.report.claims.maps import Verdict


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A number with its name."""

    name: str
    said: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Card:
    """One primary answer: the sentence, its numbers, and a figure of every participant."""

    kind: str
    title: str
    page: str
    verdict: Verdict
    facts: Sequence[Fact]
    panel: Mapping[str, object] | None = None
    panel_title: str = ""
    curves: Mapping[str, object] | None = None
    picture: str = ""
    head: Mapping[str, object] | None = None
    caption: str = ""


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One row of the table of all answers; p values are None where nothing was tested.

    Attributes
    ----------
    role : str
        Primary, secondary or exploratory.
    decision : {'passes', 'does not pass', 'not confirmatory', 'not tested'}
    within : sequence of float or None
        p of the change within the active and the control arm, which compare nothing.
    """

    title: str
    page: str
    sentence: str
    role: str
    effect: str
    p: float | None
    adjusted: float | None
    decision: str
    passed: bool
    within: Sequence[float | None] = field(default_factory=tuple)
