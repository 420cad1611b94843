"""The spectra of one session: a region with its aperiodic line and alpha peak, and bands on the head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import TableRow, read_json, read_tsv
from bids_app.report.drawing import charts, topography
from bids_app.report.messages import _

WIDTH, HEIGHT = 420.0, 190.0


def spectra(folder: Path, stem: str) -> TableRow | None:
    """Return figures of the spectra of a session; None where it has none."""
    path = folder / f"{stem}_meas-spectrum_stat-log10density_statmap.tsv"
    values = folder / f"{stem}_meas-region_stat-summary_statmap.tsv"
    if not path.exists():
        return None
    about = read_json(path.with_suffix(".json"))
    return {
        "heads": _heads(folder / f"{stem}_meas-bands_stat-log10power_statmap.tsv", about.get("SensorPositions", {})),
        "region": _region(path, values) if values.exists() else None,
        "segments": about.get("SegmentsKept"),
        "interpolated": about.get("ChannelsInterpolated", []),
    }


def _numbers(table: dict[str, list[str]], key: str) -> NDArray[np.float64]:
    return np.array(["nan" if word == "n/a" else word for word in table[key]], dtype=np.float64)


def _heads(bands: Path, positions: dict[str, list[float]]) -> list[dict[str, object]]:
    """Return a head for each band: log10 power less the mean over channels."""
    table, about = read_tsv(bands), read_json(bands.with_suffix(".json"))
    names = table["channel"]
    if not all(name in positions for name in names):
        return []
    at = np.array([positions[name] for name in names])
    found = []
    for band, (low, high) in about["Bands"].items():
        values = _numbers(table, band)
        values = values - values.mean()
        drawn = topography.topography(at, values, float(np.abs(values).max()) or 1.0, [False] * len(names))
        title = _("%(band)s, %(low)s to %(high)s Hz", band=band, low=f"{low:g}", high=f"{high:g}")
        found.append({**drawn, "title": title})
    return found


def _region(path: Path, values: Path) -> TableRow:
    """Return the mean spectrum of a region, its line, and the alpha peak or why there is none."""
    about, table = read_json(values.with_suffix(".json")), read_tsv(path)
    flat = read_tsv(path.with_name(path.name.replace("meas-spectrum", "meas-flattened")))
    chosen = [table["channel"].index(name) for name in about["Channels"]]
    keys = [key for key in table if key != "channel"]
    frequencies = np.array([float(key) for key in keys])
    mean = np.array([_numbers(table, key)[chosen].mean() for key in keys])
    line = mean - np.array([_numbers(flat, key)[chosen].mean() for key in keys])
    up = charts.around(np.concatenate([mean, line]), HEIGHT, 0)
    across = charts.Scale(float(frequencies[0]), float(frequencies[-1]), 0, WIDTH)
    row = {key: cells[0] for key, cells in read_tsv(values).items()}
    peak = None if row["paf"] == "n/a" else {"x": f"{float(across(float(row['paf']))):.1f}", "hz": float(row["paf"])}
    return {
        "up": up.ticks, "across": across.ticks, "width": WIDTH, "height": HEIGHT, "peak": peak,
        "points": charts.line(across(frequencies), up(mean)), "line": charts.line(across(frequencies), up(line)),
        "channels": about["Channels"], "name": ", ".join(about["Region"]), "gravity": row["iaf"],
        "exponent": row["exponent"], "no_peak": about.get("NoAlphaPeak", ""),
        "no_exponent": about.get("NoExponent", ""),
    }  # fmt: skip
