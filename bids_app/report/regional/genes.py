"""Expression of genes on the group page: components among those of chance, ranked genes, the literature's recipe."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from bids_app.report.claims.regional import genes_remarks, genes_verdict, recipe_remark, resolution
from bids_app.report.drawing import charts
from bids_app.report.regional.common import HIGH, WIDE, Result, drawn, over_maps, results, shown, side_by_side

MOST = 10
"""Genes of each end that are printed; the table has all."""


def genes(folder: Path) -> dict[str, Any] | None:
    """Return what is on disk of expression of genes, or None."""
    found = [(one, part) for one in results(folder, "geneExpression") for part in one.about["Parts"]]
    if not found:
        return None
    corrected = over_maps(found, lambda one: float(_first(*one)["p"]))
    members = [_member(one, part, p) for (one, part), p in zip(found, corrected, strict=True)]
    members.sort(key=lambda member: member["p"])
    return {"id": "genes", "title": "Expression of genes", "kind": "genes", "members": drawn(members),
            "remarks": genes_remarks(members),
            "notes": _notes([one for one, _ in found]), "headline": genes_verdict(members)}  # fmt: skip


def _notes(found: list[Result]) -> list[str]:
    return list(dict.fromkeys(note for one in found for note in one.about["Notes"]))


def _first(one: Result, part: str) -> Any:
    """Return the row of component 1 under the null that decides."""
    rows = one.table("geneExpressionComponents")
    return rows[(rows["part"] == part) & (rows["component"] == 1) & (rows["null"] == "trial")].iloc[0]


def _member(one: Result, part: str, p: float) -> dict[str, Any]:
    own = {
        label: table[table["part"] == part]
        for label in ("", "Components", "Null", "Ranked", "Regions")
        for table in [one.table(f"geneExpression{label}")]
    }
    names = f"t of the contrast ({one.about['Map']})", "component 1 of expression"
    return {
        "name": one.name, "part": part, "p": float(_first(one, part)["p"]), "p_maps": p, "alpha": _alpha(one),
        "explained": float(_first(one, part)["explained"]), "chance": float(_first(one, part)["chance_median"]),
        "high": float(_first(one, part)["chance_95"]), "shown": shown(one.contrast), "sizes": one.about["Parts"][part],
        "components": [{**row, "null": one.nulls[row["null"]]} for row in own["Components"].to_dict("records")],
        "chances": [_chance(own["Null"], kind, one, float(_first(one, part)["explained"])) for kind in one.nulls],
        "ranked": _ranked(own["Ranked"]), "recipe_said": recipe_remark(one.about["Recipe"][part]),
        "ends": [own[""].head(MOST).to_dict("records"), own[""].tail(MOST).iloc[::-1].to_dict("records")],
        "passing": {"fwe": int((own[""]["p_fwe"] <= _alpha(one)).sum()), "fdr": int((own[""]["q"] <= 0.05).sum())},
        "draw": partial(side_by_side, own["Regions"], "score", names), "file": one.path.with_suffix(".tsv").name,
        "provenance": one.about["Provenance"],
        "resolution": resolution(one.about["SmallestPossibleP"], len(own[""])),
    }  # fmt: skip


def _alpha(one: Result) -> float:
    return float(one.contrast.get("Alpha", 0.05))


def _chance(bars: pd.DataFrame, kind: str, one: Result, observed: float) -> dict[str, Any]:
    """Return the variance that maps of one kind of chance let the component explain, and that of the map."""
    own = bars[bars["null"] == kind]
    across = charts.Scale(0.0, max(float(bars["to"].max()), observed) * 1.02, 0, 300)
    edges = [*own["from"], own["to"].iloc[-1]]
    return {
        "name": one.nulls[kind], "bars": charts.bars(own["maps"].to_numpy(), across(edges), 90), "ticks": across.ticks,
        "observed": f"{float(across(observed)):.1f}", "value": observed, "count": int(own["maps"].sum()),
    }  # fmt: skip


def _ranked(own: pd.DataFrame) -> dict[str, Any]:
    """Return ranked scores of genes, and the band of ranked scores of maps of chance."""
    across = charts.Scale(0, 1, 0, WIDE)
    up = charts.around(own[["rho", "low", "high"]].to_numpy(), HIGH, 0)
    x = across(own["place"])
    band = f"{charts.line(x, up(own['low']))} {charts.line(x[::-1], up(own['high'])[::-1])}"
    return {"across": across.ticks, "up": up.ticks, "width": WIDE, "height": HIGH, "band": band,
            "line": charts.line(x, up(own["rho"]))}  # fmt: skip
