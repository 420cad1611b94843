"""Sidecar of a declared diagram that was held against data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bids_app.vocabulary.json_record import JsonRecord
from bids_app.vocabulary.preregistration import PlanStatus


@dataclass(frozen=True, kw_only=True)
class PathSaid(JsonRecord):
    """One path among participants of some `arms`; `ordered` is False where both ends were measured at one visit."""

    parent: str
    child: str
    ordered: bool
    coefficient: float
    error: float
    t: float
    df: int
    p: float
    p_holm: float
    beta: float
    breaks: float
    low: float
    high: float
    participants: int
    arms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class IndependenceSaid(JsonRecord):
    """A pair without a path, given the parents of both."""

    first: str
    second: str
    given: tuple[str, ...]
    r: float
    df: int
    p: float
    participants: int


@dataclass(frozen=True, kw_only=True)
class ChainSaid(JsonRecord):
    """Paths one after another from a first to a last node; `found` if each passes at .05 by itself."""

    nodes: tuple[str, ...]
    found: bool
    product: float
    low: float
    high: float
    participants: int
    chance_at_r03: float
    chance_at_r05: float


@dataclass(frozen=True, kw_only=True)
class InstrumentSaid(JsonRecord):
    """Arm as an instrument of the path from the first to the last node, as it was asked for."""

    exclusion: str
    first: str
    last: str
    f: float
    ratio: float | None
    low: float | None
    high: float | None
    outside: bool


@dataclass(frozen=True, kw_only=True)
class DiagramSaid(JsonRecord):
    """Sidecar of one diagram among some participants.

    Attributes
    ----------
    among : str
        The arm; empty: all arms.
    nodes : mapping of mapping
        What each node is: `What`, `Modality`, `Rank` of its visit, `Participants`, and `ShareOfComponent`, the part of
        the variance of several quantities that their first component has (None of a single one).
    untested : tuple of str
        Pairs without a path of which too few participants have both.
    c, c_df, c_p : float
        Fisher's C of the independences that were tested; None where there are none.
    equivalent : int or None
        Diagrams that declare the same independences; None where there are too many to count.
    plan : PlanStatus or None
        Of the plan that was locked; its deviations are those of the diagram alone.
    """

    name: str
    source: str
    among: str
    arms: tuple[str, ...]
    nodes: Mapping[str, Mapping[str, object]]
    paths: tuple[PathSaid, ...]
    independences: tuple[IndependenceSaid, ...]
    untested: tuple[str, ...]
    chains: tuple[ChainSaid, ...]
    c: float | None
    c_df: int
    c_p: float | None
    equivalent: int | None
    alpha: float
    permutations: int
    draws: int
    random_seed: int
    plan: PlanStatus | None
    participants: int
    instrument: InstrumentSaid | None = None
