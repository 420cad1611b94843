"""Whose left and right are exchanged: a column of participants.tsv says it, person by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bids_app.dataset.participants import participants_file, read_participants
from bids_app.errors import WrongDataError
from bids_app.settings import Settings
from bids_app.statistics.coding import MISSING
from bids_app.vocabulary.recording import Recording


def flip(runs: Sequence[Recording], settings: Settings, *roots: Path) -> list[Recording]:
    """Return the runs, those of people to be flipped marked so.

    Raises
    ------
    WrongDataError
        If the column is absent, has no value for somebody, or nobody has the value: a flip must be declared for all.
    """
    ((_, options),) = settings.modalities.items()
    column, value = getattr(options, "flip_column", ""), getattr(options, "flip_value", "")
    if not column:
        return list(runs)
    table = participants_file(*roots)
    rows = read_participants(table)
    people = sorted({run.participant for run in runs})
    said = {person: rows.get(person, {}).get(column, "") for person in people}
    silent = [person for person, word in said.items() if word.lower() in MISSING]
    if silent:
        raise WrongDataError(
            f"{table} has no {column!r} for {', '.join(f'sub-{p}' for p in silent[:5])}, so it is not known whether "
            "their left and right are to be exchanged. Fill it in for everybody, or leave flip_column empty."
        )
    everybody = {row.get(column, "") for row in rows.values()}
    if value.lower() not in {word.lower() for word in everybody}:
        raise WrongDataError(f"Nobody has {column} = {value!r} in {table}; it holds {sorted(everybody)}.")
    return [replace(run, flipped=said[run.participant].lower() == value.lower()) for run in runs]
