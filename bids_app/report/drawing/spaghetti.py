"""What people show from one stage to the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bids_app.report.drawing import charts

HEIGHT, STEP = 150.0, 46.0
"""Pixels of a panel, and from one stage to the next."""


def courses(own: pd.DataFrame, stages: Sequence[str], arms: Sequence[str]) -> dict[str, object]:
    """Return a panel: every participant a line over stages, every arm its mean with 95 % limits.

    Parameters
    ----------
    own : DataFrame
        `arm`, and a column for each stage; NaN where someone has none.
    """
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
            "arm": arm, "n": _count(values), "colour": i, "middle": f"{x.mean():.1f}",
            "lines": [charts.line(where, scale(person)) for where, person in zip(places, values, strict=True)],
            "dots": [(f"{a:.1f}", f"{b:.1f}") for where, person in zip(places, values, strict=True)
                     for a, b in zip(where, scale(person), strict=True) if b == b],
            "means": [tuple(f"{v:.1f}" for v in (at, *limit)) for at, limit in zip(x, limits, strict=True)],
            "course": charts.line(x, limits[:, 0]),
            "stages": [(f"{at:.1f}", stage) for at, stage in zip(x, stages, strict=True)],
        })  # fmt: skip
    return {"arms": drawn, "ticks": scale.ticks, "width": len(arms) * (wide + 24) - 24, "height": HEIGHT}


def _count(values: NDArray[np.float64]) -> str:
    """Return how many participants have a value: one number, or one for each stage where they differ."""
    counts = np.isfinite(values).sum(axis=0).tolist()
    return str(counts[0]) if len(set(counts)) == 1 else ", ".join(map(str, counts))
