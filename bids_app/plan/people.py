"""Who is in a dataset: rows of participants.tsv with phenotype, tables of sessions and the allocation beside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bids_app.dataset.participants import read_participants
from bids_app.dataset.phenotype import add_phenotype
from bids_app.dataset.sessions import add_sessions
from bids_app.errors import NothingSelectedError
from bids_app.plan.blind import with_allocation
from bids_app.vocabulary.execution import Execution
from bids_app.vocabulary.trial import Treatment


@dataclass(frozen=True)
class People:
    """The table of participants, its rows by label, who was asked for (empty: everybody), and how they were treated."""

    table: Path
    rows: Mapping[str, Mapping[str, str]]
    wanted: frozenset[str]
    treatment: Treatment | None = None

    @property
    def chosen(self) -> dict[str, Mapping[str, str]]:
        """The rows of those who were asked for."""
        return {label: row for label, row in self.rows.items() if not self.wanted or label in self.wanted}


def people_of(execution: Execution, table: Path) -> People:
    """Return who is in a dataset.

    Raises
    ------
    NothingSelectedError
        If somebody who was asked for is not in the table.
    """
    folder = execution.bids_dir
    known = add_sessions(add_phenotype(read_participants(table), folder), folder)
    rows = with_allocation(known, execution.allocation)
    wanted = frozenset(label.removeprefix("sub-") for label in execution.participants)
    if absent := sorted(wanted - set(rows)):
        raise NothingSelectedError(f"--participant-label {' '.join(absent)}: not in {table}.")
    return People(table, rows, wanted)
