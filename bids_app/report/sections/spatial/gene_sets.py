"""Sets of genes on the group page: each set's score among those of chance, and what random genes would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from bids_app.report.claims.spatial import sets_remarks, sets_verdict
from bids_app.report.drawing import charts
from bids_app.report.messages import _
from bids_app.report.sections.spatial.common import SpatialResult, pooled, results

MOST = 20
"""Sets that are drawn and printed; the table has all."""

WIDE, STEP, LETTERS = 300.0, 19.0, 46


def sets(folder: Path) -> dict[str, object] | None:
    """Return what is on disk of sets of genes, or None."""
    found, notes = results(folder, "geneSetEnrichment", ["geneSets"])
    tables = [(one, str(part), own) for one in found for part, own in one.table("geneSets").groupby("part")]
    if not tables and not notes:
        return None
    q = pooled([p for _, _, own in tables for p in own["p"]])
    members = []
    for one, part, own in tables:
        mine, q = q[: len(own)], q[len(own) :]
        members.append(_member(one, part, own.assign(q_all=mine)))
    members.sort(key=lambda member: member["least"])
    return {"id": "gene-sets", "title": _("Sets of genes"), "kind": "sets", "members": members,
            "remarks": sets_remarks(members), "notes": notes, "headline": sets_verdict(members)}  # fmt: skip


def _member(one: SpatialResult, part: str, own: pd.DataFrame) -> dict[str, Any]:
    first = own.sort_values("p", kind="stable").head(MOST)
    out, plain = one.table("geneSetsLeftOut"), "gsea_q" in own
    return {
        **one.facts, "part": part, "rows": first.astype(object).where(first.notna(), None).to_dict("records"),
        "dots": _dots(first), "count": len(own), "passing": int((own["q_all"] <= 0.05).sum()),
        "passing_here": int((own["q"] <= 0.05).sum()), "least": own["p"].min(), "plain": plain,
        "plain_passing": int((own["gsea_q"] <= 0.05).sum()) if plain else None, "score": one.about["Score"],
        "left_out": int((out["part"] == part).sum()) if len(out) else 0, "provenance": one.about["Provenance"],
        "file": one.file("geneSets").name,
        "beside": [one.file(f"geneSets{end}").name for end in ("LeftOut", "Background")],
    }  # fmt: skip


def _dots(rows: pd.DataFrame) -> dict[str, object]:
    """Return a row for each set: its score, and the middle 95 % of its scores by chance."""
    across = charts.around(rows[["score", "chance_low", "chance_high"]].to_numpy(), 0, WIDE)
    lines = []
    for i, row in enumerate(rows.to_dict("records")):
        low, at, high = across([row["chance_low"], row["score"], row["chance_high"]])
        name = row["set"] if len(row["set"]) <= LETTERS else f"{row['set'][: LETTERS - 1]}\u2026"
        lines.append({"y": f"{STEP * (i + 0.6):.1f}", "low": f"{low:.1f}", "high": f"{high:.1f}", "at": f"{at:.1f}",
                      "size": f"{2.2 + 0.28 * row['genes'] ** 0.5:.1f}", "passes": row["q_all"] <= 0.05,
                      "name": name})  # fmt: skip
    return {"across": across.ticks, "lines": lines, "width": WIDE, "height": STEP * len(lines) + 6}
