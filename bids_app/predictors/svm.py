"""A linear support vector machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Gt, MinLen

from bids_app.statistics.prediction.learner import FittedLearner, Learner, Setting, Training, linear
from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class Options:
    """Options of `[predictors.svm]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    penalties: Annotated[
        tuple[Annotated[float, Gt(0)], ...],
        MinLen(1),
        Doc("Candidate costs C (C x number of features), chosen by inner cross-validation."),
    ] = (0.1, 1.0)
    most: Annotated[
        int, Ge(0), Doc("Number of brain features kept within each fold by their correlation with the outcome; 0: all.")
    ] = 0


METHODS = "A linear support vector machine (scikit-learn) was fitted."


def learner(options: Options) -> Learner:
    """Return the way to learn."""

    def fit(people: Training, setting: Setting) -> FittedLearner:
        from sklearn.svm import SVC, SVR

        x, y = people.features, people.outcome
        cost = setting["cost"] / max(x.shape[1], 1)
        spread, centre = (1.0, 0.0) if people.classes else (float(y.std()) or 1.0, float(y.mean()))
        model = SVC(kernel="linear", C=cost) if people.classes else SVR(kernel="linear", C=cost)
        model.fit(x, y if people.classes else (y - centre) / spread)
        weights = np.asarray(model.coef_, dtype=np.float64)[0] * spread
        return linear(weights, float(model.intercept_[0]) * spread + centre)

    return Learner([{"cost": cost} for cost in options.penalties], fit, options.most)
