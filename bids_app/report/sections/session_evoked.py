"""Responses to events of one session: every channel over time, with how many epochs they are means of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import Json, TableRow, numeric, read_json, read_tsv
from bids_app.report.drawing import charts
from bids_app.vocabulary.entities import parse

WIDTH, HEIGHT = 420.0, 190.0


def evoked(folder: Path, stem: str) -> list[TableRow]:
    """Return the figures of the conditions of a session."""
    return [_condition(path) for path in sorted(folder.glob(f"{stem}_meas-er[pd]*_stat-mean_timeseries.tsv"))]


def _numbers(cells: list[str]) -> NDArray[np.float64]:
    found = numeric(cells)
    return np.full(len(cells), np.nan) if found is None else found


def _condition(path: Path) -> TableRow:
    """Return one line a channel, the window of the mean amplitude, and the largest mean of it."""
    about, table = read_json(path.with_suffix(".json")), read_tsv(path)
    times = _numbers(table.pop("time"))
    lines = {name: _numbers(cells) for name, cells in table.items()}
    across = charts.Scale(float(times[0]), float(times[-1]), 0, WIDTH)
    up = charts.around([*lines.values(), np.zeros(len(times))], HEIGHT, 0)
    window = about.get("Window")
    return {
        "name": about["Condition"], "potential": parse(path.name)[0]["meas"].startswith("erp"),
        "epochs": about["Epochs"], "events": about["Events"], "band": about.get("Band"),
        "across": across.ticks, "up": up.ticks, "width": WIDTH, "height": HEIGHT,
        "zero": f"{float(across(0.0)):.1f}",
        "window": [f"{x:.1f}" for x in (across(window[0]), across(window[1]) - across(window[0]))] if window else None,
        "lines": [charts.line(across(times), up(values)) for values in lines.values()],
        "largest": _largest(about),
    }  # fmt: skip


def _largest(about: Json) -> dict[str, object] | None:
    """Return the channel of the largest mean amplitude, with its standardised measurement error."""
    sizes: dict[str, float] = about.get("Amplitude", {})
    if not sizes:
        return None
    name = max(sizes, key=lambda one: abs(sizes[one]))
    return {"channel": name, "mean": sizes[name], "error": about["StandardisedMeasurementError"][name]}
