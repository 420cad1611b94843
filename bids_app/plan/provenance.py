"""How maps on disk were made, against what a call of the group level says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace

from bids_app import plugs
from bids_app.dataset.atlases.requests import seeds_of
from bids_app.derivatives.files import plain
from bids_app.errors import MissingInputError, UsageError, WrongDataError
from bids_app.plan.completed_sessions import CompletedSession
from bids_app.settings import Settings
from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.describe import as_table
from bids_app.vocabulary.options.segments import SegmentOptions
from bids_app.vocabulary.options.validated import validate
from bids_app.vocabulary.output import Output
from bids_app.vocabulary.region_request import Seed

Chosen = dict[str, tuple[Output, frozenset[str]]]
"""Output that is compared, and the labels of its maps (none: whatever there is of the measure), by measure."""


def recorded_settings(settings: Settings, sessions: Sequence[CompletedSession]) -> Settings:
    """Return the settings of this call with modality and measures as the maps were really made.

    Raises
    ------
    UsageError
        If the call says something else of them.
    MissingInputError
        If it asks for a measure that was not computed.
    """
    options = next((session.options for session in sessions if session.options), {})
    kinds: dict[str, dict[str, Options]] = {"modalities": {}, "measures": {}}
    for table, values in options.items():
        kind, _, name = table.partition(".")
        kinds[kind][name] = validate(plugs.load(kind, name).options, dict(values), table)
    for name in settings.measures:
        if f"measures.{name}" in settings.given and name not in kinds["measures"]:
            raise MissingInputError(_absent(name, kinds["measures"]))
    if "dataset.measures" in settings.given:
        for name in set(settings.measures) - set(kinds["measures"]):
            raise MissingInputError(_absent(name, kinds["measures"]))
        kinds["measures"] = {name: o for name, o in kinds["measures"].items() if name in settings.measures}
    for kind, found in kinds.items():
        for name, made in found.items():
            _require_agreement(f"{kind}.{name}", asdict(made), getattr(settings, kind).get(name), settings.given)
    _require_segments(settings, sessions)
    return replace(settings, modalities=kinds["modalities"], measures=kinds["measures"])


def _require_segments(settings: Settings, sessions: Sequence[CompletedSession]) -> None:
    made = {name: rule for session in sessions for name, rule in session.segments.items()}
    for name, rule in made.items():
        asked = settings.segments.get(name)
        if asked and plain(as_table(asked)) != rule:
            raise UsageError(
                f"[segments.{name}] is {asked.rule} in this call, but the maps on disk were made with "
                f"{validate(SegmentOptions, dict(rule), 'segments').rule}. Run the "
                "participant level with it first."
            )


def _absent(name: str, there: Iterable[str]) -> str:
    return f"Nothing was computed of {name}, only of {', '.join(there)}. Run the participant level with it first."


def _require_agreement(table: str, made: Mapping[str, object], said: object, given: frozenset[str]) -> None:
    kind, _, name = table.partition(".")
    free = plugs.measure(name).selecting if kind == "measures" else ()
    for key, value in made.items():
        asked = getattr(said, key, value)
        if f"{table}.{key}" in given and key not in free and asked != value:
            raise UsageError(
                f"{table}.{key} is {asked!r} in this call, but the maps on disk were made with {value!r}. Run the "
                "participant level with it first, or leave it out."
            )


def settings_as_compared(settings: Settings, made: Settings) -> Settings:
    """Return settings as maps were made, with what this call chooses among them (seeds) in place of all there are."""
    measures = dict(made.measures)
    for name, options in made.measures.items():
        free = plugs.measure(name).selecting
        keys = [key for key in free if f"measures.{name}.{key}" in settings.given]
        measures[name] = replace(options, **{key: getattr(settings.measures[name], key) for key in keys})
    return replace(made, measures=measures)


def chosen_maps(settings: Settings, made: Settings) -> Chosen:
    """Return which maps a call compares: output and labels by measure.

    Raises
    ------
    WrongDataError
        If a seed of that name was computed with another definition.
    MissingInputError
        If it was not computed.
    """
    chosen: Chosen = {}
    for name, options in made.measures.items():
        plug = plugs.measure(name)
        if plug.group and plug.group.entity == "seg":  # a table of one set of regions
            wanted = plug.wanted_regions(options).name
            chosen[name] = plug.group, frozenset([wanted] if wanted else plug.group.labels)
        elif plug.group and plug.group.entity != "seed":
            chosen[name] = plug.group, frozenset()
        elif plug.group:
            there = {seed.name: seed for seed in seeds_of(plug.wanted_regions(options))}
            said = any(f"measures.{name}.{key}" in settings.given for key in plug.selecting)
            asked = seeds_of(plug.wanted_regions(settings.measures[name])) if said else there.values()
            for seed in asked:
                _require_same(seed, there)
            chosen[name] = plug.group, frozenset(seed.name for seed in asked)
    return chosen


def _require_same(seed: Seed, there: Mapping[str, Seed]) -> None:
    if seed.name not in there:
        raise MissingInputError(
            f"Seed {seed.name} has no maps; there are {', '.join(there)}. Run the participant level with it first."
        )
    if there[seed.name] != seed:
        raise WrongDataError(
            f"Seed {seed.name} is {seed.definition()} in this call, but its maps were made with "
            f"{there[seed.name].definition()}. Run the participant level again, or give it another name."
        )
