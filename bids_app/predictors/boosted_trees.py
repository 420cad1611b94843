"""Many small trees, each fitted to what the others left: sees products of features, needs many people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le

from bids_app.statistics.prediction.learner import FittedLearner, Learner, Setting, Training
from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class Options:
    """Options of `[predictors.boosted_trees]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    trees: Annotated[int, Ge(1), Doc("Number of trees.")] = 40
    depth: Annotated[int, Ge(1), Le(6), Doc("Maximum tree depth.")] = 2
    rates: Annotated[
        tuple[Annotated[float, Gt(0), Le(1)], ...], Doc("Candidate learning rates, chosen by inner cross-validation.")
    ] = (0.05, 0.2)
    most: Annotated[
        int, Ge(1), Doc("Number of brain features kept within each fold by their correlation with the outcome.")
    ] = 50


METHODS = (
    "Boosted trees (scikit-learn) were fitted to the features that went best with the outcome among training people."
)


def learner(options: Options) -> Learner:
    """Return the way to learn."""

    def fit(people: Training, setting: Setting) -> FittedLearner:
        from sklearn.ensemble import GradientBoostingRegressor

        x, y = people.features, people.outcome
        model = GradientBoostingRegressor(
            n_estimators=options.trees, max_depth=options.depth, learning_rate=setting["rate"], subsample=0.8,
            max_features=min(1.0, 10 / max(x.shape[1], 10)), random_state=people.seed,
        ).fit(x, y)  # fmt: skip
        return FittedLearner(lambda features: np.asarray(model.predict(features)), None, _plain(model, setting["rate"]))

    return Learner([{"rate": rate} for rate in options.rates], fit, options.most)


def _plain(model: Any, rate: float) -> Mapping[str, Any]:
    """Return the trees as lists: left where a feature is at most the threshold; leaves times rate add up."""
    trees = [stage[0].tree_ for stage in model.estimators_]
    return {
        "Kind": "trees", "Start": float(np.ravel(model.init_.constant_)[0]), "Rate": rate,
        "Trees": [
            {"Left": t.children_left.tolist(), "Right": t.children_right.tolist(), "Feature": t.feature.tolist(),
             "Threshold": t.threshold.tolist(), "Value": t.value[:, 0, 0].tolist()}
            for t in trees
        ],
    }  # fmt: skip
