"""Every general option once, and how a settings file, `--set` and flags become one validated value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TypeVar

from bids_app import plugs
from bids_app.dataset.tables import Json
from bids_app.errors import UsageError, suggest
from bids_app.launch.presets import with_presets
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.hypotheses import HypothesisGraph, Multiplicity, graphs_of
from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.dataset import Dataset
from bids_app.vocabulary.options.describe import as_table
from bids_app.vocabulary.options.design import PeopleOptions
from bids_app.vocabulary.options.exclusions import Exclusions
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.options.multiverse import Multiverse
from bids_app.vocabulary.options.pathway import PathwayOptions
from bids_app.vocabulary.options.prediction import Prediction
from bids_app.vocabulary.options.segments import SegmentOptions
from bids_app.vocabulary.options.validated import validate
from bids_app.vocabulary.outcome import OutcomeOptions
from bids_app.vocabulary.selected import Selected
from bids_app.vocabulary.treatment import TrialOptions

DEFAULT_PLUGS = {
    "modalities": ("fmri",),
    "measures": ("seed_correlation", "parcel_correlation", "network_coherence", "alff", "reho", "task_glm"),
    "designs": ("parallel_prepost",),
    "associations": (),
    "predictors": (),
    "syntheses": (),
}
"""What runs when the settings name nothing."""

_O = TypeVar("_O", bound=Options)

GENERAL: dict[str, type[Options]] = {
    "inference": Inference,
    "exclusions": Exclusions,
    "multiplicity": Multiplicity,
    "multiverse": Multiverse,
    "trial": TrialOptions,
    "prediction": Prediction,
}
"""Options of tables that belong to no plug."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The science, validated: what `analysis.toml` holds, with every default filled in.

    `given` holds the full names (`modalities.fmri.low_pass`) of tables and options that someone wrote down.
    """

    dataset: Dataset = field(default_factory=Dataset)
    inference: Inference = field(default_factory=Inference)
    exclusions: Exclusions = field(default_factory=Exclusions)
    multiplicity: Multiplicity = field(default_factory=Multiplicity)
    multiverse: Multiverse = field(default_factory=Multiverse)
    trial: TrialOptions = field(default_factory=TrialOptions)
    segments: Mapping[str, SegmentOptions] = field(default_factory=dict)
    outcomes: Mapping[str, OutcomeOptions] = field(default_factory=dict)
    modalities: Mapping[str, Options] = field(default_factory=dict)
    measures: Mapping[str, Options] = field(default_factory=dict)
    design: Selected[PeopleOptions] = field(default_factory=lambda: Selected("parallel_prepost", PeopleOptions()))
    associations: Mapping[str, Options] = field(default_factory=dict)
    predictors: Mapping[str, Options] = field(default_factory=dict)
    syntheses: Mapping[str, Options] = field(default_factory=dict)
    prediction: Prediction = field(default_factory=Prediction)
    pathways: Mapping[str, PathwayOptions] = field(default_factory=dict)
    given: frozenset[str] = frozenset()

    def hypotheses(self, there: Collection[str] | None = None) -> tuple[HypothesisGraph, ...]:
        """Return what is confirmatory, as graphs.

        Parameters
        ----------
        there : collection of str, optional
            Measures that the data have; of the others those count that were asked for (without events there is no
            response to them, which is no result).

        Raises
        ------
        UsageError
            If a name is no hypothesis, or weights do not sum to 1.
        """
        roles = {name: options.role for name, options in self.outcomes.items()}
        asked = {name for name in self.measures if {"dataset.measures", f"measures.{name}"} & self.given}
        names = (
            name for name in self.measures
            if (there is None or name in asked or name in there) and not plugs.measure(name).exploratory
        )  # fmt: skip
        return graphs_of(self.multiplicity, tuple(names), roles)

    def of(self, modality: str) -> Settings:
        """Return the settings of one modality: its options, and the measures that take what it gives."""
        gives = plugs.modality(modality).gives
        measures = {name: o for name, o in self.measures.items() if plugs.measure(name).takes == gives}
        return replace(self, modalities={modality: self.modalities[modality]}, measures=measures)

    def with_all(self, others: Iterable[Settings]) -> Settings:
        """Return these settings with modalities and measures as several others have them together."""
        modalities, measures = dict[str, Options](), dict[str, Options]()
        for other in others:
            modalities |= other.modalities
            measures |= other.measures
        return replace(self, modalities=modalities, measures=measures)

    @property
    def modality(self) -> Selected[Options]:
        """The modality of settings of one; for those of several see `of`."""
        ((name, options),) = self.modalities.items()
        return Selected(name, options)

    def mark(self) -> str:
        """Return the warning that must stand wherever results of these settings stand, or nothing."""
        return " ".join(filter(None, (plugs.modality(name).mark(o) for name, o in self.modalities.items())))


def resolve(tables: Json) -> Settings:
    """Validate tables and fill in defaults.

    Raises
    ------
    UsageError
        For an unknown table or key (the message names the nearest valid one), or a value of the wrong type or
        out of bounds.
    """
    known = ["designs" if f.name == "design" else f.name for f in fields(Settings) if f.name != "given"]
    for name in tables:
        if name not in known:
            raise UsageError(f"[{name}] is not a table of the settings; {suggest(name, known)}")
    chosen: dict[str, dict[str, Options]] = {}
    asked, tables = tables, with_presets(tables)
    dataset = validate(Dataset, tables.get("dataset", {}), "dataset")
    for kind, defaults in DEFAULT_PLUGS.items():
        given = tables.get(kind) or {}
        if not isinstance(given, dict):
            raise UsageError(f"[{kind}] holds {given!r}; expected tables such as [{kind}.{plugs.names(kind)[0]}].")
        if kind == "measures":
            names = _measures(dataset.measures, given, tuple(chosen["modalities"]), asked.get(kind, {}))
        else:
            names = dict.fromkeys(given or defaults)
        # Tables of measures that do not run are understood too, so that a misspelt one is never passed over.
        understood = {
            name: validate(plugs.load(kind, name).options, given.get(name, {}), f"{kind}.{name}")
            for name in (*names, *given)
        }
        chosen[kind] = {name: understood[name] for name in names}
    dataset = replace(dataset, measures=tuple(chosen["measures"]))
    if len(chosen["designs"]) > 1:
        raise UsageError(
            f"There are settings of {len(chosen['designs'])} designs: {', '.join(chosen['designs'])}; a call has one. "
            "Take the table of the others out of the settings file, or the --set of another design out of the call."
        )
    ((name, options),) = chosen.pop("designs").items()
    assert isinstance(options, PeopleOptions)

    def general(kind: type[_O], table: str) -> _O:
        return validate(kind, tables.get(table, {}), table)

    found = Settings(
        dataset=dataset,
        inference=general(Inference, "inference"), exclusions=general(Exclusions, "exclusions"),
        multiplicity=general(Multiplicity, "multiplicity"), multiverse=general(Multiverse, "multiverse"),
        trial=general(TrialOptions, "trial"), prediction=general(Prediction, "prediction"),
        segments=segments_of(tables, dataset), outcomes=_named(OutcomeOptions, tables, "outcomes"),
        design=Selected(name, options), given=frozenset(_names(tables)),
        modalities=chosen["modalities"], measures=chosen["measures"], associations=chosen["associations"],
        predictors=chosen["predictors"], syntheses=chosen["syntheses"],
        pathways=_named(PathwayOptions, tables, "pathways"),
    )  # fmt: skip
    found.hypotheses()  # names and weights that cannot be end here
    return found


def _named(kind: type[_O], tables: Json, table: str) -> dict[str, _O]:
    """Return the options of every table of a kind whose names are the user's own."""
    given = tables.get(table, {})
    if not isinstance(given, dict):
        raise UsageError(f"[{table}] holds {given!r}; expected tables such as [{table}.NAME].")
    return {name: validate(kind, own, f"{table}.{name}") for name, own in given.items()}


