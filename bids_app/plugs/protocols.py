"""What each kind of plug has to be: the types that a plug file is held to, with the defaults of what it may leave out.

A plug is one file. Its constants in capitals and its functions become the fields of a record here; `registry` looks
that nothing is missing or misspelt.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from bids_app.signals.cleaning import Plan
    from bids_app.statistics.prediction.learner import Learner
    from bids_app.trial.cohort import Table
    from bids_app.vocabulary.design import Contrast, Design
    from bids_app.vocabulary.domain import Values
    from bids_app.vocabulary.output import Feature, Output
    from bids_app.vocabulary.recording import Recording
    from bids_app.vocabulary.seed import Wanted
    from bids_app.vocabulary.signals import Region, Signals

    Features = Iterator[Feature]


@dataclass(frozen=True, kw_only=True)
class Plug:
    """What all plugs have.

    Attributes
    ----------
    doc : str
        Docstring of the file: what the plug does.
    options : type
        Frozen dataclass of its options, all with defaults.
    methods : str
        A sentence for the methods section; of a modality it depends on the options.
    """

    name: str
    doc: str
    options: type[Any]
    methods: str


class Load(Protocol):
    """Reads and cleans one recording."""

    def __call__(self, recording: Recording, plan: Plan, options: Any, kinds: Collection[str] = ...) -> Signals:
        """Return the signals of a recording in some kinds of cleaning."""


class Describe(Protocol):
    """Says what was done to a recording in one kind of cleaning, as sidecars carry it."""

    def __call__(self, plan: Plan, options: Any, kind: str = ...) -> dict[str, object]:
        """Return keys and values of a sidecar."""


@dataclass(frozen=True, kw_only=True)
class Modality(Plug):
    """What is recorded, and how it is cleaned.

    Attributes
    ----------
    prepare : callable
        What will be done to a recording, before its series is read.
    too_little : callable
        Why a session cannot be used, from its degrees of freedom and minutes, or nothing.
    advice : str
        What would help such a session.
    mark : callable
        The warning that must stand wherever results of some options stand, or nothing.
    """

    prepare: Callable[[Recording, Any], Plan]
    load: Load
    describe: Describe
    too_little: Callable[[float, float, Any], str]
    mark: Callable[[Any], str]
    advice: str
    methods: str = ""


def _nothing_refused(*_: object) -> Mapping[str, str]:
    return {}


def _no_tables(*_: object) -> Values:
    raise TypeError("This measure has maps and no tables.")


@dataclass(frozen=True, kw_only=True)
class Measure(Plug):
    """What is computed of one recording, and how the recordings of a session come together.

    Attributes
    ----------
    cleaning : str
        Kind of cleaning that it is computed from.
    outputs : tuple of Output
    group : Output
        The output that goes to the group level.
    wanted_regions : callable
        Regions that it asks for.
    measure : callable
        Features of one run.
    combine : callable
        Features of a session from those of its runs and their degrees of freedom.
    selecting : tuple of str
        Options that choose among maps at the group level; the others say how maps are made.
    needs_events : bool
        True if runs without events are not for it.
    refusals : callable
        Regions that cannot be used, and why.
    group_values : callable
        Values of one session from its table; of measures whose group output is no map.
    """

    cleaning: str
    outputs: tuple[Output, ...]
    group: Output
    wanted_regions: Callable[[Any], Wanted]
    measure: Callable[[Signals, Sequence[Region], Any], Features]
    combine: Callable[[Sequence[Sequence[Feature]], Sequence[int], Any], Features]
    selecting: tuple[str, ...] = ()
    needs_events: bool = False
    refusals: Callable[[Signals, Sequence[Region], Any], Mapping[str, str]] = _nothing_refused
    group_values: Callable[[Mapping[str, Sequence[str]]], Values] = _no_tables


@dataclass(frozen=True, kw_only=True)
class DesignBuilder(Plug):
    """Who is compared with whom; `design` builds it from the people's table and the sessions that there are."""

    design: Callable[[Table, Any], Design]


def _no_contrasts(*_: object) -> Iterator[Contrast]:
    return iter(())


@dataclass(frozen=True, kw_only=True)
class Association(Plug):
    """What stands beside a contrast: an outcome, or values of regions from elsewhere.

    Attributes
    ----------
    asks : {'outcome', 'regions'}
        What it looks at beside maps.
    check : callable
        Ends a call whose options cannot be meant, before any work.
    files : callable
        Files that it reads, for a space.
    associate : callable
        Tables and a sidecar from what is given.
    contrasts : callable
        Contrasts of maps that it asks for itself.
    """

    asks: Literal["outcome", "regions"]
    check: Callable[[Any, Path], None]
    files: Callable[[Any, str], list[Path]]
    associate: Callable[[Any, Any], Any]
    contrasts: Callable[..., Iterator[Contrast]] = _no_contrasts


@dataclass(frozen=True, kw_only=True)
class Predictor(Plug):
    """What learns to predict an outcome; `learner` makes it from its options."""

    learner: Callable[[Any], Learner]
