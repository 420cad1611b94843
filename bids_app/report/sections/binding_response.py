"""Changes of binding potential beside an outcome, and rises of participants beside those that noise alone makes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bids_app.dataset.tables import Json, read_frame, read_json
from bids_app.derivatives.paths import group_files
from bids_app.report.drawing import charts

WIDTH, HEIGHT = 200.0, 130.0
"""Pixels of a panel."""


@dataclass(frozen=True, eq=False, kw_only=True)
class BindingResponse:
    """One association: lines of regions, counts at the threshold, and panels of the region with the smallest p."""

    about: Json
    lines: list[dict[str, object]]
    rises: list[dict[str, object]]
    panels: list[dict[str, object]]
    file: str

    @property
    def passing(self) -> list[str]:
        """Regions that pass over the regions."""
        alpha = float(str(self.about["Alpha"]))
        return [str(line["region"]) for line in self.lines if float(str(line["p_holm"])) <= alpha]

    @property
    def smallest(self) -> float:
        """Smallest p over the regions; NaN where none was estimated."""
        return min((p for line in self.lines if (p := float(str(line["p_holm"]))) == p), default=float("nan"))


def responses(root: Path) -> list[BindingResponse]:
    """Return what is on disk."""
    return [_read(path) for path in group_files(root, "*_desc-bindingResponse_association.json")]


def _read(path: Path) -> BindingResponse:
    about, lines = read_json(path), read_frame(path.with_suffix(".tsv"))
    rises = read_frame(path.with_name(path.name.replace("bindingResponse", "bindingRises")).with_suffix(".tsv"))
    order = lines.sort_values("p_exchanged")["region"].tolist()
    at = rises[rises["threshold"].sub(float(about["Threshold"])).abs() < 1e-9]
    return BindingResponse(
        about=about, lines=lines.sort_values("p_exchanged").to_dict("records"), rises=at.to_dict("records"),
        panels=[_panel(rises[rises["region"] == region], region, about["Arms"]) for region in order[:3]],
        file=path.with_suffix(".tsv").name,
    )  # fmt: skip


def _panel(own: pd.DataFrame, region: str, arms: list[str]) -> dict[str, object]:
    """Return the share of each arm that rose by at least so much, and what noise alone makes of that."""
    share = 100 * own["rose"] / own["participants"]
    across = charts.Scale(100 * own["threshold"].min(), 100 * own["threshold"].max(), 0, WIDTH)
    up = charts.around([*share, *(100 * own["rises_by_noise"] / own["participants"]), 0.0], HEIGHT, 0)
    lines = []
    for i, arm in enumerate(arms):
        rows = own[own["arm"] == arm]
        points = charts.line(across(100 * rows["threshold"]), up(100 * rows["rose"] / rows["participants"]))
        lines.append({"colour": i, "points": points})
    rows = own[own["arm"] == arms[0]]
    noise = charts.line(across(100 * rows["threshold"]), up(100 * rows["rises_by_noise"] / rows["participants"]))
    return {"title": region, "width": WIDTH, "height": HEIGHT, "up": up.ticks, "across": across.ticks,
            "chance": noise, "lines": lines}  # fmt: skip
