"""A sparse linear model: squared error with both penalties, on the features that go best with the outcome."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, MinLen

from bids_app.statistics.prediction.learner import FittedLearner, Learner, Setting, Training, linear
from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class Options:
    """Options of `[predictors.elastic_net]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    penalties: Annotated[
        tuple[Annotated[float, Gt(0)], ...],
        MinLen(1),
        Doc("Candidate penalties (alpha / SD of the outcome), chosen by inner cross-validation."),
    ] = (0.02, 0.1, 0.3)
    l1_ratio: Annotated[float, Gt(0), Le(1), Doc("L1 ratio of the penalty.")] = 0.5
    most: Annotated[
        int, Ge(0), Doc("Number of brain features kept within each fold by their correlation with the outcome; 0: all.")
    ] = 200


METHODS = (
    "An elastic net (scikit-learn) was fitted to the features that went best with the outcome among training people."
)


def learner(options: Options) -> Learner:
    """Return the way to learn."""

    def fit(people: Training, setting: Setting) -> FittedLearner:
        from sklearn.linear_model import ElasticNet

        x, y = people.features, people.outcome
        spread = float(y.std()) or 1.0
        model = ElasticNet(alpha=setting["penalty"] * spread, l1_ratio=options.l1_ratio, max_iter=2000, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a fit that is nearly there ranks participants as well
            model.fit(x, y)
        return linear(np.asarray(model.coef_, dtype=np.float64), float(model.intercept_))

    return Learner([{"penalty": penalty} for penalty in options.penalties], fit, options.most)
