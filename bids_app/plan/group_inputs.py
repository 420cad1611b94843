"""Which finished sessions belong together, who is left out of them and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bids_app import plugs
from bids_app.dataset.ratings import Rating, excluded_by, read_ratings, require_known
from bids_app.dataset.tables import numeric, read_tsv
from bids_app.errors import DeqiError, MissingInputError, WrongDataError
from bids_app.plan.completed_sessions import CompletedSession, Shared, finished_sessions, why_left_out
from bids_app.plan.participants_table import People
from bids_app.settings import Settings
from bids_app.vocabulary.entities import join
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.options.exclusions import Exclusions
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.selection import Selection

if TYPE_CHECKING:
    from bids_app.plugs.modality import Modality


def excluded(session: CompletedSession, limits: Exclusions, modality: Modality) -> str:
    """Return which limits a session is beyond, or nothing."""
    if limits == Exclusions():
        return ""
    table = next((path for path in session.files if path.name.endswith(f"_desc-{modality.quality_name}_qc.tsv")), None)
    if table is None or not table.exists():
        return "its quality is not known: run the participant level again"
    rows = read_tsv(table)
    used = [i for i, decision in enumerate(rows["decision"]) if decision == "used"]
    columns = {name: numeric([values[i] for i in used]) for name, values in rows.items()}
    found = {name: values for name, values in columns.items() if values is not None}
    return "; ".join(_beyond(modality.limits(found), limits))


def _beyond(quality: Mapping[str, Quality], limits: Exclusions) -> Iterator[str]:
    """Yield what is beyond a limit; limits on what a modality does not have are of others."""
    for name, (what, value, unit) in quality.items():
        limit = getattr(limits, name)
        beyond = value > limit if name.startswith("max") else value < limit
        if limit and np.isnan(value):
            yield f"{what} is not known"
        elif limit and beyond:
            word = "above" if name.startswith("max") else "below"
            yield f"{what} {value:.3g}{unit}, {word} the limit of {limit:g}{unit}"


SHOWN = 4


"""Sessions of which a message tells why they cannot be used."""


def analyses_of(
    execution: Execution, settings: Settings, people: People, selection: Selection
) -> tuple[dict[Shared, list[CompletedSession]], tuple[str, ...]]:
    """Return the finished sessions of a modality by what their maps share, each with why it is left out.

    Beside them what is to be said of those that are of runs cut otherwise than now, and take no part.
    """
    analyses: dict[Shared, list[CompletedSession]] = {}
    modality = plugs.modality(settings.modality.name)
    everything = finished_sessions(execution.output_dir)
    finished = [replace(one, stage=selection.stage) for one in everything if one.datatype == modality.datatype]
    ratings, otherwise = _ratings(execution.ratings, finished), Counter[str]()
    for session in finished:
        if not selection.cuts(session.entities):
            otherwise[session.entities.get("segment", "")] += 1
        elif selection.takes(session.entities):
            why = why_left_out(session, selection.sessions, selection.matches)
            if people.wanted and session.key[0] not in people.wanted:
                why = "left out by --participant-label"
            why = why or excluded_by(ratings, session.entities) or excluded(session, settings.exclusions, modality)
            analyses.setdefault(session.shared, []).append(replace(session, problem=why))
    told = (
        f"{count} results of {f'segment {name}' if name else 'whole runs'} are there, and this call has no such stage: "
        "not compared"
        for name, count in otherwise.items()
    )
    return analyses, tuple(told)


def nothing_usable(
    execution: Execution, sessions: Sequence[CompletedSession], asked: str, foreseen: str = ""
) -> DeqiError:
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


def analysed_separately(jobs: Sequence[GroupJob], join_over: Sequence[str]) -> list[str]:
    """Say that maps of one task are several analyses, and by which entities; tables and maps are apart by nature."""
    said = dict[str, None]()
    for maps in (True, False):
        shared = [job.entities for job in jobs if ("space" in job.entities) == maps]
        for name in dict.fromkeys(name for entities in shared for name in entities):
            labels = sorted({entities.get(name, "none") for entities in shared})
            if len(labels) > 1 and name != "task" and name not in join_over:
                said[f"{name} {', '.join(labels)}"] = None
    return [f"Maps are analysed apart by {' and by '.join(said)}; each has its own participants"] if said else []


def lacking_a_session(people: People, analyses: Mapping[Shared, Sequence[CompletedSession]]) -> set[str]:
    """Return the participants who lack a session that others have."""
    known = {session.key for sessions in analyses.values() for session in sessions}
    needed = {session for _, session in known}
    return {label for label in people.rows if any((label, session) not in known for session in needed)}


def _ratings(path: Path | None, finished: Sequence[CompletedSession]) -> list[Rating]:
    if path is None:
        return []
    ratings = read_ratings(path)
    require_known(ratings, [session.entities for session in finished], path)
    return ratings
