"""What measures, designs, associations, predictors and syntheses have to be, and what they may leave out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from bids_app.plugs.plug import Plug
from bids_app.vocabulary.region_request import RegionRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bids_app.statistics.prediction.learner import Learner
    from bids_app.trial.association import AssociationResult
    from bids_app.trial.cohort import Table
    from bids_app.vocabulary.design import Contrast, Design
    from bids_app.vocabulary.domain import Values
    from bids_app.vocabulary.options.design import PeopleOptions
    from bids_app.vocabulary.output import AlikePairs, Feature, Output
    from bids_app.vocabulary.person_column import PersonColumn
    from bids_app.vocabulary.signals import Region
    from bids_app.vocabulary.studies import Studies
    from bids_app.vocabulary.synthesis import Subject, SynthesisRequest, SynthesisResult

    Features = Iterator[Feature]
    Tables = Sequence[Mapping[str, Sequence[str]]]


def _nothing_refused(*_: object) -> Mapping[str, str]:
    return {}


def _no_regions(_: object) -> RegionRequest:
    return RegionRequest(name="")


def _declared(output: Output, _: object) -> tuple[str, ...]:
    return output.labels


def _no_tables(*_: object) -> Values:
    raise TypeError("This measure has maps and no tables.")


@dataclass(frozen=True, kw_only=True)
class Measure(Plug):
    """What is computed of one recording, and how the recordings of a session come together.

    Attributes
    ----------
    cleaning : str
        Kind of cleaning that it is computed from.
    takes : str
        What it takes: what a modality `gives`.
    companion : str
        Modality whose simultaneous recording it needs besides, or nothing.
    title : str
        What pages call it; its name where there is none.
    outputs : tuple of Output
    group : Output or None
        The output that goes to the group level; None where it gives columns of participants alone.
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
    on_request : bool
        True if it is computed only where it is named.
    needs_file : str
        Option that must name a file of the user's; without it `all` does not mean it.
    labels_of : callable
        Labels of the maps of an output, where options decide them, or patterns such as `net*` where data do; by default
        those that it declares.
    titles : mapping of str
        What pages call maps, by label, where it is not the title of the measure.
    refusals : callable
        Regions that cannot be used, and why.
    people : mapping of PersonColumn
        Columns of participants that its output of the kind `people` has, by name.
    group_values : callable
        Values of one session from its table; of measures whose group output is no map.
    pairings : callable or None
        How alike all pairs of members of dyads are, from their series; None of measures that are not of dyads.
    """

    cleaning: str
    outputs: tuple[Output, ...]
    group: Output | None
    measure: Callable[[object, Sequence[Region], object], Features]
    combine: Callable[[Sequence[Sequence[Feature]], Sequence[int], object], Features]
    takes: str = "signals"
    companion: str = ""
    title: str = ""
    wanted_regions: Callable[[object], RegionRequest] = _no_regions
    selecting: tuple[str, ...] = ()
    needs_events: bool = False
    on_request: bool = False
    needs_file: str = ""
    labels_of: Callable[[Output, object], tuple[str, ...]] = _declared
    titles: Mapping[str, str] = field(default_factory=dict)
    refusals: Callable[[object, Sequence[Region], object], Mapping[str, str]] = _nothing_refused
    people: Mapping[str, PersonColumn] = field(default_factory=dict)
    group_values: Callable[[Mapping[str, Sequence[str]]], Values] = _no_tables
    pairings: Callable[[Tables, NDArray[np.intp], Sequence[Mapping[str, object]]], AlikePairs] | None = None

    @property
    def exploratory(self) -> bool:
        """True if its results confirm nothing, whatever their p, and are no hypothesis of a trial."""
        return self.group is not None and self.group.exploratory

    @property
    def compared(self) -> Output:
        """The output that goes to the group level; of measures that have one."""
        assert self.group is not None
        return self.group


@dataclass(frozen=True, kw_only=True)
class DesignBuilder(Plug):
    """Who is compared with whom; `design` builds it from the people's table and the sessions that there are."""

    options: type[PeopleOptions]
    design: Callable[[Table, object], Design]


def _no_contrasts(*_: object) -> Iterator[Contrast]:
    """Ask nothing of maps."""
    return iter(())


@dataclass(frozen=True, kw_only=True)
class Association(Plug):
    """What is reported alongside a contrast: an outcome, or values of regions from elsewhere.

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
    asks_by : str
        Its option that names the outcome.
    of_tables : bool
        Whether it looks at amounts of tables, such as binding potentials of regions, in place of maps.
    kinds : tuple of str
        Kinds of outcomes that it takes; empty: all.
    """

    asks: Literal["outcome", "regions"]
    check: Callable[[object, Path], None]
    files: Callable[[object, str], list[Path]]
    associate: Callable[[object, object], AssociationResult]
    contrasts: Callable[..., Iterator[Contrast]] = _no_contrasts
    asks_by: str = "outcome"
    of_tables: bool = False
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Predictor(Plug):
    """What learns to predict an outcome; `learner` makes it from its options."""

    learner: Callable[[object], Learner]


@dataclass(frozen=True, kw_only=True)
class Synthesis(Plug):
    """How results of several studies are brought together.

    Attributes
    ----------
    asks : {'foci', 'maps', 'effects', 'links'}
        What it takes of studies.
    subjects : callable
        What can be brought together, each for itself: contrasts, measures, outcomes.
    synthesise : callable
        Maps, tables and a sidecar of one of them.
    """

    asks: Literal["foci", "maps", "effects", "links"]
    subjects: Callable[[Studies, object], tuple[Subject, ...]]
    synthesise: Callable[[SynthesisRequest, object], SynthesisResult]
