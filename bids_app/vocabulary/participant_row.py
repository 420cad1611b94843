"""A participant as a design sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class ParticipantRow(Mapping[str, str]):
    """A row of participants.tsv, read by its columns (`participant_id` and `arm` among them).

    `stages` are those that the participant has maps of.
    """

    cells: Mapping[str, str]
    stages: frozenset[str] = frozenset()

    def __getitem__(self, column: str) -> str:
        """Return the cell of a column."""
        return self.cells[column]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the columns."""
        return iter(self.cells)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.cells)
