"""What people show in the clusters of a contrast, and how the largest statistic compares with chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bids_app.dataset.tables import read_frame
from bids_app.report.drawing import charts
from bids_app.report.drawing.spaghetti import courses
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar

PANELS = 3
"""Clusters that are drawn; the file has up to twelve."""


def panels(means: Path, clusters: pd.DataFrame, arms: Sequence[str], by: str = "cluster") -> list[dict[str, Any]]:
    """Return one panel for each of the first clusters: every participant a line over sessions, every arm its mean.

    Parameters
    ----------
    means : Path
        Table of the mean of each cluster in each participant.
    clusters : DataFrame
        The clusters to draw, in order.
    by : str
        Column that tells them apart in both.
    """
    if not means.exists():
        return []
    table = read_frame(means)
    stages = [name for name in table.columns if name not in ("participant_id", "arm", by)]
    stages.sort(key=lambda name: name not in ("pre", "baseline"))
    found: list[dict[str, object]] = []
    for row in clusters.to_dict("records"):
        own = table[table[by] == row[by]]
        if len(own) and len(found) < PANELS:
            found.append({**row, **courses(own, stages, [arm for arm in arms if (own["arm"] == arm).any()])})
    return found


def chance(nullmax: Path, about: ContrastSidecar) -> dict[str, object] | None:
    """Return the distribution of the largest statistic under chance with what was observed (relabelling 0)."""
    name = f"max_{about.claim_statistic}"
    values = read_frame(nullmax).get(name)
    if values is None or values.isna().any():
        return None
    observed, limit = float(values.iloc[0]), float(np.quantile(values, 1 - about.alpha, method="inverted_cdf"))
    across = charts.Scale(0.0, max(float(values.max()), 1e-9) * 1.05, 0, 300)
    return {
        "bars": charts.histogram(values, across, 90), "ticks": across.ticks,
        "observed": f"{float(across(observed)):.1f}",
        "limit": f"{float(across(limit)):.1f}", "value": observed, "critical": limit, "count": len(values),
    }  # fmt: skip
