"""Connections between regions, and other values that are no maps: the rows of each contrast that matter most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bids_app.dataset.tables import read_frame, read_json
from bids_app.report.confirmed import Confirmed, held
from bids_app.vocabulary.entities import parse

SHOWN = 6
"""Rows shown of each contrast; the file has all."""


def sections(sidecars: list[Path], passed: Mapping[str, Confirmed]) -> list[dict[str, Any]]:
    """Return one section for each set of values, its contrasts in it, the primary one first."""
    measures = {read_json(path)["Measure"] for path in sidecars}
    abouts: dict[Path, dict[str, Any]] = {}
    for measure in measures:
        abouts |= held([path for path in sidecars if read_json(path)["Measure"] == measure], passed.get(measure))
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(abouts):
        entities, _, _ = parse(path.name)
        about = abouts[path]
        table = read_frame(path.with_suffix(".tsv"))
        rows = table.head(SHOWN).to_dict("records")
        found.setdefault(entities["seg"], []).append({
            "name": entities["contrast"], "about": about, "rows": rows, "count": len(table),
            "file": path.with_suffix(".tsv").name, "passed": about["SmallestJointP"]["voxel"] <= about["PassesAt"],
        })  # fmt: skip
    return [
        {
            "name": name,
            "noun": contrasts[0]["about"]["Noun"],
            "contrasts": sorted(contrasts, key=lambda c: (not c["about"]["Primary"], not c["about"]["BetweenArms"])),
        }
        for name, contrasts in found.items()
    ]
