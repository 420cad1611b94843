"""Expression of genes on the group page: components among those of chance, ranked genes, the literature's recipe."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bids_app.report.claims.spatial import genes_remarks, genes_verdict, recipe_remark, resolution
from bids_app.report.drawing import charts
from bids_app.report.messages import _
from bids_app.report.sections.spatial.common import HIGH, WIDE, SpatialResult, drawn, results, side_by_side
from bids_app.statistics.permutation.corrections import holm

MOST = 10
"""Genes of each end that are printed; the table has all."""

TABLES = ("", "Components", "Null", "Ranked", "Regions")


def genes(folder: Path) -> dict[str, object] | None:
    """Return what is on disk of expression of genes, or None."""
    found, notes = results(folder, "geneExpression", [f"geneExpression{label}" for label in TABLES])
    members = [_member(one, part) for one in found for part in one.about["Parts"]]
    if not members and not notes:
        return None
    for member, p in zip(members, holm([member["p"] for member in members]), strict=True):
        member["p_maps"] = p
    members.sort(key=lambda member: member["p"])
    return {"id": "genes", "title": _("Expression of genes"), "kind": "genes", "members": drawn(members),
            "remarks": genes_remarks(members), "notes": notes, "headline": genes_verdict(members)}  # fmt: skip


def _member(one: SpatialResult, part: str) -> dict[str, Any]:
    own = {
        label: table[table["part"] == part] for label in TABLES for table in [one.table(f"geneExpression{label}")]
    }  # fmt: skip
    components, all_genes = own["Components"], own[""]
    first = components[(components["component"] == 1) & (components["null"] == "trial")].iloc[0]
    explained = float(first["explained"])
    names = _("t of the contrast (%(map)s)", map=one.about["Map"]), _("component 1 of expression")
    return {
        **one.facts, "part": part, "p": float(first["p"]), "explained": explained,
        "chance": float(first["chance_median"]), "sizes": one.about["Parts"][part],
        "components": [{**row, "null": one.nulls[row["null"]]} for row in components.to_dict("records")],
        "chances": [_chance(own["Null"], kind, one, explained) for kind in one.nulls],
        "ranked": _ranked(own["Ranked"]), "recipe_said": recipe_remark(one.about["Recipe"][part]),
        "ends": [all_genes.head(MOST).to_dict("records"), all_genes.tail(MOST).iloc[::-1].to_dict("records")],
        "passing": {"fwe": int((all_genes["p_fwe"] <= one.alpha).sum()), "fdr": int((all_genes["q"] <= 0.05).sum())},
        "draw": partial(side_by_side, own["Regions"], "score", names), "file": one.file("geneExpression").name,
        "provenance": one.about["Provenance"], "resolution": resolution(one.facts["smallest_p"], len(all_genes)),
    }  # fmt: skip


def _chance(bars: pd.DataFrame, kind: str, one: SpatialResult, observed: float) -> dict[str, object]:
    """Return the variance that maps of one kind of chance let the component explain, and that of the map."""
    own = bars[bars["null"] == kind]
    across = charts.Scale(0.0, max(float(bars["to"].max()), observed) * 1.02, 0, 300)
    edges = [*own["from"], own["to"].iloc[-1]]
    return {
        "name": one.nulls[kind], "bars": charts.bars(own["maps"].to_numpy(), across(edges), 90), "ticks": across.ticks,
        "observed": f"{float(across(observed)):.1f}", "value": observed, "count": int(own["maps"].sum()),
    }  # fmt: skip


def _ranked(own: pd.DataFrame) -> dict[str, object]:
    """Return ranked scores of genes, and the band of ranked scores of null maps."""
    across = charts.Scale(0, 1, 0, WIDE)
    up = charts.around(own[["rho", "low", "high"]].to_numpy(), HIGH, 0)
    x = across(own["place"])
    band = f"{charts.line(x, up(own['low']))} {charts.line(x[::-1], up(own['high'])[::-1])}"
    return {"across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH, "band": band,
            "line": charts.line(x, up(own["rho"]))}  # fmt: skip
