"""Which finished sessions belong together, who is left out of them and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bids_app.dataset.fmriprep import Selection
from bids_app.dataset.ratings import Rating, excluded_by, read_ratings, require_known
from bids_app.plan.finished import Finished, Shared, finished_sessions, left_out
from bids_app.plan.people import People
from bids_app.plan.quality import excluded
from bids_app.settings import Settings
from bids_app.vocabulary.execution import Execution


def analyses_of(
    execution: Execution, settings: Settings, people: People, selection: Selection
) -> dict[Shared, list[Finished]]:
    """Return the finished sessions that are asked for by what their maps share, each with why it is left out."""
    analyses: dict[Shared, list[Finished]] = {}
    finished = list(finished_sessions(execution.output_dir))
    ratings = _ratings(execution.ratings, finished)
    for session in finished:
        if selection.takes(session.entities):
            why = left_out(session, selection.sessions, selection.matches)
            if people.wanted and session.key[0] not in people.wanted:
                why = "left out by --participant-label"
            why = why or excluded_by(ratings, session.entities) or excluded(session, settings.exclusions)
            analyses.setdefault(session.shared, []).append(replace(session, problem=why))
    return analyses


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
