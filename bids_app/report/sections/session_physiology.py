"""Physiology of one session: its values, beats on the signal, intervals between them, and the spectrum of breathing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import TableRow, numeric, read_json, read_tsv
from bids_app.report.drawing import charts
from bids_app.vocabulary.entities import parse

WIDTH, HEIGHT = 560.0, 120.0
HF = (0.15, 0.40)
"""Hz: the band of fast heart rate variability, in which breathing has to lie."""

FASTEST = 0.7
"""Hz that the spectrum of breathing is drawn up to."""


def physiology(folder: Path, stem: str) -> TableRow | None:
    """Return values and figures of a session; None where it has none."""
    values = [row for path in sorted(folder.glob(f"{stem}_desc-*_beh.tsv")) for row in _values(path)]
    if not values:
        return None
    beats = sorted(folder.glob(f"{stem}*_desc-beats_events.tsv"))
    spectra = sorted(folder.glob(f"{stem}*_meas-breathing_stat-density_statmap.tsv"))
    return {
        "values": values,
        "hearts": [_heart(path) for path in beats],
        "breaths": [_breath(path) for path in spectra],
        "remarks": _remarks(folder, stem),
    }


def _values(path: Path) -> list[dict[str, str]]:
    about = read_json(path.with_suffix(".json"))
    return [
        {"title": about[name]["Description"], "value": cells[0], "units": about[name]["Units"], "column": name}
        for name, cells in read_tsv(path).items()
        if name in about
    ]


def _remarks(folder: Path, stem: str) -> list[str]:
    sidecars = (read_json(path) for path in sorted(folder.glob(f"{stem}_desc-*_beh.json")))
    return [remark for about in sidecars for remark in about.get("Remarks", [])]


def _numbers(table: dict[str, list[str]], column: str) -> NDArray[np.float64]:
    found = numeric(table[column])
    return np.full(len(table[column]), np.nan) if found is None else found


def _heart(path: Path) -> dict[str, object]:
    """Return the intervals between beats over time, those that are left out, and the excerpt with its beats."""
    table = read_tsv(path)
    times, kept = _numbers(table, "onset"), np.array(table["trial_type"]) != "leftout"
    at, intervals, normal = times[1:], 1000 * np.diff(times), kept[1:]
    across = charts.Scale(float(times[0]), float(times[-1]), 0, WIDTH)
    up = charts.around(intervals[normal] if normal.any() else intervals, HEIGHT, 0)
    out = np.clip(up(intervals[~normal]), 0, HEIGHT)
    return {
        "run": parse(path.name)[0].get("run", ""), "width": WIDTH, "height": HEIGHT, "across": across.ticks,
        "up": up.ticks, "line": charts.line(across(at[normal]), up(intervals[normal])),
        "out": [(f"{x:.1f}", f"{y:.1f}") for x, y in zip(across(at[~normal]), out, strict=True)],
        "beats": len(times), "left_out": int((~normal).sum()), "excerpt": _excerpt(path, times),
    }  # fmt: skip


def _excerpt(path: Path, times: NDArray[np.float64]) -> dict[str, object] | None:
    """Return the seconds of the signal that were written, with the beats that were found in them."""
    shown = path.with_name(path.name.replace("_desc-beats_events", "_desc-heart_timeseries"))
    if not shown.exists():
        return None
    about = read_json(shown.with_suffix(".json"))
    ((name, cells),) = read_tsv(shown).items()
    values = _numbers({name: cells}, name)
    at = about["StartTime"] + np.arange(len(values)) / about["SamplingFrequency"]
    across, up = charts.Scale(float(at[0]), float(at[-1]), 0, WIDTH), charts.around(values, HEIGHT / 2, 0)
    inside = times[(times >= at[0]) & (times <= at[-1])]
    return {"signal": name, "across": across.ticks, "line": charts.line(across(at), up(values)),
            "beats": [f"{x:.1f}" for x in across(inside)], "width": WIDTH, "height": HEIGHT / 2}  # fmt: skip


def _breath(path: Path) -> dict[str, object]:
    """Return the spectrum of breathing, with the band of fast heart rate variability."""
    table = read_tsv(path)
    frequencies, density = _numbers(table, "frequency"), _numbers(table, "density")
    shown = frequencies <= FASTEST
    frequencies, density = frequencies[shown], density[shown] / density[shown].max()
    across, up = charts.Scale(0.0, FASTEST, 0, WIDTH), charts.Scale(0.0, 1.05, HEIGHT, 0)
    low, high = across(HF)
    return {
        "run": parse(path.name)[0].get("run", ""), "width": WIDTH, "height": HEIGHT, "across": across.ticks,
        "line": charts.line(across(frequencies), up(density)), "band": (f"{low:.1f}", f"{high - low:.1f}"),
        "peak": float(frequencies[density.argmax()]),
    }  # fmt: skip
