"""Receptors and other maps from elsewhere on the group page."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bids_app.report.claims.spatial import maps_remarks, receptors_remarks, references_verdict
from bids_app.report.messages import _
from bids_app.report.sections.spatial.common import SpatialResult, drawn, pooled, results, side_by_side


def receptors(folder: Path) -> dict[str, object] | None:
    """Return what is on disk of densities of receptors, or None."""
    found = _section(folder, "receptorDensity", _("Density of receptors"))
    return found and {**found, "remarks": receptors_remarks(found["members"])}


def reference_maps(folder: Path) -> dict[str, object] | None:
    """Return what is on disk of other maps, or None."""
    found = _section(folder, "referenceMap", _("Maps from elsewhere"))
    return found and {**found, "remarks": maps_remarks(found["members"])}


def _section(folder: Path, label: str, title: str) -> dict[str, Any] | None:
    found, notes = results(folder, label, [label, f"{label}Regions"])
    members = [_member(one, label, str(part)) for one in found for part in one.table(label)["part"].unique()]
    if not members and not notes:
        return None
    rows = [row for member in members for row in member["rows"]]
    for row, q in zip(rows, pooled([row["p"] for row in rows]), strict=True):
        row["q_all"] = q
    members.sort(key=lambda member: member["rows"][0]["p"])
    return {"id": label, "title": title, "kind": "references", "members": drawn(members), "notes": notes,
            "headline": references_verdict(members, title)}  # fmt: skip


def _rows(one: SpatialResult, label: str, part: str) -> list[dict[str, Any]]:
    table = one.table(label)
    if table.empty:
        return []
    rows: list[dict[str, object]] = table[table["part"] == part].replace({np.nan: None}).to_dict("records")
    return rows


def _member(one: SpatialResult, label: str, part: str) -> dict[str, Any]:
    rows = sorted(_rows(one, label, part), key=lambda row: row["p"])
    regions = one.table(f"{label}Regions")
    regions, best = regions[regions["part"] == part], rows[0]["map"]
    names = _("t of the contrast (%(map)s)", map=one.about["Map"]), best
    return {
        **one.facts, "part": part, "rows": rows, "together": _rows(one, f"{label}Together", part),
        "genes": _rows(one, f"{label}Genes", part), "adjusted": one.about.get("AdjustedFor"), "best": best,
        "told": {about["Description"] for about in one.about["References"].values() if "Description" in about},
        "draw": partial(side_by_side, regions, best, names), "file": one.file(label).name,
    }  # fmt: skip
