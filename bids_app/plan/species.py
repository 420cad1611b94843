"""Whether participants are of another species: what is measured of animals says nothing of patients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bids_app.dataset.participants import read_participants
from bids_app.dataset.tables import stands
from bids_app.statistics.covariate_coding import is_missing

_OURS = ("homo sapiens", "h. sapiens", "human", "humans")


def mark_of(rows: Iterable[Mapping[str, str]]) -> str:
    """Return the warning that results of these participants carry, or nothing; BIDS has the column `species`."""
    words = {row.get("species", "").strip() for row in rows}
    others = sorted(word for word in words if word and not is_missing(word) and word.lower() not in _OURS)
    return f"Animals ({', '.join(others)}): these are not results of a trial with people." if others else ""


def species_marks(*roots: Path) -> dict[str, str]:
    """Return the warning that results of each participant carry, by label; of those who need none, nothing."""
    there = next((root / "participants.tsv" for root in roots if stands(root / "participants.tsv")), None)
    rows = read_participants(there) if there else {}
    return {label: said for label, row in rows.items() if (said := mark_of([row]))}
