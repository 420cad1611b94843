"""PET of one session: curves of regions with their fits, and the binding potential of each region."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import TableRow, numeric, read_json, read_tsv
from bids_app.report.drawing import charts
from bids_app.report.messages import N_, _
from bids_app.report.sections.session_maps import Canvas

WIDTH, HEIGHT, PANELS = 200.0, 120.0, 6
"""Pixels of a panel, and regions that are drawn: those of the largest binding potential."""


def binding(folder: Path, stem: str) -> TableRow | None:
    """Return curves and values of the regions of a session; None where it has none."""
    table = next(iter(sorted(folder.glob(f"{stem}*_stat-binding_kinpar.tsv"))), None)
    if table is None:
        return None
    about, columns = read_json(table.with_suffix(".json")), read_tsv(table)
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    fit = next(iter(sorted(folder.glob(f"{stem}*_desc-fit_tacs.tsv"))), None)
    curves = read_tsv(fit) if fit else {}
    return {
        "rows": rows, "model": about["Model"], "reference": ", ".join(about["ReferenceRegion"]),
        "tracer": about.get("TracerName", ""), "k2prime": about.get("KTwoPrime"),
        "panels": _panels(curves, rows) if fit else [], "motion": _motion(curves), "width": WIDTH, "height": HEIGHT,
    }  # fmt: skip


def uptake(folder: Path, stem: str) -> TableRow | None:
    """Return the ratio of uptake of each region of a session, the largest first; None where it has none."""
    table = next(iter(sorted(folder.glob(f"{stem}*_stat-uptake_kinpar.tsv"))), None)
    if table is None:
        return None
    about, columns = read_json(table.with_suffix(".json")), read_tsv(table)
    values = _numbers(columns["suvr"])
    share = np.maximum(np.nan_to_num(values), 0.0) / max(float(np.nanmax(values, initial=0.0)), 1e-12)
    return {
        "rows": [(columns["region"][i], values[i], 100 * share[i]) for i in np.argsort(-share, kind="stable")],
        "unit": "SUVR", "window": about["Window"], "reference": ", ".join(about["ReferenceRegion"]),
        "activity": float(_numbers(columns["reference"])[0]),
    }  # fmt: skip


MAPS = {
    "_meas-bpnd_stat-effect_": (N_("binding potential"), "BPnd", 0.2, 4.0),
    "_meas-bpnd_stat-r1_": (N_("relative delivery"), "R1", 0.5, 1.5),
    "_meas-suvr_stat-effect_": (N_("ratio of uptake"), "SUVR", 0.5, 2.0),
}
"""Words of a name -> title, unit, magnitude that is drawn, and that of the brightest colour."""


def binding_maps(canvas: Canvas, folder: Path, stem: str) -> list[dict[str, object]]:
    """Draw the maps of a session on its mean image, all participants on one scale."""
    found = []
    for words, (title, unit, floor, limit) in MAPS.items():
        for path in sorted(folder.glob(f"{stem}{words}statmap.nii.gz")):
            drawn = canvas.draw(path, _(title), (floor, limit), unit)
            found.append({**drawn, "title": _(title), "unit": unit, "floor": floor, "limit": limit})
    return found


def _numbers(cells: list[str]) -> NDArray[np.float64]:
    found = numeric(cells)
    return np.full(len(cells), np.nan) if found is None else found


FAR = 3.0
"""mm between frames from which PETPrep marks motion."""


def _motion(curves: dict[str, list[str]]) -> dict[str, object] | None:
    """Return how far the head moved before each frame, as a step line over time; None where it is not known."""
    if "framewise_displacement" not in curves:
        return None
    moved = np.nan_to_num(_numbers(curves["framewise_displacement"]))
    edges = np.concatenate([_numbers(curves["frame_start"]), _numbers(curves["frame_end"])[-1:]]) / 60
    up = charts.around(np.append(moved, [0.0, FAR]), HEIGHT, 0)
    across = charts.Scale(0.0, float(edges.max()), 0, WIDTH)
    steps = charts.line(np.repeat(across(edges), 2)[1:-1], np.repeat(up(moved), 2))
    far = [f"{start:.0f}" for start, one in zip(edges, moved, strict=False) if one > FAR]
    return {"up": up.ticks, "across": across.ticks, "steps": steps, "limit": f"{up(FAR):.1f}", "far": far}


def _panels(curves: dict[str, list[str]], rows: list[dict[str, str]]) -> list[dict[str, object]]:
    """Return measured frames as dots and the fit as a line, beside the reference, on one scale."""
    minutes = (_numbers(curves["frame_start"]) + _numbers(curves["frame_end"])) / 120
    order = sorted(rows, key=lambda row: -float(row["bpnd"]) if row["bpnd"] != "n/a" else np.inf)
    names = [row["region"] for row in order[:PANELS]]
    reference = _numbers(curves["reference"])
    up = charts.around(np.concatenate([reference, np.zeros(1), *(_numbers(curves[name]) for name in names)]), HEIGHT, 0)
    across = charts.Scale(0.0, float(minutes.max()), 0, WIDTH)
    return [
        {
            "name": name, "up": up.ticks, "across": across.ticks,
            "dots": [
                (f"{x:.1f}", f"{y:.1f}") for x, y in zip(across(minutes), up(_numbers(curves[name])), strict=True)
            ],
            "fit": charts.line(across(minutes), up(_numbers(curves[f"{name}_fit"]))),
            "reference": charts.line(across(minutes), up(reference)),
        }
        for name in names
    ]  # fmt: skip
