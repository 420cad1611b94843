"""What a group design says: who is in, what is compared, and what chance could have done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.participant_row import ParticipantRow

IT = "{it}"
"""Stands in words for what a measure calls its maps."""

OWN = "{own}"
"""Stands in words for `each voxel's own`, or what that is where values belong to no voxels."""


@dataclass(frozen=True)
class Lost:
    """A participant that is not analysed, and why. `stage` is a box of the flow figure."""

    participant: str
    arm: str
    stage: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ContrastText:
    """A contrast in words.

    Attributes
    ----------
    question : str
    sign : str
        What a positive value means.
    found, absent : str
        The sentence of a result that passes, and of one that does not; both without their last words.
    compares : tuple of str
        The arms, treatments or orders that are compared; empty where none are.
    arm : str
        The arm that a change is of, or `both`; empty otherwise. A change within an arm compares nothing.
    """

    question: str
    sign: str
    found: str = ""
    absent: str = ""
    compares: tuple[str, ...] = ()
    arm: str = ""


@dataclass(frozen=True)
class Response:
    """Which maps are explained: weights by stage (post 1, pre -1 for a change), and the stage that is adjusted for."""

    weights: Mapping[str, float]
    baseline: str = ""

    @property
    def stages(self) -> tuple[str, ...]:
        """Every stage that is needed."""
        return tuple(dict.fromkeys((*self.weights, *([self.baseline] if self.baseline else []))))


@dataclass(frozen=True, kw_only=True)
class ContrastSpec:
    """What a contrast asks: its name in files, its words, the maps it explains, and whether it carries the claim.

    `association` is the plug that asked, where no design did. `step` tells, where there are three arms or more, what
    is confirmed first and what after it: that `any` arm differs, and each `pair`.
    """

    name: str
    words: ContrastText
    outcome: Response
    primary: bool = False
    association: str = ""
    step: Literal["", "any", "pair"] = ""

    @property
    def confirmatory(self) -> bool:
        """True for what a claim may rest on."""
        return self.primary or bool(self.step)


@dataclass(frozen=True, eq=False, kw_only=True)
class Contrast:
    """One question to the maps, as arrays over the participants that answer it.

    Attributes
    ----------
    scheme : {'rerandomise', 'signflip', 'exchange', 'exchange_whole', 'wild'}
        What chance could have done: other arms within strata, other signs of a participant's change, other
        participants' residuals within blocks, those of other blocks, or other signs of residuals.
    members : (n,) int
        Rows of the design's participants.
    tested : (n, q) float
        Tested columns: arm (1 active, 0 control), ones, or what a slope is of. Several give an F.
    nuisance : (n, k) float
        Other columns, the constant among them unless it is tested.
    blocks : (n,) int
        Arms, or residuals, are exchanged within equal values only.
    effect : {'ancova', 'two_sample', 'crossover', 'one_sample', 'slope', 'variance'}
        Which standardised effect belongs to it.
    columns : tuple of str
        Names of the tested and the other columns.
    labels : (n,) float or None
        Arm, or tested value, of each member, by number: what `rerandomise` draws anew.
    times : (n,) float or None
        What the maps explained are multiplied by, member by member: a product with the voxel's own value.
    """

    asked: ContrastSpec
    scheme: str
    members: NDArray[np.intp]
    tested: NDArray[np.float64]
    nuisance: NDArray[np.float64]
    blocks: NDArray[np.intp]
    effect: str
    columns: tuple[str, ...] = ()
    labels: NDArray[np.float64] | None = None
    times: NDArray[np.float64] | None = None

    @property
    def name(self) -> str:
        """Name in files."""
        return self.asked.name

    @property
    def is_change(self) -> bool:
        """True for a mean change between stages; a mean map, or a slope, is none."""
        return self.effect == "one_sample" and abs(sum(self.asked.outcome.weights.values())) < 1e-12

    @property
    def between_arms(self) -> bool:
        """True for a comparison of arms; a change within an arm is none."""
        return bool(self.asked.words.compares)


@dataclass(frozen=True, eq=False, kw_only=True)
class Design:
    """A design over the participants at hand: rows, sessions, contrasts and losses.

    `rows` holds one row per analysed participant, in the order that the
    contrasts' `members` count; `sessions` names the session of each stage; `arms` are those compared, the active one
    first and the control last. `parts` names contrasts that ask the same in parts of the participants, such as sites:
    how they differ is told beside the primary contrast. `taken` says how covariates and strata were understood.
    """

    rows: tuple[ParticipantRow, ...]
    sessions: Mapping[str, str]
    contrasts: tuple[Contrast, ...]
    lost: tuple[Lost, ...] = ()
    notes: tuple[str, ...] = ()
    arms: tuple[str, ...] = field(default=())
    parts: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
