"""What a predictor gives: one fit for one setting, and a score of people that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Setting = Mapping[str, float]


@dataclass(frozen=True)
class FittedLearner:
    """A fitted model.

    Attributes
    ----------
    score : callable
        Of features (participants, features) to one number a participant; larger means likelier, or more.
    weights : (features,) or None
        Of a linear model; None where there is none.
    plain : mapping
        What a JSON file needs to make the scores again.
    """

    score: Callable[[Values], Values]
    weights: Values | None
    plain: Mapping[str, object]


class Training(NamedTuple):
    """Prepared features (people, features) and outcome (people,) of training people; whether it is a class; a seed."""

    features: Values
    outcome: Values
    classes: bool
    seed: int


@dataclass(frozen=True)
class Learner:
    """A way to learn.

    Attributes
    ----------
    settings : sequence of mapping
        Tried inside the training participants.
    fit : callable
        Of training participants and a setting.
    most : int
        Features that are kept, those that go best with the outcome among the training participants; 0 keeps all.
    """

    settings: Sequence[Setting]
    fit: Callable[[Training, Setting], FittedLearner]
    most: int = 0


def linear(weights: Values, start: float) -> FittedLearner:
    """Return a linear model from its weights, (features,), and its intercept."""
    return FittedLearner(
        lambda features: features @ weights + start, weights,
        {"Kind": "linear", "Intercept": start, "Weights": weights.tolist()},
    )  # fmt: skip
