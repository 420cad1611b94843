"""fNIRS of one session: where channels are, how well they touch, what motion correction did, and responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import Json, TableRow, read_json, read_tsv
from bids_app.report.drawing import charts
from bids_app.report.drawing.probe import Probe, drawn, ends_of, probe
from bids_app.report.messages import _

WIDTH, HEIGHT, BAR, ROW = 420.0, 110.0, 220.0, 16.0
"""Pixels of a course, of the longest bar, and of a row of bars."""

Table = Mapping[str, Sequence[str]]


def optics(folder: Path, stem: str) -> TableRow | None:
    """Return the figures of a session; None where it has no channels of light."""
    table = folder / f"{stem}_desc-deqi_channels.tsv"
    if folder.name != "nirs" or not table.exists():
        return None
    columns = read_tsv(table)
    effects = sorted(folder.glob(f"{stem}_seg-channels_meas-*_stat-effect_relmat.tsv"))
    about = read_json(effects[0].with_suffix(".json")) if effects else {}
    layout = probe(ends_of(columns))
    motion = folder / f"{stem}_desc-motion_timeseries.tsv"
    return {
        "without_short": "true" not in columns["short_channel"], "bars": _bars(columns, about),
        "contact": _contact(layout, columns) if layout else None,
        "motion": _courses(read_tsv(motion)) if motion.exists() else [],
        "effects": [_effect(path, layout) for path in effects] if layout else [],
    }  # fmt: skip


def _numbers(cells: Sequence[str]) -> NDArray[np.float64]:
    return np.array(["nan" if cell == "n/a" else cell for cell in cells], dtype=np.float64)


def _contact(layout: Probe, columns: Table) -> dict[str, object]:
    """Return the probe with the coupling of the channels that are used."""
    coupling = _numbers(columns["coupling"])
    used = {
        name: float(np.nan_to_num(value, nan=1.0))
        for name, value, status in zip(columns["name"], coupling, columns["status"], strict=True)
        if status == "good"
    }
    return {**drawn(layout, used, 0.0, ()), "title": _("where channels are")}


def _bars(columns: Table, about: Json) -> dict[str, object]:
    """Return a bar for each channel: its coupling, and why it is not used."""
    rows = []
    values = np.nan_to_num(_numbers(columns["coupling"]))
    short = [word == "true" for word in columns["short_channel"]]
    for i, name in enumerate(columns["name"]):
        why = columns["status_description"][i]
        said = [_("short")] if short[i] else []
        said += [why] if why != "n/a" and "coupling" not in why else []
        rows.append(
            {"name": name, "y": ROW * i, "width": round(BAR * max(float(values[i]), 0.0), 1),
             "good": columns["status"][i] == "good", "why": ", ".join(said)}
        )  # fmt: skip
    limit = float(about.get("MinCoupling", 0.8))
    return {"rows": rows, "width": BAR, "height": ROW * len(rows), "limit": f"{BAR * limit:.1f}"}


def _courses(columns: Table) -> list[dict[str, object]]:
    """Return optical density before and after motion correction of some channels."""
    times = _numbers(columns["time"])
    across = charts.Scale(0.0, float(times.max()), 0, WIDTH)
    found = []
    for name in (key.removesuffix("_before") for key in columns if key.endswith("_before")):
        before, after = (_numbers(columns[f"{name}_{which}"]) for which in ("before", "after"))
        before, after = before - np.median(before), after - np.median(after)
        up = charts.around(np.concatenate([before, after]), HEIGHT, 0)
        found.append(
            {"name": name, "up": up.ticks, "across": across.ticks, "before": charts.line(across(times), up(before)),
             "after": charts.line(across(times), up(after)), "width": WIDTH, "height": HEIGHT}
        )  # fmt: skip
    return found


def _effect(path: Path, layout: Probe) -> dict[str, object]:
    """Return the response to one contrast on the probe, each kind of haemoglobin on one scale."""
    table, about = read_tsv(path), read_json(path.with_suffix(".json"))
    values = _numbers(table["effect_uM"])
    limit = float(np.nanmax(np.abs(values))) or 1.0
    pictures = []
    for kind, title in (("hbo", _("oxygenated (HbO)")), ("hbr", _("deoxygenated (HbR)"))):
        own = {
            channel: float(value)
            for channel, which, value in zip(table["channel"], table["chromophore"], values, strict=True)
            if which == kind
        }
        pictures.append({**drawn(layout, own, limit, ()), "title": title})
    events = sum(int(count) for count in about.get("Events", {}).values())
    return {"name": about.get("Contrast", ""), "pictures": pictures, "limit": limit, "events": events}
