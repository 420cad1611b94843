"""Which finished sessions belong together, who is left out of them and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bids_app import plugs
from bids_app.dataset.ratings import Rating, excluded_by, read_ratings, require_known
from bids_app.errors import DeqiError, MissingInputError, WrongDataError
from bids_app.plan.completed_sessions import Finished, Shared, finished_sessions, left_out
from bids_app.plan.participants_table import People
from bids_app.plan.quality_limits import excluded
from bids_app.settings import Settings
from bids_app.vocabulary.entities import join
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.selection import Selection

SHOWN = 4
"""Sessions of which a message tells why they cannot be used."""


def analyses_of(
    execution: Execution, settings: Settings, people: People, selection: Selection
) -> dict[Shared, list[Finished]]:
    """Return the finished sessions of a modality by what their maps share, each with why it is left out."""
    analyses: dict[Shared, list[Finished]] = {}
    modality = plugs.modality(settings.modality.name)
    everything = finished_sessions(execution.output_dir)
    finished = [replace(one, stage=selection.stage) for one in everything if one.datatype == modality.datatype]
    ratings = _ratings(execution.ratings, finished)
    for session in finished:
        if selection.takes(session.entities):
            why = left_out(session, selection.sessions, selection.matches)
            if people.wanted and session.key[0] not in people.wanted:
                why = "left out by --participant-label"
            why = why or excluded_by(ratings, session.entities) or excluded(session, settings.exclusions, modality)
            analyses.setdefault(session.shared, []).append(replace(session, problem=why))
    return analyses


def nothing_usable(execution: Execution, sessions: Sequence[Finished], asked: str, foreseen: str = "") -> DeqiError:
    """Return what to say where no session can be used: why, or that the participant level has not run."""
    if foreseen:
        return MissingInputError(
            f"there are no maps yet. The design that there will be:\n{foreseen}\nRun the participant level first: "
            f"deqi {execution.bids_dir} {execution.output_dir} participant"
        )
    if not sessions:
        return MissingInputError(
            f"{execution.output_dir} has no finished maps of the participant level ({asked}). "
            f"Run it first: deqi {execution.bids_dir} {execution.output_dir} participant"
        )
    said = [f"{join(session.entities, '', '').removesuffix('_')}: {session.problem}" for session in sessions[:SHOWN]]
    more = f"; and {len(sessions) - SHOWN} more" if len(sessions) > SHOWN else ""
    return WrongDataError(f"0 of {len(sessions)} sessions can be used, because {'; '.join(said)}{more}.")


def apart(jobs: Sequence[GroupJob], join_over: Sequence[str]) -> list[str]:
    """Say that maps of one task are several analyses, and by which entities."""
    shared = [job.entities for job in jobs]
    names = dict.fromkeys(name for entities in shared for name in entities)
    differ = [name for name in names if len({entities.get(name) for entities in shared}) > 1 and name != "task"]
    said = [
        f"{name} {', '.join(sorted({entities.get(name, 'none') for entities in shared}))}"
        for name in differ if name not in join_over
    ]  # fmt: skip
    return [f"Maps are analysed apart by {' and by '.join(said)}; each has its own participants"] if said else []


def lacking(people: People, analyses: Mapping[Shared, Sequence[Finished]]) -> set[str]:
    """Return who lacks a session that somebody has."""
    known = {session.key for sessions in analyses.values() for session in sessions}
    needed = {session for _, session in known}
    return {label for label in people.rows if any((label, session) not in known for session in needed)}


def _ratings(path: Path | None, finished: Sequence[Finished]) -> list[Rating]:
    if path is None:
        return []
    ratings = read_ratings(path)
    require_known(ratings, [session.entities for session in finished], path)
    return ratings
