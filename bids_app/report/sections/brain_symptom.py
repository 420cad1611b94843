"""Brain and symptom on the group page: what maps say, every region with each person, paths."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import Json, read_frame, read_json
from bids_app.report.claims.associations import PATHS, Coupling, coupling
from bids_app.report.drawing import charts
from bids_app.report.messages import _
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import companion, parse

WIDE, HIGH = 220.0, 160.0


def associations(folder: Path) -> dict[str, object] | None:
    """Return what is on disk of brain and symptom, or None."""
    sidecars = {path: read_sidecar(path, ContrastSidecar) for path in sorted(folder.glob("*_statmap.json"))}
    asked = {path: about for path, about in sidecars.items() if about.association == "brain_symptom"}
    regions = [_regions(path) for path in sorted(folder.glob("*_desc-brainSymptom_association.json"))]
    if not asked and not regions:
        return None
    contrasts = [Coupling(**_named(path), about=about) for path, about in asked.items()]
    about: Json = regions[0]["about"] if regions else {"Outcome": _("the outcome"), "Arms": [""]}
    return {
        "outcome": about["Outcome"],
        "verdict": coupling(contrasts, about["Outcome"], about["Arms"]),
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
    """Return all participants' change beside their improvement, with a line of each arm."""
    known = own[np.isfinite(own["change"]) & np.isfinite(own["improvement"])]
    across, up = charts.around(known["change"], 0, WIDE), charts.around(known["improvement"], HIGH, 0)
    arms = []
    for i, arm in enumerate(about["Arms"]):
        x, y = (known.loc[known["arm"] == arm, key].to_numpy(dtype=float) for key in ("change", "improvement"))
        dots = [(f"{a:.1f}", f"{b:.1f}") for a, b in zip(across(x), up(y), strict=True)]
        line = ""
        if len(x) > 2 and np.ptp(x) > 0:
            slope, start = np.polyfit(x, y, 1)
            ends = np.array([x.min(), x.max()])
            line = charts.line(across(ends), up(start + slope * ends))
        arms.append({"arm": arm, "colour": i, "dots": dots, "line": line, "n": len(x)})
    return {"name": name, "arms": arms, "across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH}
