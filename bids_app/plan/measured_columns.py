"""What was measured of participants as columns of their table: an outcome may be the alpha power after treatment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from bids_app import plugs
from bids_app.dataset.tables import read_tsv
from bids_app.errors import WrongDataError
from bids_app.plan.completed_sessions import CompletedSession
from bids_app.plan.group_inputs import analyses_of
from bids_app.plan.participants_table import People
from bids_app.plugs.protocols import Measure
from bids_app.settings import Settings
from bids_app.statistics.covariate_coding import is_missing, number
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.person_column import PersonColumn
from bids_app.vocabulary.selection import Selection

NOT_PART = ("sub", "space", "res", "cohort", "desc")
"""Entities that are not part of the name of a column."""


def measured(execution: Execution, settings: Settings, people: People, selection: Selection) -> People:
    """Return participants with what was measured of them, of sessions that are not excluded.

    Raises
    ------
    WrongDataError
        If a table about participants says otherwise.
    """
    for name in settings.modalities:
        own = settings.of(name)
        if any(plugs.measure(measure).people for measure in own.measures):
            analyses, _ = analyses_of(execution, own, people, selection)
            people = with_measured((one for sessions in analyses.values() for one in sessions), own, people)
    return people


def with_measured(sessions: Iterable[CompletedSession], settings: Settings, people: People) -> People:
    """Return participants with a column `<quantity>_<task>_<session>` for each value that a measure gives of them.

    Parameters
    ----------
    sessions : iterable of CompletedSession
        With why each is left out, which then gives nothing.

    Raises
    ------
    WrongDataError
        If a table about participants has such a column with another value.
    """
    rows = {label: dict(row) for label, row in people.rows.items()}
    sources, described = dict(people.sources), dict(people.described)
    for session in sessions:
        label = session.key[0]
        if session.problem or label not in rows:
            continue
        for measure, column, about, value in _values(session, settings):
            old = rows[label].get(column, "n/a")
            if not is_missing(old) and number(old) != number(value):
                raise WrongDataError(
                    f"sub-{label} has {column} = {old} in {people.sources.get(column, people.table.name)} and {value} "
                    f"by {measure}. Give the column of the table another name."
                )
            rows[label][column] = value
            sources[column] = measure
            described[column] = {"LongName": about.title, "Units": about.units, "Comparable": about.comparable}
    return replace(people, rows=rows, sources=sources, described=described)


def _values(session: CompletedSession, settings: Settings) -> Iterator[tuple[str, str, PersonColumn, str]]:
    """Yield measure, column, what it is, and value of everything that a session gives."""
    gives = {plugs.modality(name).gives: plugs.modality(name).datatype for name in settings.modalities}
    for name in settings.measures:
        plug = plugs.measure(name)
        if plug.people and gives.get(plug.takes) == session.datatype and (table := _table(plug, session)):
            ending = _ending(session)
            for quantity, about in plug.people.items():
                if quantity in table:
                    yield name, f"{quantity}{ending}", about, table[quantity][0]


def _ending(session: CompletedSession) -> str:
    """Return what tells the columns of a session from those of others: task first, the stage last."""
    order = ["task", *(key for key in session.entities if key not in ("task", session.stage))]
    words = [session.entities[key] for key in order if key in session.entities and key not in NOT_PART]
    return "".join(f"_{word}" for word in [*words, session.key[1]] if word)


def _table(plug: Measure, session: CompletedSession) -> Mapping[str, list[str]] | None:
    """Return the one row of values of a session; nothing where it has none."""
    (output,) = (output for output in plug.outputs if output.kind == "people")
    wanted = {**output.entities, **({output.entity: output.labels[0]} if output.entity else {})}
    for path in session.files:
        own, suffix, ending = parse(path.name)
        if (suffix, ending) == (output.suffix, ".tsv") and wanted.items() <= own.items() and path.exists():
            return read_tsv(path)
    return None
