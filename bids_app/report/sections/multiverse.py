"""The specification curve: one effect under every analysis that could have been chosen, and which choices made it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_frame
from bids_app.derivatives.completion_records import digest
from bids_app.report.messages import N_, _
from bids_app.vocabulary.group_sidecars import MultiverseSidecar

LEFT, WIDTH, HEIGHT, ROW = 190.0, 860.0, 190.0, 17.0
"""Pixels: margin for names, the whole figure, its upper panel, and a line of choices."""


PLANNED = N_("as planned")
"""Stands beside the names of choices."""


def curves(path: Path) -> dict[str, object] | None:
    """Return one figure for each map of a table of specifications; nothing if there is no table."""
    if not path.exists():
        return None
    about = read_sidecar(path.with_suffix(".json"), MultiverseSidecar)
    table = read_frame(path)
    choices = list(dict.fromkeys(name for one in about.specifications.values() for name in one.choices))
    figures = []
    for label, rows in table.groupby("map", sort=False):
        known = rows[np.isfinite(rows["t"])].sort_values("effect", kind="stable").reset_index(drop=True)
        if len(known) > 1:
            estimands = sorted(known["contrast"].unique(), key=lambda name: (name != about.primary, name))
            figures.append({"label": label, **_figure(known, estimands, choices, about), **_summary(known, about)})
    settings = {name: "; ".join(one.settings) for name, one in about.specifications.items()}
    mains = {path.with_name(name): made for name, made in about.main_results.items()}
    return {
        "figures": figures, "settings": settings, "absent": about.not_done, "file": path.name,
        "stale": any(not main.exists() or digest(main) != made for main, made in mains.items()),
    }  # fmt: skip


def _figure(
    rows: pd.DataFrame, estimands: list[str], choices: list[str], about: MultiverseSidecar
) -> dict[str, object]:
    """Return places of points, intervals and choices."""
    low, high = min(0.0, float(rows["effect_low"].min())), max(0.0, float(rows["effect_high"].max()))
    room = (high - low) * 0.05

    def down(value: float) -> float:
        return round(HEIGHT * (high + room - value) / (high - low + 2 * room), 1)

    step = (WIDTH - LEFT) / len(rows)
    lines = [*estimands, PLANNED, *choices]
    points = []
    for i, row in enumerate(rows.itertuples()):
        made = (
            about.specifications[row.specification].choices if row.specification in about.specifications else [PLANNED]
        )
        points.append({
            "x": round(LEFT + (i + 0.5) * step, 1), "y": down(row.effect), "low": down(row.effect_low),
            "high": down(row.effect_high), "passes": row.p_corrected <= about.alpha,
            "main": row.specification == "main" and row.contrast == estimands[0],
            "marks": [HEIGHT + ROW * (lines.index(name) + 1.2) for name in (row.contrast, *made)],
            "says": _(
                "%(choice)s, %(contrast)s: %(effect).3f (%(low).3f to %(high).3f), n = %(n)s, corrected p = %(p).3f",
                choice=row.specification, contrast=row.contrast, effect=row.effect, low=row.effect_low,
                high=row.effect_high, n=row.participants, p=row.p_corrected,
            ),
        })  # fmt: skip
    names = [
        {"name": _(name) if name == PLANNED else name, "y": HEIGHT + ROW * (i + 1.2) + 4}
        for i, name in enumerate(lines)
    ]
    ticks = [{"y": down(value), "value": value} for value in (float(rows["effect"].min()), float(rows["effect"].max()))]
    return {
        "points": points, "names": names, "zero": down(0.0), "ticks": ticks, "left": LEFT, "width": WIDTH,
        "height": HEIGHT + ROW * (len(lines) + 1),
    }  # fmt: skip


def _summary(rows: pd.DataFrame, about: MultiverseSidecar) -> dict[str, object]:
    """Return in numbers what the figure shows."""
    main = rows[rows["specification"] == "main"]
    sign = np.sign(main["effect"].iloc[0]) if len(main) else 1.0
    return {
        "count": len(rows),
        "same_sign": int((np.sign(rows["effect"]) == sign).sum()),
        "passing": int((rows["p_corrected"] <= about.alpha).sum()),
        "median": float(rows["effect"].median()),
        "place": _place(rows.iloc[0]),
    }


def _place(row: pd.Series) -> str:
    """Return where the effects are: a region or what else a row of a table is, or coordinates."""
    if isinstance(row.get("place"), str):
        return str(row["place"])
    return _("%(place)s mm", place=", ".join(str(round(float(row[axis]))) for axis in ("x", "y", "z")))
