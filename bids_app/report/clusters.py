"""What people show in the clusters of a contrast, and how the largest statistic compares with chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bids_app.dataset.tables import read_frame
from bids_app.report.drawing import charts

HEIGHT, STEP = 150.0, 46.0
"""Pixels of a panel, and from one session to the next."""

PANELS = 3
"""Clusters that are drawn; the file has up to twelve."""


def panels(means: Path, clusters: pd.DataFrame, arms: Sequence[str]) -> list[dict[str, Any]]:
    """Return one panel for each of the first clusters: every person a line over sessions, every arm its mean.

    Parameters
    ----------
    means : Path
        Table of the mean of each cluster in each person.
    clusters : DataFrame
        The clusters to draw, in order.
    """
    if not means.exists():
        return []
    table = read_frame(means)
    stages = [name for name in table.columns if name not in ("participant_id", "arm", "cluster")]
    stages.sort(key=lambda name: name not in ("pre", "baseline"))
    found: list[dict[str, Any]] = []
    for row in clusters.to_dict("records"):
        own = table[table["cluster"] == row["cluster"]]
        if len(own) and len(found) < PANELS:
            found.append({**row, **_panel(own, stages, [arm for arm in arms if (own["arm"] == arm).any()])})
    return found


def _panel(own: pd.DataFrame, stages: Sequence[str], arms: Sequence[str]) -> dict[str, Any]:
    edges = [charts.mean_and_limits(v) for _, part in own.groupby("arm") for v in part[stages].to_numpy(float).T]
    scale = charts.around([*own[stages].to_numpy(float).ravel(), *np.ravel(edges)], HEIGHT, 0)
    wide = STEP * len(stages)
    drawn = []
    for i, arm in enumerate(arms):
        values = own.loc[own["arm"] == arm, stages].to_numpy(dtype=float)
        x = i * (wide + 24) + (np.arange(len(stages)) + 0.5) * STEP
        limits = scale([charts.mean_and_limits(column) for column in values.T])
        places = x + charts.spread(len(values), STEP * 0.4)[:, None] * (len(stages) == 1)
        drawn.append({
            "arm": arm, "n": len(values), "colour": i, "middle": f"{x.mean():.1f}",
            "lines": [charts.line(where, scale(person)) for where, person in zip(places, values, strict=True)],
            "dots": [(f"{a:.1f}", f"{b:.1f}") for where, person in zip(places, values, strict=True)
                     for a, b in zip(where, scale(person), strict=True) if b == b],
            "means": [tuple(f"{v:.1f}" for v in (at, *limit)) for at, limit in zip(x, limits, strict=True)],
            "course": charts.line(x, limits[:, 0]),
            "stages": [(f"{at:.1f}", stage) for at, stage in zip(x, stages, strict=True)],
        })  # fmt: skip
    return {"arms": drawn, "ticks": scale.ticks, "width": len(arms) * (wide + 24) - 24, "height": HEIGHT}


def chance(nullmax: Path, about: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the distribution of the largest statistic under chance with what was observed (relabelling 0)."""
    name = f"max_{about['ClaimStatistic']}"
    values = read_frame(nullmax).get(name)
    if values is None or values.isna().any():
        return None
    observed, limit = float(values.iloc[0]), float(np.quantile(values, 1 - about["Alpha"], method="inverted_cdf"))
    across = charts.Scale(0.0, max(float(values.max()), 1e-9) * 1.05, 0, 300)
    return {
        "bars": charts.histogram(values, across, 90), "ticks": across.ticks,
        "observed": f"{float(across(observed)):.1f}",
        "limit": f"{float(across(limit)):.1f}", "value": observed, "critical": limit, "count": len(values),
    }  # fmt: skip
