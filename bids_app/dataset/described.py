"""What JSON files say of the columns of a dataset's tables: units, ranges, which direction is better."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bids_app.dataset.tables import read_json, stands

Columns = Mapping[str, Mapping[str, Any]]


def described_columns(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the description of each column of participants.tsv, of tables of sessions and of phenotype tables.

    What is said twice of a column counts as it stands nearest to the values: phenotype, sessions, participants.

    Raises
    ------
    WrongDataError
        If a file is not a JSON object.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for path in (folder / "participants.json", folder / "sessions.json", *sorted(folder.glob("phenotype/*.json"))):
        if stands(path):
            found |= {name: about for name, about in read_json(path).items() if isinstance(about, Mapping)}
    return found


def tables_of(folder: Path) -> list[Path]:
    """Return the tables and JSON files about people, besides participants.tsv, that a dataset has."""
    places = ("phenotype/*.tsv", "phenotype/*.json", "participants.json", "sessions.json", "sub-*/sub-*_sessions.tsv")
    return [path for place in places for path in sorted(folder.glob(place))]
