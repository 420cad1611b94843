"""`sub-*/sub-*_sessions.tsv`: what was asked at each visit, one row a session, as BIDS has it for repeated measures."""

from __future__ import annotations

from pathlib import Path

from bids_app.dataset.phenotype import visits
from bids_app.dataset.tables import labels_of, read_tsv, stands
from bids_app.errors import InvalidBidsError, WrongDataError
from bids_app.statistics.covariate_coding import is_missing, number

WHEN = ("session_id",)
"""Columns that say which visit it is, and are no measures."""


def read_sessions(path: Path) -> dict[str, str]:
    """Return the values of one participant: `vas` of session `pre` is `vas_pre`.

    Raises
    ------
    MissingInputError, WrongDataError
        If the table cannot be read.
    InvalidBidsError
        If it has no session_id, or names a session twice.
    """
    table = read_tsv(path)
    sessions = labels_of(table, path, "session_id", "ses-")
    if twice := sorted({session for session in sessions if sessions.count(session) > 1}):
        raise InvalidBidsError(f"{path} names session {', '.join(twice)} twice. Keep one row for each session.")
    return {
        f"{name}_{session}": value.strip()
        for name, values in table.items() if name not in WHEN
        for session, value in zip(sessions, values, strict=True)
    }  # fmt: skip


def add_sessions(rows: dict[str, dict[str, str]], folder: Path) -> dict[str, dict[str, str]]:
    """Return participants' rows with what their tables of sessions say beside their own; absent is n/a.

    Raises
    ------
    WrongDataError
        If a value of someone stands elsewhere too, and differs: no one but you can know which is right.
    """
    paths = {label: folder / f"sub-{label}" / f"sub-{label}_sessions.tsv" for label in rows}
    found = {label: read_sessions(path) for label, path in paths.items() if stands(path)}
    for label, values in found.items():
        for name, value in values.items():
            other = rows[label].get(name, "n/a")
            same = value == other or number(value) == number(other)
            if not (is_missing(value) or is_missing(other) or same):
                raise WrongDataError(
                    f"{paths[label]}: {name} is {value}, and {other} in participants.tsv or phenotype. Keep one."
                )
    columns = dict.fromkeys(name for values in found.values() for name in values)
    visits((name.rpartition("_")[2] for name in columns), folder / "sub-*_sessions.tsv")
    return {
        label: {**dict.fromkeys(columns, "n/a"), **row, **{k: v for k, v in found.get(label, {}).items() if v != "n/a"}}
        for label, row in rows.items()
    }
