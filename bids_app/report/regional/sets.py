"""Sets of genes on the group page: each set's score among those of chance, and what random genes would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from bids_app.report.claims.regional import SETS, sets_verdict
from bids_app.report.drawing import charts
from bids_app.report.regional.common import Result, results

MOST = 20
"""Sets that are drawn and printed; the table has all."""

WIDE, STEP = 300.0, 19.0


def sets(folder: Path) -> dict[str, Any] | None:
    """Return what is on disk of sets of genes, or None."""
    found = results(folder, "geneSetEnrichment")
    members = [_member(one, str(part), own) for one in found for part, own in one.table("geneSets").groupby("part")]
    if not members:
        return None
    members.sort(key=lambda member: member["least"])
    return {"id": "gene-sets", "title": "Sets of genes", "kind": "sets", "members": members, "remarks": SETS,
            "notes": list(dict.fromkeys(note for one in found for note in one.about["Notes"])),
            "headline": sets_verdict(members)}  # fmt: skip


def _member(one: Result, part: str, own: pd.DataFrame) -> dict[str, Any]:
    first = own.sort_values("p", kind="stable").head(MOST)
    plain = "gsea_q" in own
    return {
        "name": one.name, "part": part, "rows": first.astype(object).where(first.notna(), None).to_dict("records"),
        "dots": _dots(first), "count": len(own), "passing": int((own["q"] <= 0.05).sum()), "least": own["p"].min(),
        "plain": plain, "plain_passing": int((own["gsea_q"] <= 0.05).sum()) if plain else None,
        "score": one.about["Score"], "left_out": len(one.table("geneSetsLeftOut")),
        "file": one.path.with_name(one.path.name.replace("desc-geneSetEnrichment", "desc-geneSets")).stem + ".tsv",
    }  # fmt: skip


def _dots(rows: pd.DataFrame) -> dict[str, Any]:
    """Return a row for each set: its score, and the middle 95 % of its scores by chance."""
    across = charts.around(rows[["score", "chance_low", "chance_high"]].to_numpy(), 0, WIDE)
    lines = []
    for i, row in enumerate(rows.to_dict("records")):
        low, at, high = across([row["chance_low"], row["score"], row["chance_high"]])
        lines.append({"y": f"{STEP * (i + 0.6):.1f}", "low": f"{low:.1f}", "high": f"{high:.1f}", "at": f"{at:.1f}",
                      "size": f"{2.2 + 0.28 * row['genes'] ** 0.5:.1f}", "passes": row["q"] <= 0.05,
                      "name": row["set"] if len(row["set"]) <= 46 else f"{row['set'][:45]}\u2026"})  # fmt: skip
    return {"across": across.ticks, "lines": lines, "width": WIDE, "height": STEP * len(lines) + 6}
