"""A linear model that shrinks all weights alike and drops none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, MinLen

from bids_app.statistics.prediction.learner import FittedLearner, Learner, Setting, Training, linear
from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class Options:
    """Options of `[predictors.ridge]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    penalties: Annotated[
        tuple[Annotated[float, Gt(0)], ...],
        MinLen(1),
        Doc("Candidate penalties (alpha / number of features), chosen by inner cross-validation."),
    ] = (0.1, 1.0, 10.0)


METHODS = "Ridge regression (scikit-learn) was fitted to all features."


def learner(options: Options) -> Learner:
    """Return the way to learn."""

    def fit(people: Training, setting: Setting) -> FittedLearner:
        from sklearn.linear_model import Ridge

        x, y = people.features, people.outcome
        model = Ridge(alpha=setting["penalty"] * x.shape[1]).fit(x, y)
        return linear(np.asarray(model.coef_, dtype=np.float64), float(model.intercept_))

    return Learner([{"penalty": penalty} for penalty in options.penalties], fit)
