"""Values that are no images (edges, regions, sensors by frequency): the rows of each contrast that matter most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import read_frame
from bids_app.report.sections.confirmatory import Confirmed, JudgedContrast, with_levels
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import parse

SHOWN = 6
"""Rows shown of each contrast; the file has all."""

DECIDING = {
    "voxel": "p_fwe_joint", "tfce": "p_tfce_fwe_joint", "mass": "p_cluster_mass_joint", "extent": "p_cluster_extent",
}  # fmt: skip
"""Column of the p of the statistic that decides."""


def sections(sidecars: list[Path], passed: Mapping[str, Confirmed]) -> list[dict[str, object]]:
    """Return one section for each set of values, its contrasts in it, the primary one first."""
    by_measure: dict[str, list[Path]] = {}
    for path in sidecars:
        by_measure.setdefault(read_sidecar(path, ContrastSidecar).measure, []).append(path)
    abouts: dict[Path, JudgedContrast] = {}
    for measure, own in by_measure.items():
        abouts |= with_levels(own, passed.get(measure))
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(abouts):
        entities, suffix, _ = parse(path.name)
        name = entities.get("seg") or entities.get("meas", suffix)
        found.setdefault(name, []).append(_contrast(path, entities["contrast"], suffix, abouts[path]))
    return [
        {
            "name": name,
            "noun": contrasts[0]["about"].noun,
            "contrasts": sorted(contrasts, key=lambda c: (not c["about"].primary, not c["about"].between_arms)),
        }
        for name, contrasts in found.items()
    ]


def _contrast(path: Path, name: str, suffix: str, about: JudgedContrast) -> dict[str, Any]:
    table = read_frame(path.with_suffix(".tsv"))
    columns = [str(column) for column in table.columns]
    apart, claim = columns[: columns.index("effect")], about.claim_statistic
    sets = "cluster" if "cluster" in columns else "component"
    rows = table.head(SHOWN).to_dict("records")
    for row in rows:
        row["place"] = ", ".join(str(row[column]) for column in apart)
        row["set"], row["p_set"] = row[sets], row[f"p_{sets}_mass" if sets == "cluster" else "p_component_extent"]
        row["p_deciding"] = row[DECIDING[claim]]
    scale = (about.columns or {})["effect"].partition(" in ")[2].rstrip(".")
    return {
        "name": name, "about": about, "rows": rows, "count": len(table), "apart": ", ".join(apart), "units": suffix,
        "scale": scale, "sets": "cluster" if sets == "cluster" else f"set of {suffix}", "claim": claim,
        "file": path.with_suffix(".tsv").name, "p": about.p,
        "passed": about.p <= about.passes_at,
    }  # fmt: skip
