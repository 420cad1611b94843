"""Time courses of regions after an event, as lines with their standard errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bids_app.dataset.tables import numeric, read_tsv
from bids_app.vocabulary.entities import parse

WIDTH, HEIGHT = 220.0, 110.0


def courses(folder: Path, entities: dict[str, str]) -> list[dict[str, object]]:
    """Return one small figure for each region: a line and a band for each kind of event, on one scale for all."""
    paths = [
        path
        for path in sorted(folder.glob("*_stat-fir_timeseries.tsv"))
        if {k: v for k, v in parse(path.name)[0].items() if k not in ("seg", "stat")} == entities
    ]
    if not paths:
        return []
    table = read_tsv(paths[0])
    columns = [numeric(table[name]) for name in ("delay", "effect", "standard_error")]
    delay, effect, error = (np.zeros(len(table["delay"])) if column is None else column for column in columns)
    top = float(np.nanmax(np.abs(effect) + error, initial=1e-6))
    last = float(delay.max(initial=1.0)) or 1.0
    regions, kinds = (np.array(table[name]) for name in ("region", "trial_type"))

    def points(x: np.ndarray, y: np.ndarray) -> str:
        across, down = x / last * WIDTH, HEIGHT / 2 - y / top * (HEIGHT / 2 - 4)
        return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))

    figures = []
    for region in dict.fromkeys(table["region"]):
        lines = []
        for kind in dict.fromkeys(table["trial_type"]):
            own = (regions == region) & (kinds == kind)
            x, y, e = delay[own], effect[own], error[own]
            band = points(np.concatenate([x, x[::-1]]), np.concatenate([y + e, (y - e)[::-1]]))
            lines.append({"kind": kind, "points": points(x, y), "band": band})
        figures.append({"region": region, "lines": lines, "top": top, "last": last})
    return figures
