"""Forest and funnel as coordinates: studies with their limits, what they are pooled to, and effects by their error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bids_app.dataset.tables import TableRow
from bids_app.report.drawing.charts import Scale, around
from bids_app.report.formats import format_number
from bids_app.vocabulary.synthesis_sidecars import PooledEffect

ROW = 22
"""Pixels of a line of the forest."""

PLOT = 330, 620
"""Where the plot of the forest begins and ends; names stand left of it, numbers right."""


def forest(rows: Sequence[TableRow], pooled: Sequence[PooledEffect]) -> dict[str, object]:
    """Return the lines of studies, the diamonds of pooled effects and their prediction intervals.

    Parameters
    ----------
    rows : sequence of dict
        study_id, effect, lower, upper and weight_percent of each study.
    """
    ends = [row[name] for row in rows for name in ("lower", "upper")] + [one.lower for one in pooled]
    ends += [one.upper for one in pooled] + [0.0]
    ends += [v for one in pooled for v in (one.prediction_lower, one.prediction_upper) if v is not None]
    across = around(ends, *PLOT)
    studies = [_study(row, i, across) for i, row in enumerate(rows)]
    diamonds = [_diamond(one, len(rows) + 0.6 + i, across) for i, one in enumerate(pooled)]
    height = ROW * (len(rows) + len(pooled) + 1.1)
    return {
        "studies": studies, "diamonds": diamonds, "height": height, "zero": f"{float(across(0.0)):.1f}",
        "ticks": across.ticks, "middle": sum(PLOT) / 2, "rule": ROW * (len(rows) + 0.5),
    }  # fmt: skip


def _study(row: TableRow, i: int, across: Scale) -> dict[str, object]:
    middle, low, high = across([row["effect"], row["lower"], row["upper"]])
    side = 3 + 10 * np.sqrt(row["weight_percent"] / 100)
    y = ROW * (i + 1)
    people = [row.get(name) for name in ("n", "n_comparator")]
    return {
        "name": row["study_id"], "y": y, "low": f"{low:.1f}", "high": f"{high:.1f}", "x": f"{middle - side / 2:.1f}",
        "top": f"{y - side / 2:.1f}", "side": f"{side:.1f}", "said": _said(row["effect"], row["lower"], row["upper"]),
        "weight": f"{row['weight_percent']:.0f} %",
        "n": " + ".join(f"{n:g}" for n in people if n is not None and np.isfinite(n)),
    }  # fmt: skip


def _diamond(one: PooledEffect, line: float, across: Scale) -> dict[str, object]:
    middle, low, high = across([one.effect, one.lower, one.upper])
    y = ROW * (line + 1)
    found: dict[str, object] = {
        "name": one.estimator, "y": y, "said": _said(one.effect, one.lower, one.upper),
        "points": f"{low:.1f},{y} {middle:.1f},{y - 7} {high:.1f},{y} {middle:.1f},{y + 7}", "prediction": None,
    }  # fmt: skip
    if one.prediction_lower is not None and one.prediction_upper is not None:
        found["prediction"] = [f"{x:.1f}" for x in across([one.prediction_lower, one.prediction_upper])]
    return found


def _said(effect: float, low: float, high: float) -> str:
    return f"{format_number(effect)} ({format_number(low)}, {format_number(high)})".replace("-", "\u2212")


def funnel(rows: Sequence[TableRow], pooled: PooledEffect) -> Mapping[str, object]:
    """Return effects by their standard error, the exact ones at the top, with the limits that chance alone keeps."""
    width, height = 300, 220
    errors = np.sqrt([row["variance"] for row in rows])
    top = float(errors.max()) * 1.08
    reach = 1.959963984540054 * top
    effects = [row["effect"] for row in rows]
    across = around([*effects, pooled.effect - reach, pooled.effect + reach], 0, width)
    down = Scale(0.0, top, 0, height)
    dots = [(f"{x:.1f}", f"{y:.1f}") for x, y in zip(across(effects), down(errors), strict=True)]
    low, middle, high = across([pooled.effect - reach, pooled.effect, pooled.effect + reach])
    return {
        "width": width, "height": height, "dots": dots, "up": down.ticks, "across": across.ticks,
        "limits": f"{low:.1f},{height} {middle:.1f},0 {high:.1f},{height}", "middle": f"{middle:.1f}",
    }  # fmt: skip
