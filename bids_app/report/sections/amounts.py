"""Amounts of a table by arm: every participant at the places that matter most, and changes of means in percent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bids_app.dataset.tables import read_frame
from bids_app.report.drawing import charts
from bids_app.report.sections.clusters import panels
from bids_app.vocabulary.entities import join, parse

WIDTH, ROW = 360.0, 34.0
"""Pixels of the chart of changes, and of one place in it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Amounts:
    """Pictures of amounts: panels of participants, and changes of means with limits, one row a place."""

    panels: Sequence[Mapping[str, object]]
    changes: Sequence[Mapping[str, object]]
    ticks: Sequence[tuple[str, str]]
    zero: str
    width: float
    height: float
    arms: Sequence[str]
    file: str


def amounts(path: Path, arms: Sequence[str], shown: Sequence[str]) -> Amounts | None:
    """Return the pictures of a contrast's table; None where no amounts were written beside it.

    Parameters
    ----------
    shown : sequence of str
        Places, in order.
    """
    own = {key: value for key, value in parse(path.name)[0].items() if key != "contrast"}
    suffix, unit = parse(path.name)[1], parse(path.name)[1].removesuffix("s")
    values, change = (path.with_name(join({**own, "desc": desc}, suffix, ".tsv")) for desc in ("values", "change"))
    if not change.exists():
        return None
    table = read_frame(change)
    limits = table[table[unit].isin(shown)]
    known = limits[["change_percent", "change_percent_low", "change_percent_high"]].to_numpy(dtype=float)
    across = charts.around([*known.ravel(), 0.0], 0, WIDTH)
    return Amounts(
        panels=panels(values, pd.DataFrame({unit: list(shown), "place": list(shown)}), list(arms), unit),
        changes=[_row(limits[limits[unit] == place], place, i, across, arms) for i, place in enumerate(shown)],
        ticks=across.ticks, zero=f"{float(across(0.0)):.1f}", width=WIDTH, height=ROW * len(shown), arms=arms,
        file=change.name,
    )  # fmt: skip


def _row(own: pd.DataFrame, place: str, number: int, across: charts.Scale, arms: Sequence[str]) -> dict[str, object]:
    """Return one place: each arm a dot with its limits, one below the other."""
    marks: list[dict[str, object]] = []
    for i, arm in enumerate(arms):
        for row in own[own["arm"] == arm].to_dict("records"):
            y = ROW * number + ROW * (i + 1) / (len(arms) + 1)
            ends = [row["change_percent_low"], row["change_percent_high"]]
            told = bool(np.isfinite(ends).all())
            low, high = across(ends) if told else (0.0, 0.0)
            at = float(across(row["change_percent"]))
            marks.append({"colour": i, "told": told, "x": f"{at:.1f}", "y": f"{y:.1f}", "x1": f"{low:.1f}",
                          "x2": f"{high:.1f}"})  # fmt: skip
    return {"place": place, "middle": f"{ROW * (number + 0.5) + 4:.1f}", "marks": marks}
