"""What a call looks for, and the runs that are there, by the names of files alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bids_app.vocabulary.note import Note
from bids_app.vocabulary.selection import Selection


class Candidate(NamedTuple):
    """A run of which every file that is needed is there: its entities, its series, and the files beside it by kind."""

    entities: Mapping[str, str]
    series: Path
    companions: Mapping[str, Path]


@dataclass(frozen=True, kw_only=True)
class Search:
    """Where runs are looked for, and which are asked for.

    Attributes
    ----------
    roots : mapping of Path
        Datasets that may hold them, by name.
    bids_dir : Path
        Dataset with events and what preprocessing did not take over.
    people : sequence of str
        Labels of the participants that are looked for.
    with_events : bool
        Whether any measure asks for events.
    """

    roots: Mapping[str, Path]
    bids_dir: Path
    selection: Selection
    people: Sequence[str] = ()
    with_events: bool = False

    @property
    def links(self) -> dict[str, Path]:
        """Every dataset that files may lie in, by its name."""
        return {**self.roots, **({} if self.bids_dir in self.roots.values() else {"raw": self.bids_dir})}


@dataclass(frozen=True, kw_only=True)
class Found:
    """Runs that a call is about.

    Attributes
    ----------
    runs : mapping
        Runs with all their files, by dataset.
    shared : mapping of str
        Entities that all of them have in common because a choice was made, such as the space.
    participants : list of str
        Labels that were asked for, or all there are.
    notes : list of Note
        What is not there, person by person and run by run.
    """

    runs: Mapping[str, Sequence[Candidate]]
    shared: Mapping[str, str] = field(default_factory=dict)
    participants: Sequence[str] = ()
    notes: Sequence[Note] = ()
