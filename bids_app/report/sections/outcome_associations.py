"""Maps beside an outcome of the same participants: what maps say, every region with each participant, paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import Json, read_frame, read_json
from bids_app.report.claims.associations import PATHS, Coupling, coupling
from bids_app.report.drawing import charts
from bids_app.report.messages import N_, _
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import as_label, companion, parse

WIDE, HIGH = 220.0, 160.0
OTHER = "outcome_change"
"""Column of values of which no side is better."""


TITLES = {"brain_symptom": N_("Brain and symptom"), "coupled_change": N_("Changes in the brain and in measurements")}
"""Associations that look at an outcome, and what their parts of the page are called."""


def associations(folder: Path) -> list[dict[str, object]]:
    """Return what is on disk of maps beside outcomes, one entry an association."""
    sidecars = {path: read_sidecar(path, ContrastSidecar) for path in sorted(folder.glob("*_statmap.json"))}
    found = (_association(folder, name, sidecars) for name in TITLES)
    return [shown for shown in found if shown]


def _association(folder: Path, name: str, sidecars: Mapping[Path, ContrastSidecar]) -> dict[str, object] | None:
    """Return what one association found, or nothing."""
    asked = {path: about for path, about in sidecars.items() if about.association == name}
    desc = as_label(name.replace("_", " "))
    regions = [_regions(path) for path in sorted(folder.glob(f"*_desc-{desc}_association.json"))]
    if not asked and not regions:
        return None
    contrasts = [Coupling(**_named(path), about=about) for path, about in asked.items()]
    about: Json = (
        regions[0]["about"]
        if regions
        else {"Outcome": _("the outcome"), "Arms": [""], "Values": OTHER if name == "coupled_change" else ""}
    )
    improves = about.get("Values") != OTHER
    return {
        "name": desc,
        "title": _(TITLES[name]),
        "improves": improves,
        "outcome": about["Outcome"],
        "verdict": coupling(contrasts, about["Outcome"], about["Arms"], improves=improves),
        "maps": _by_question(contrasts),
        "regions": [one for one in regions if one["rows"]],
        "notes": sorted({note for one in regions for note in one["about"]["Notes"]}),
        "paths_remark": _(PATHS),
    }


def _named(path: Path) -> dict[str, str]:
    entities = parse(path.name)[0]
    return {"label": entities.get("seed") or entities.get("meas") or "", "contrast": entities["contrast"]}


def _order(one: Coupling) -> tuple[bool, bool, bool]:
    """Sort key: within arms, their difference, given the arm, before treatment."""
    return one.contrast.endswith("ByBaseline"), not one.about.arm, not one.about.between_arms


def _by_question(contrasts: Sequence[Coupling]) -> dict[str, object]:
    """Return p of every map, a row a question."""
    labels = sorted({one.label for one in contrasts})
    questions: dict[str, dict[str, Coupling]] = {}
    for one in sorted(contrasts, key=_order):
        questions.setdefault(one.about.question, {})[one.label] = one
    rows = []
    for question, own in questions.items():
        about, p = next(iter(own.values())).about, {label: one.about.p for label, one in own.items()}
        cells = [p.get(label) for label in labels]
        rows.append({"question": question, "alpha": about.alpha, "people": about.participants, "cells": cells})
    return {"labels": labels, "rows": rows}


def _regions(path: Path) -> dict[str, Any]:
    table = path.with_suffix(".tsv")
    rows = read_frame(table).replace({np.nan: None}).to_dict("records") if table.exists() else []
    label = parse(path.name)[0]["desc"]
    values, paths = (companion(path, "association", ".tsv", desc=label + more) for more in ("Values", "Paths"))
    about = read_json(path)
    frame = read_frame(values) if values.exists() else pd.DataFrame({"region": []})
    return {
        "about": about,
        "map": about["Map"],
        "rows": rows,
        "panels": [_panel(own, str(name), about) for name, own in frame.groupby("region", sort=False)],
        "paths": read_frame(paths).to_dict("records") if paths.exists() else [],
        "file": table.name,
    }


def _panel(own: pd.DataFrame, name: str, about: Json) -> dict[str, object]:
    """Return the change in a region beside that of the outcome for each participant, with a line for each arm."""
    values = str(about.get("Values", "improvement"))
    known = own[np.isfinite(own["change"]) & np.isfinite(own[values])]
    across, up = charts.around(known["change"], 0, WIDE), charts.around(known[values], HIGH, 0)
    arms = []
    for i, arm in enumerate(about["Arms"]):
        x, y = (known.loc[known["arm"] == arm, key].to_numpy(dtype=float) for key in ("change", values))
        dots = [(f"{a:.1f}", f"{b:.1f}") for a, b in zip(across(x), up(y), strict=True)]
        line = ""
        if len(x) > 2 and np.ptp(x) > 0:
            slope, start = np.polyfit(x, y, 1)
            ends = np.array([x.min(), x.max()])
            line = charts.line(across(ends), up(start + slope * ends))
        arms.append({"arm": arm, "colour": i, "dots": dots, "line": line, "n": len(x)})
    return {"name": name, "arms": arms, "across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH}
