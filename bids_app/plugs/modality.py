"""What a modality has to be: how its recordings are found, read and described, and what a session of it leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bids_app.dataset.recordings import recordings
from bids_app.plugs.plug import Plug
from bids_app.vocabulary.quality import QualityTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bids_app.derivatives.participant import SessionWriter
    from bids_app.vocabulary.domain import Domain
    from bids_app.vocabulary.found import Found, Search
    from bids_app.vocabulary.quality import Alternative, Quality
    from bids_app.vocabulary.recording import Recording
    from bids_app.vocabulary.run_state import LoadedRun, PreparedRun, RunState

    Floats = NDArray[np.float64]
    Runs = Sequence[RunState]


class Load(Protocol):
    """Reads and cleans one recording."""

    def __call__(
        self, recording: Recording, prepared: object, options: object, kinds: Collection[str] = ...
    ) -> LoadedRun:
        """Return what measures take, of a recording, in some kinds of cleaning."""


class Describe(Protocol):
    """Says what was done to a recording in one kind of cleaning, as sidecars carry it."""

    def __call__(self, prepared: object, options: object, kind: str = ...) -> dict[str, object]:
        """Return keys and values of a sidecar."""


Checklist = dict[str, dict[str, str]]
"""Answers by section and item."""


def _nothing(*_: object) -> str:
    return ""


def _no_files(*_: object) -> None:
    return None


def _no_reasons(*_: object) -> dict[tuple[str, str], str]:
    return {}


def _no_limits(*_: object) -> Mapping[str, Quality]:
    return {}


def _no_qualities(*_: object) -> Mapping[str, float]:
    return {}


def _no_items(*_: object) -> Checklist:
    return {}


def _no_row(_: RunState) -> dict[str, object]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Modality(Plug):
    """What is recorded, how it is found, cleaned and described, and what a session leaves besides its measures.

    Attributes
    ----------
    gives : str
        What it hands to measures: signals, epochs, curves, optics or traces.
    datatype, suffix : str
        Folder that recordings and results lie in, and suffix of recordings.
    kinds : tuple of str
        Kinds of cleaning; the first is always loaded.
    kinds_of : callable or None
        Kinds of cleaning that a recording has; None where every one has all.
    find : callable
        Runs that are there, by names alone.
    prepare : callable
        What will be done to a recording, before its series is read.
    too_little : callable
        Why a session cannot be used, or nothing; asked before series are read, and again after.
    source : str
        What its input is called in messages.
    roots : tuple of str
        Names in `derivatives/` of the folders that it reads, such as `petprep*`; none, or an empty one among them:
        BIDS_DIR itself.
    preprocessor : str
        Program that makes its input, of which `launch.preprocessing` knows the command; often nothing.
    absent : callable
        What to say where there is no dataset to read.
    recordings : callable or None
        Runs with their sidecars and events; None for those that BIDS inheritance gives.
    survey : callable or None
        Entities of all that is there in whatever form; None for those that `find` gives.
    why_absent : callable
        Which files lack of participants without results, by participant and session.
    unusable : callable
        Why a run that is prepared cannot count, or nothing.
    summary : callable
        What a session has, in a few words.
    alternatives : tuple of Alternative
        Options that keep more sessions, the mildest change first.
    advice : str
        What would help a session that has too little.
    mark : callable
        The warning that must stand wherever results of some options stand, or nothing.
    write_run, write_session : callable
        Files of one run, and of a session that can be used, besides those of measures.
    quality_label : str
        What its quality tables are called (`desc`).
    quality : mapping of str
        Columns of the quality table with their descriptions; `quality_row` returns their cells.
    limits : callable
        Qualities of a session by the names of `[exclusions]`, from columns of its quality table.
    by_arm : callable
        What pages show of the quality of a session, from columns of its quality table; `report` has the words.
    methods_of : callable
        Its part of the methods text, from its options.
    reporting_items : callable
        Answers of the reporting checklist, from its options and the sidecar of one result.
    """

    gives: str = "signals"
    datatype: str
    suffix: str
    kinds: tuple[str, ...]
    kinds_of: Callable[[Recording], Collection[str]] | None = None
    find: Callable[[Search], Found]
    prepare: Callable[[Recording, object], PreparedRun]
    load: Load
    describe: Describe
    too_little: Callable[[Runs, object], str]
    source: str = "recordings"
    roots: tuple[str, ...] = ()
    preprocessor: str = ""
    absent: Callable[[Path], str] = _nothing
    recordings: Callable[[Found, Search, object], list[Recording]] | None = None
    survey: Callable[[Search], list[Mapping[str, str]]] | None = None
    why_absent: Callable[[Search], dict[tuple[str, str], str]] = _no_reasons
    unusable: Callable[[object], str] = _nothing
    summary: Callable[[Runs, object], str] = _nothing
    alternatives: tuple[Alternative, ...] = ()
    advice: str = ""
    mark: Callable[[object], str] = _nothing
    write_run: Callable[[SessionWriter, RunState], None] = _no_files
    write_session: Callable[[SessionWriter, Runs, Domain], None] = _no_files
    quality_label: str = ""
    quality: Mapping[str, str] = field(default_factory=dict)
    quality_row: Callable[[RunState], Mapping[str, object]] = _no_row
    limits: Callable[[Mapping[str, Floats]], Mapping[str, Quality]] = _no_limits
    by_arm: Callable[[Mapping[str, Floats]], Mapping[str, float]] = _no_qualities
    methods: str = ""
    methods_of: Callable[[Mapping[str, object]], str] = _nothing
    reporting_items: Callable[[Mapping[str, object], Mapping[str, object]], Checklist] = _no_items

    @property
    def ending(self) -> str:
        """What the labels of its jobs end with; those of fMRI have their names from before there were others."""
        return "" if self.datatype == "func" else f"_{self.datatype}"

    @property
    def quality_name(self) -> str:
        """What the quality tables are called: `desc-<name>_qc.tsv`."""
        return self.quality_label or self.name

    @property
    def quality_table(self) -> QualityTable:
        """The quality table of a session."""
        return QualityTable(self.quality_name, self.quality, self.quality_row)

    def has(self, recording: Recording, kind: str) -> bool:
        """Tell whether a recording has a kind of cleaning."""
        return self.kinds_of is None or kind in self.kinds_of(recording)

    def read(self, found: Found, search: Search, options: object) -> list[Recording]:
        """Return the runs that were found, with what their sidecars say, and their events."""
        if self.recordings:
            return self.recordings(found, search, options)
        return recordings(found, search, modality=self.name, suffix=self.suffix, datatype=self.datatype)

    def there(self, search: Search) -> list[Mapping[str, str]]:
        """Return the entities of all recordings that are there."""
        if self.survey:
            return self.survey(search)
        return [run.entities for runs in self.find(search).runs.values() for run in runs]