def segments_of(tables: Json, dataset: Dataset) -> dict[str, SegmentOptions]:
    """Return the segments that runs are cut into; they are stages or nothing.

    Raises
    ------
    UsageError
        If there are none where they are stages, or a name or a rule cannot be.
    """
    found = _named(SegmentOptions, tables, "segments")
    if bool(found) != (dataset.stage == "segment"):
        raise UsageError(
            'Segments of runs need both: dataset.stage = "segment", and a table for each segment, e.g. '
            '[segments.before] with until = "needling".'
        )
    for name in found:
        if as_label(name) != name:
            raise UsageError(f"[segments.{name}]: the name stands in file names; expected letters and digits alone.")
    if len({name.lower() for name in found}) < len(found):
        raise UsageError(f"[segments]: {', '.join(found)} differ by case alone, and stand in file names.")
    return found


def _measures(
    words: Collection[str], tables: Json, modalities: Collection[str], asked: Iterable[str]
) -> dict[str, None]:
    """Return the measures of a call in the order that they are always done in.

    Parameters
    ----------
    words : collection of str
        `dataset.measures`; `all` is every one there is, none those that come with the modalities.
    tables, asked : iterable of str
        Measures that have a table, also by a preset; and those that have one in the settings themselves.
    modalities : collection of str
        What the call analyses.

    Raises
    ------
    UsageError
        If a measure that was asked for takes what none of the modalities gives.
    """
    gives = {plugs.modality(name).gives for name in modalities}
    known = plugs.names("measures")
    wanted = {name for word in words for name in (plugs.all_measures(tables) if word == "all" else [word])}
    if not words:
        wanted = {*tables, *(DEFAULT_PLUGS["measures"] if "fmri" in modalities else ())}
        if set(modalities) - {"fmri"}:
            others = {name for name in known if plugs.measure(name).takes in gives - {"signals"}}
            wanted |= {name for name in others if not plugs.measure(name).on_request}
    for name in sorted(wanted.intersection((*words, *asked))):
        if plugs.measure(name).takes not in gives:
            raise UsageError(
                f"{name} takes {plugs.measure(name).takes}, which {', '.join(modalities)} does not give. Add a table "
                "of its modality under [modalities] to the settings."
            )
    order = (*DEFAULT_PLUGS["measures"], *sorted(wanted))
    return {name: None for name in order if name in wanted and plugs.measure(name).takes in gives}


def _names(tables: Json, prefix: str = "") -> Iterator[str]:
    for name, value in tables.items():
        yield prefix + name
        if isinstance(value, dict):
            yield from _names(value, f"{prefix}{name}.")


def describe_settings(settings: Settings) -> dict[str, tuple[type[Options], dict[str, object]]]:
    """Return options class and values of every table by its full name, for writing a settings file."""
    of_studies = not (settings.modalities or settings.pathways)  # what is set for participants says nothing of them
    general = ("inference",) if of_studies else ("dataset", *GENERAL)
    kinds = ("syntheses",) if of_studies else (*DEFAULT_PLUGS, "segments", "outcomes", "pathways")
    tables: dict[str, Options] = {name: getattr(settings, name) for name in general}
    for kind in kinds:
        chosen = {settings.design.name: settings.design.options} if kind == "designs" else getattr(settings, kind)
        tables |= {f"{kind}.{name}": options for name, options in chosen.items()}
    return {name: (type(options), as_table(options)) for name, options in tables.items()}
