"""Files about predictions: how good they are, of whom, and the model as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from bids_app.derivatives.files import write_json, write_table
from bids_app.derivatives.paths import group_path
from bids_app.statistics.prediction.cross_validation import Assessment
from bids_app.statistics.prediction.nested_cv import Trained
from bids_app.statistics.prediction.performance import decision_curve, stability
from bids_app.statistics.prediction.preprocessing import Features
from bids_app.statistics.prediction.task import PredictionTask
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.sidecars import PredictionSidecar

SHOWN = 20
"""Features whose stability is told."""

STEPS = (
    "1. A missing clinical value becomes its Median. 2. Brain features less [1, confounds] times Slopes. "
    "3. (value - Mean) / Spread, clinical features first; where Spread is null the result is 0. 4. The features whose "
    "places are in Kept, from 0. 5. The Model. 6. Of a class: 1 / (1 + exp(-(Calibration[0] + Calibration[1] * x)))."
)


class PredictionWriter:
    """Writes what predictors of one task come to and remembers the files."""

    def __init__(self, output_dir: Path, entities: Mapping[str, str]) -> None:
        self._root, self._entities = output_dir, entities
        self.files: list[Path] = []

    def _path(self, suffix: str, extension: str, predictor: str) -> Path:
        entities = {**self._entities, "desc": as_label(predictor.replace("_", " "))}
        self.files.append(group_path(self._root, entities, suffix, extension))
        return self.files[-1]

    def assessment(
        self, predictor: str, found: Mapping[str, Assessment], task: PredictionTask, about: PredictionSidecar,
        names: Mapping[str, Sequence[str]],
    ) -> None:  # fmt: skip
        """Write one row a set of features, and a sidecar."""
        statistic: Literal["auc", "r2"] = "auc" if task.classes else "r2"
        rows = [_row(label, statistic, one) for label, one in found.items()]
        write_table(self._path("prediction", ".tsv", predictor), {key: [row[key] for row in rows] for key in rows[0]})
        curves = {k: decision_curve(one.predicted.mean(axis=0), task.outcome) for k, one in found.items()}
        sites = {k: {about.sites[i]: good for i, good in one.sites.items()} for k, one in found.items()}
        whole = replace(
            about, predictor=predictor, statistic=statistic, sites_left_out=sites,
            of_divisions={label: list(one.good) for label, one in found.items()},
            decision_curves=curves if task.classes else {},
            steady={label: steady(one, names[label]) for label, one in found.items()},
        )  # fmt: skip
        write_json(self._path("prediction", ".json", predictor), whole.to_json())

    def people(self, predictor: str, found: Mapping[str, Assessment], people: Mapping[str, list[object]]) -> None:
        """Write the predictions of all participants, means over divisions."""
        average = {label: list(one.predicted.mean(axis=0)) for label, one in found.items()}
        write_table(self._path("predictions", ".tsv", predictor), {**people, **average})

    def model(self, predictor: str, model: Trained, features: Features, card: Mapping[str, object]) -> None:
        """Write the model of all people, so that anybody can apply it without this program."""
        prepared = model.prepared
        content = {**card, "Predictor": predictor, "Setting": dict(model.setting), "Calibration": model.calibration}
        if prepared.axes is None:
            content |= {
                "Features": list(features.names), "ClinicalFeatures": features.clinical.shape[1], "Steps": STEPS,
                "Median": prepared.median, "Slopes": prepared.slopes, "Mean": prepared.mean,
                "Spread": np.where(np.isfinite(prepared.spread), prepared.spread, np.nan),
                "Kept": np.flatnonzero(prepared.kept), "Model": dict(model.fitted.plain),
            }  # fmt: skip
        else:
            content["Remark"] = "Weights of components of maps are not written: they would be as large as the maps."
        write_json(self._path("model", ".json", predictor), content)


def _row(label: str, statistic: str, one: Assessment) -> dict[str, object]:
    spread = float(one.good.std(ddof=1)) if len(one.good) > 1 else None
    return {
        "features": label, statistic: float(one.good.mean()), "low": one.low, "high": one.high, "p_exchanged": one.p,
        "sd_over_divisions": spread, **one.more, "arm_interaction_t": one.interaction.get("t"),
        "arm_interaction_p": one.interaction.get("p"),
    }  # fmt: skip


def steady(found: Assessment, names: Sequence[str]) -> list[dict[str, object]]:
    """Return the features that most models use, with how many of these agree on the sign."""
    if not found.weights.size or np.isnan(found.weights).any():
        return []
    used, agree = stability(found.weights)
    mean = found.weights.mean(axis=0)
    order = np.argsort(-used * np.abs(mean), kind="stable")[:SHOWN]
    return [
        {"feature": names[i], "weight": float(mean[i]), "used": float(used[i]), "same_sign": float(agree[i])}
        for i in order
        if used[i] > 0
    ]
