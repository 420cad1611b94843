"""What a group design says: who is in, what is compared, and what chance could have done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

IT = "{it}"
"""Stands in a question for what a measure calls its maps."""


@dataclass(frozen=True)
class Lost:
    """A participant that is not analysed, and why. `stage` is a box of the flow figure."""

    participant: str
    arm: str
    stage: str
    reason: str


@dataclass(frozen=True, eq=False)
class Contrast:
    """One question to the maps, as arrays over the participants that answer it.

    Attributes
    ----------
    name, question, sign : str
        Name in file names; the question in words; what a positive value means.
    scheme : {'rerandomise', 'signflip'}
        What chance could have done: other arms within strata, or other signs of a person's change.
    outcome : {'post', 'change'}
        Which maps are explained.
    adjusted : bool
        True if each voxel's own baseline stands in the model.
    members : (n,) int
        Rows of the design's participants.
    regressor : (n,) float
        Tested column: arm (1 active, 0 control), or ones.
    nuisance : (n, k) float
        Other columns, the constant among them unless it is tested.
    strata : (n,) int
        Arms are exchanged within equal values only.
    effect : {'ancova', 'two_sample', 'one_sample'}
        Which Hedges g belongs to it.
    arm : str
        The arm that changes, or `both`; empty for a comparison between arms.
    """

    name: str
    question: str
    sign: str
    scheme: str
    outcome: str
    adjusted: bool
    members: NDArray[np.intp]
    regressor: NDArray[np.float64]
    nuisance: NDArray[np.float64]
    strata: NDArray[np.intp]
    effect: str
    arm: str
    primary: bool = False
    columns: tuple[str, ...] = ()

    @property
    def between_arms(self) -> bool:
        """False for a change within arms, which says nothing about specificity."""
        return not self.arm


@dataclass(frozen=True, eq=False)
class Design:
    """A design over the participants at hand: rows, sessions, contrasts and losses.

    `rows` holds one mapping per analysed participant (participant_id, arm, covariates ...), in the order
    that the contrasts' `members` count; `sessions` names the sessions of `pre` and `post`.
    """

    rows: tuple[Mapping[str, Any], ...]
    sessions: Mapping[str, str]
    contrasts: tuple[Contrast, ...]
    lost: tuple[Lost, ...] = ()
    notes: tuple[str, ...] = ()
    arms: Mapping[str, str] = field(default_factory=dict)
