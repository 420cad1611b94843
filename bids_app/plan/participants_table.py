"""Who is in a dataset: all tables about participants as one, with the allocation, and who was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bids_app.dataset.participant_tables import read_people
from bids_app.dataset.participants import read_participants
from bids_app.errors import NothingSelectedError, WrongDataError
from bids_app.statistics.covariate_coding import is_missing
from bids_app.vocabulary.near_matches import bare, folded, unmatched
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.treatment import Treatment

Rows = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class People:
    """The table of participants, its rows by label, who was asked for (empty: all), and how they were treated.

    `sources` and `described` tell the table and the description of each column, `coded` which hold codes of levels.
    """

    table: Path
    rows: Rows
    wanted: frozenset[str] = frozenset()
    treatment: Treatment | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    described: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    coded: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def chosen(self) -> dict[str, Mapping[str, str]]:
        """The rows of those who were asked for."""
        return {label: row for label, row in self.rows.items() if not self.wanted or label in self.wanted}


def people_of(execution: Execution, table: Path) -> People:
    """Return who is in a dataset.

    Raises
    ------
    NothingSelectedError
        If a participant who was asked for is not in the table.
    WrongDataError
        If tables about participants cannot be brought together.
    """
    found = read_people(table, execution.bids_dir)
    wanted = frozenset(label.removeprefix("sub-") for label in execution.participants)
    if absent := sorted(wanted - set(found.rows)):
        alike = [label for label in found.rows if bare(label) in {bare(one) for one in absent}]
        hint = f" Did you mean {', '.join(alike)}?" if alike else ""
        raise NothingSelectedError(f"--participant-label {' '.join(absent)}: not in {table}.{hint}")
    return People(
        table=table,
        rows=with_allocation(found.rows, execution.allocation),
        wanted=wanted,
        sources=found.sources,
        described=found.described,
        coded=found.coded,
        notes=found.notes,
    )


def with_allocation(rows: Rows, path: Path | None) -> Rows:
    """Return the rows of participants with the columns of a separate allocation table.

    What is missing in either disagrees with nothing.

    Raises
    ------
    WrongDataError
        If it says something else than participants.tsv, or misses a participant.
    """
    if path is None:
        return rows
    allocation = read_participants(path)
    unmatched(list(rows), allocation, "participants.tsv", path.name)
    if absent := sorted(set(rows) - set(allocation)):
        raise WrongDataError(
            f"{path} has no row for {', '.join(f'sub-{label}' for label in absent[:5])}; every participant needs one."
        )
    merged = {}
    for label, row in rows.items():
        given = {column: value for column, value in allocation[label].items() if column != "participant_id"}
        for column, value in given.items():
            old = row.get(column, "n/a")
            if not is_missing(old) and not is_missing(value) and folded(old) != folded(value):
                said = f"sub-{label} has {column} = {value!r} in {path} and {old!r} in participants.tsv"
                raise WrongDataError(f"{said}; they must agree.")
        known = {column: value for column, value in given.items() if not is_missing(value)}
        merged[label] = {**given, **row, **known}
    return merged
