"""How maps on disk were made, against what a call of the group level says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from bids_app import plugs
from bids_app.dataset.seeds import parse_seeds
from bids_app.errors import MissingInputError, UsageError, WrongDataError
from bids_app.plan.finished import Finished
from bids_app.settings import Settings, validate


def recorded_settings(settings: Settings, sessions: Sequence[Finished]) -> Settings:
    """Return the settings of this call with modality and measures as the maps were really made.

    Raises
    ------
    UsageError
        If the call says something else of them.
    MissingInputError
        If it asks for a measure that was not computed.
    """
    options = next((session.options for session in sessions if session.options), {})
    kinds: dict[str, dict[str, Any]] = {"modalities": {}, "measures": {}}
    for table, values in options.items():
        kind, _, name = table.partition(".")
        kinds[kind][name] = validate(plugs.load(kind, name).Options, dict(values), table)
    for name in settings.measures:
        if f"measures.{name}" in settings.given and name not in kinds["measures"]:
            raise MissingInputError(
                f"There are no maps of {name}, only of {', '.join(kinds['measures'])}. Run the participant level with "
                f"[measures.{name}] first."
            )
    if "measures" in settings.given:
        kinds["measures"] = {name: o for name, o in kinds["measures"].items() if name in settings.measures}
    for kind, found in kinds.items():
        for name, made in found.items():
            _require_agreement(f"{kind}.{name}", asdict(made), getattr(settings, kind).get(name), settings.given)
    return replace(settings, modalities=kinds["modalities"], measures=kinds["measures"])


def _require_agreement(table: str, made: Mapping[str, Any], said: Any, given: frozenset[str]) -> None:
    kind, _, name = table.partition(".")
    free = getattr(plugs.load(kind, name), "SELECTING", ())
    for key, value in made.items():
        asked = getattr(said, key, value)
        if f"{table}.{key}" in given and key not in free and asked != value:
            raise UsageError(
                f"{table}.{key} is {asked!r} in this call, but the maps on disk were made with {value!r}. Run the "
                "participant level with it first, or leave it out."
            )


def chosen_labels(measure: str, said: Any, made: Any, given: frozenset[str]) -> set[str] | None:
    """Return the labels of maps that a call chooses, or None for all there are.

    Raises
    ------
    WrongDataError
        If a seed of that name was computed with another definition.
    MissingInputError
        If it was not computed.
    """
    plug = plugs.load("measures", measure)
    if not any(f"measures.{measure}.{key}" in given for key in plug.SELECTING):
        return None
    there = {seed.name: seed for seed in parse_seeds(*plug.wanted_regions(made))}
    asked = {seed.name: seed for seed in parse_seeds(*plug.wanted_regions(said))}
    for name, seed in asked.items():
        if name not in there:
            raise MissingInputError(
                f"Seed {name} has no maps; there are {', '.join(there)}. Run the participant level with it first."
            )
        if there[name] != seed:
            raise WrongDataError(
                f"Seed {name} is {seed.definition()} in this call, but its maps were made with "
                f"{there[name].definition()}. Run the participant level again, or give it another name."
            )
    return set(asked)
