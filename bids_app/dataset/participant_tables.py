"""The tables about people as one: participants.tsv, phenotype and sessions, each column with where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bids_app.dataset.participants import read_participants
from bids_app.dataset.phenotype import read_phenotype
from bids_app.dataset.sessions import add_sessions
from bids_app.dataset.tables import read_json, stands
from bids_app.statistics.covariate_coding import is_missing, number
from bids_app.vocabulary.near_matches import unmatched

Rows = Mapping[str, Mapping[str, str]]
Described = Mapping[str, Mapping[str, object]]

PARTICIPANTS, SESSIONS = "participants", "sessions"
NAMED = 5
"""Participants that one note names."""


@dataclass(frozen=True, kw_only=True)
class PeopleTable:
    """What all tables say of each participant.

    Attributes
    ----------
    rows : mapping
        Cells by participant (without `sub-`) and column. A column that two tables have with other values is there as
        `TABLE.COLUMN` alone.
    sources : mapping of str
        Table of each column: `participants`, `sessions`, or the name of a phenotype table.
    described : mapping
        What the JSON beside its own table says of each column, also by `TABLE.COLUMN`; by `.COLUMN` what a JSON says
        that has no table.
    notes : tuple of str
        Which rows have no participant in participants.tsv, and who lacks a row.
    """

    rows: Rows
    sources: Mapping[str, str]
    described: Described
    notes: tuple[str, ...] = ()

    @property
    def coded(self) -> frozenset[str]:
        """Columns whose cells are codes of levels: every one of them is among the Levels of its description."""
        return frozenset(name for name in self.sources if self._is_coded(name))

    def _is_coded(self, name: str) -> bool:
        levels = _levels(self.described.get(name, {}))
        cells = {row.get(name, "n/a") for row in self.rows.values()}
        return bool(levels) and {cell for cell in cells if not is_missing(cell)} <= set(levels)


def read_people(table: Path, folder: Path) -> PeopleTable:
    """Return all that a dataset says of its participants.

    Raises
    ------
    DeqiError
        If a table or description cannot be read, or identifiers differ from those of participants.tsv by zeros, case or
        `sub-` alone.
    """
    own = read_participants(table)
    known, notes = list(own), []
    tables: dict[str, Rows] = {PARTICIPANTS: own}
    for path in sorted(folder.glob("phenotype/*.tsv")):
        rows = read_phenotype(path)
        tables[path.stem] = rows
        if strangers := unmatched(known, rows, table.name, path.name):
            notes.append(f"{path.name} has rows of {_named(strangers)}, who are not in {table.name}: they are not used")
        if absent := [label for label in known if label not in rows]:
            notes.append(f"{path.name} has no row of {_named(absent)}: n/a")
    visited = [path.parent.name.removeprefix("sub-") for path in folder.glob("sub-*/sub-*_sessions.tsv")]
    if strangers := unmatched(known, visited, table.name, "the folder of sessions tables"):
        notes.append(f"{_named(strangers)} have a sessions table and are not in {table.name}: they are not used")
    merged, sources = _merged(tables)
    whole = add_sessions(merged, folder)
    sources |= {column: SESSIONS for column in _columns(whole.values()) if column not in sources}
    described = _described(folder, sources)
    return PeopleTable(rows=_known(whole, described), sources=sources, described=described, notes=tuple(notes))


UNKNOWN = (
    "missing", "unknown", "not known", "not available", "not asked", "refused", "no answer", "n/a", "not applicable",
)  # fmt: skip
"""How descriptions say that a code stands for nothing."""


def _levels(about: Mapping[str, object]) -> dict[str, str]:
    """Return the levels of a description that are values, with their meaning."""
    levels = about.get("Levels")
    said = {str(key): str(text) for key, text in levels.items()} if isinstance(levels, Mapping) else {}
    return {key: text for key, text in said.items() if text.strip().lower() not in UNKNOWN}


def _known(rows: Mapping[str, Mapping[str, str]], described: Described) -> dict[str, dict[str, str]]:
    """Return rows in which codes that descriptions call missing are n/a."""
    codes = {}
    for name, about in described.items():
        levels = about.get("Levels")
        codes[name] = {str(key) for key in levels} - set(_levels(about)) if isinstance(levels, Mapping) else set()
    return {
        label: {name: "n/a" if cell in codes.get(name, ()) else cell for name, cell in row.items()}
        for label, row in rows.items()
    }


def _named(labels: Iterable[str]) -> str:
    words = [f"sub-{label}" for label in labels]
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more


def _columns(rows: Iterable[Mapping[str, str]]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row))


def _merged(tables: Mapping[str, Rows]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Return the rows with the columns of all tables, and the table of each column."""
    own = tables[PARTICIPANTS]
    merged: dict[str, dict[str, str]] = {label: {"participant_id": row["participant_id"]} for label, row in own.items()}
    sources = {"participant_id": PARTICIPANTS}
    owners: dict[str, list[str]] = {}
    for name, rows in tables.items():
        for column in _columns(rows.values()):
            if column != "participant_id":
                owners.setdefault(column, []).append(name)
    for column, names in owners.items():
        contested = any(_disagree(tables, names, column, label) for label in own)
        for name in names:
            full = f"{name}.{column}" if contested else column
            sources.setdefault(full, name)
            for label, row in merged.items():
                cell = tables[name].get(label, {}).get(column, "n/a")
                if full not in row or is_missing(row[full]):
                    row[full] = cell
    return merged, sources


def _disagree(tables: Mapping[str, Rows], names: Iterable[str], column: str, label: str) -> bool:
    """Tell whether tables say different things of a participant; what is missing says nothing."""
    cells = [tables[name].get(label, {}).get(column, "n/a") for name in names]
    known = {cell.strip() for cell in cells if not is_missing(cell)}
    return len(known) > 1 and len({value if (value := number(cell)) == value else cell for cell in known}) > 1


def _described(folder: Path, sources: Mapping[str, str]) -> dict[str, Mapping[str, object]]:
    """Return the description of each column from the JSON of its own table; nothing is borrowed from another's.

    Raises
    ------
    WrongDataError
        If a file is not a JSON object.
    """
    files = {PARTICIPANTS: folder / "participants.json", SESSIONS: folder / "sessions.json"}
    files |= {path.stem: path for path in sorted(folder.glob("phenotype/*.json"))}
    said = {
        name: {column: about for column, about in read_json(path).items() if isinstance(about, Mapping)}
        for name, path in files.items() if stands(path)
    }  # fmt: skip
    found: dict[str, Mapping[str, object]] = {
        f"{name}.{column}": about for name, columns in said.items() for column, about in columns.items()
    }
    # A JSON without a table of its own describes columns of any: scales that stand in the tables of sessions.
    alone = [name for name in said if name not in (PARTICIPANTS, SESSIONS) and name not in sources.values()]
    found |= {f".{column}": about for name in alone for column, about in said[name].items()}
    for column, name in sources.items():
        plain = column.removeprefix(f"{name}.")
        if plain in said.get(name, {}):
            found[column] = said[name][plain]
    return found


def tables_of(folder: Path) -> list[Path]:
    """Return the tables and JSON files about people, besides participants.tsv, that a dataset has."""
    places = ("phenotype/*.tsv", "phenotype/*.json", "participants.json", "sessions.json", "sub-*/sub-*_sessions.tsv")
    return [path for place in places for path in sorted(folder.glob(place))]
