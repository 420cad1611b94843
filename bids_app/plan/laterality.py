"""Whose left and right are exchanged: a column of participants.tsv says it, person by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bids_app.dataset.participants import participants_file, read_participants
from bids_app.errors import WrongDataError
from bids_app.plan.completed_sessions import CompletedSession
from bids_app.settings import Settings
from bids_app.statistics.covariate_coding import is_missing
from bids_app.vocabulary.recording import Recording


def mark_flipped(runs: Sequence[Recording], settings: Settings, *roots: Path) -> list[Recording]:
    """Return the runs, those of participants to be flipped marked so.

    Raises
    ------
    WrongDataError
        If the column is absent, has no value for someone, or no one has the value: a flip must be declared for all.
    """
    people = sorted({run.participant for run in runs})
    sides = _sides(settings, people, *roots)
    return [replace(run, flipped=sides[run.participant]) for run in runs] if sides else list(runs)


def require_same_sides(sessions: Sequence[CompletedSession], settings: Settings, *roots: Path) -> None:
    """Refuse maps whose left and right were exchanged otherwise than participants.tsv says now.

    Raises
    ------
    WrongDataError
        If there are any; the message names them.
    """
    sides = _sides(settings, sorted({session.key[0] for session in sessions}), *roots)
    wrong = [s.record.stem for s in sessions if sides and s.flipped != sides[s.key[0]]]
    if wrong:
        raise WrongDataError(
            f"Left and right of {', '.join(wrong[:4])}{' ...' if len(wrong) > 4 else ''} were exchanged otherwise than "
            "participants.tsv says now. Run the participant level again; only these are computed anew."
        )


def _sides(settings: Settings, people: Sequence[str], *roots: Path) -> dict[str, bool]:
    """Return for each person whether left and right are exchanged; nothing if no column says it."""
    options = settings.modality.options
    column, value = getattr(options, "flip_column", ""), getattr(options, "flip_value", "")
    if not column:
        return {}
    table = participants_file(*roots)
    rows = read_participants(table)
    said = {person: rows.get(person, {}).get(column, "") for person in people}
    silent = [person for person, word in said.items() if is_missing(word)]
    if silent:
        raise WrongDataError(
            f"{table} has no {column!r} for {', '.join(f'sub-{p}' for p in silent[:5])}, so it is not known whether "
            "their left and right are to be exchanged. Fill it in for all participants, or leave flip_column empty."
        )
    known = {row.get(column, "") for row in rows.values()}
    if value.lower() not in {word.lower() for word in known}:
        raise WrongDataError(f"No participant has {column} = {value!r} in {table}; it holds {sorted(known)}.")
    return {person: word.lower() == value.lower() for person, word in said.items()}
