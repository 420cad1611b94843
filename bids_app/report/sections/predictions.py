"""Predictions on the group page: how good, how calibrated, worth acting on or not, which features, which sites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from bids_app.dataset.tables import read_frame, read_json
from bids_app.report.claims.predictions import verdict
from bids_app.report.drawing import charts
from bids_app.vocabulary.entities import companion
from bids_app.vocabulary.sidecars import PredictionSidecar

WIDE, HIGH = 240.0, 160.0
SETS = ("clinical", "brain", "combined")


def predictions(folder: Path) -> list[dict[str, object]]:
    """Return every predictor on disk."""
    return [_section(path) for path in sorted(folder.glob("*_prediction.json"))]


def _section(path: Path) -> dict[str, object]:
    about = PredictionSidecar.from_json(read_json(path))
    rows = read_frame(path.with_suffix(".tsv")).replace({np.nan: None}).to_dict("records")
    people = read_frame(companion(path, "predictions", ".tsv"))
    classes = about.statistic == "auc"
    return {
        "about": about,
        "rows": rows,
        "verdict": verdict(about, rows),
        "roc": _roc(people) if classes else None,
        "scatter": None if classes else _scatter(people),
        "decision": _decision(about.decision_curves) if classes else None,
        "calibration": _calibration(people) if classes else None,
        "steady": about.steady.get("combined", []),
        "sites": about.sites_left_out,
        "file": path.with_suffix(".tsv").name,
    }


def _frame(low: float, high: float) -> tuple[charts.Scale, charts.Scale, dict[str, object]]:
    across, up = charts.Scale(low, high, 0, WIDE), charts.Scale(low, high, HIGH, 0)
    return across, up, {"across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH}


def _roc(people: pd.DataFrame) -> dict[str, object]:
    """Return the share of responders found against that of others called responders."""
    across, up, frame = _frame(0, 1)
    truth = people["observed"].to_numpy() == 1
    lines = []
    for i, name in enumerate(SETS):
        order = np.argsort(-people[name].to_numpy(), kind="stable")
        right = np.concatenate([[0], np.cumsum(truth[order]) / truth.sum()])
        wrong = np.concatenate([[0], np.cumsum(~truth[order]) / (~truth).sum()])
        lines.append({"name": name, "colour": i, "points": charts.line(across(wrong), up(right))})
    return {**frame, "lines": lines, "chance": charts.line(across([0, 1]), up([0, 1]))}


def _calibration(people: pd.DataFrame) -> dict[str, object]:
    """Return how often people of a fifth of the predictions respond, against what was predicted of them."""
    across, up, frame = _frame(0, 1)
    lines = []
    for i, name in enumerate(SETS):
        order = np.argsort(people[name].to_numpy(), kind="stable")
        parts = np.array_split(order, min(5, max(1, len(order) // 5)))
        x = [people[name].to_numpy()[part].mean() for part in parts]
        y = [people["observed"].to_numpy()[part].mean() for part in parts]
        lines.append({"name": name, "colour": i, "points": charts.line(across(x), up(y))})
    return {**frame, "lines": lines, "chance": charts.line(across([0, 1]), up([0, 1]))}


def _decision(curves: Mapping[str, list[dict[str, float]]]) -> dict[str, object]:
    everything = [point["model"] for curve in curves.values() for point in curve]
    top = max(0.05, *everything, *(point["all"] for point in curves["combined"]))
    across, up = charts.Scale(0, 1, 0, WIDE), charts.Scale(-0.1, top, HIGH, 0)
    lines = []
    for i, name in enumerate(SETS):
        x, y = ([point[key] for point in curves[name]] for key in ("threshold", "model"))
        lines.append({"name": name, "colour": i, "points": charts.line(across(x), up(np.maximum(y, -0.1)))})
    x, y = ([point[key] for point in curves["combined"]] for key in ("threshold", "all"))
    shown = np.where(np.array(y) >= -0.1, y, np.nan)
    return {"across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH, "lines": lines,
            "chance": charts.line(across(x), up(shown))}  # fmt: skip


def _scatter(people: pd.DataFrame) -> dict[str, object]:
    x, y = people["combined"].to_numpy(dtype=float), people["observed"].to_numpy(dtype=float)
    across, up = charts.around(x, 0, WIDE), charts.around(y, HIGH, 0)
    dots = [(f"{a:.1f}", f"{b:.1f}") for a, b in zip(across(x), up(y), strict=True)]
    return {"across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH, "dots": dots}
