"""Which plugs there are: the files in the plug folders. Importing one is left until it is asked for."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import Any, TypeVar

from bids_app.errors import UsageError, suggest
from bids_app.plugs.modality import Modality
from bids_app.plugs.plug import Plug
from bids_app.plugs.protocols import Association, DesignBuilder, Measure, Predictor, Synthesis

P = TypeVar("P", bound=Plug)

KINDS: dict[str, type[Plug]] = {
    "modalities": Modality, "measures": Measure, "designs": DesignBuilder, "associations": Association,
    "predictors": Predictor, "syntheses": Synthesis,
}  # fmt: skip
"""What a file in each plug folder is."""


REFUSED = dict.fromkeys(
    ("granger", "granger_causality", "gca", "lagged", "lagged_correlation", "transfer_entropy", "dcm"),
    "Direction cannot be read from BOLD lags: regional blood flow differs by more than any neural delay. Ask for "
    "seed_correlation or, during needling, task_connectivity.",
)
"""Measures that users look for and that are not to be had, with the reason."""


def names(kind: str) -> tuple[str, ...]:
    """Return the names of the plugs of a kind, sorted."""
    found = (file.name for file in (files("bids_app") / kind).iterdir())
    return tuple(sorted(n.removesuffix(".py") for n in found if n.endswith(".py") and not n.startswith("_")))


def load(kind: str, name: str) -> Plug:
    """Import one plug.

    Raises
    ------
    UsageError
        If there is none of that name; the message names the nearest.
    """
    if kind == "measures" and name.lower().replace("-", "_") in REFUSED:
        raise UsageError(REFUSED[name.lower().replace("-", "_")])
    if name not in names(kind):
        raise UsageError(f"[{kind}.{name}] is not known among the {kind}; {suggest(name, names(kind))}")
    return _record(kind, name)


def modality(name: str) -> Modality:
    """Return a modality; for what is raised see `load`."""
    return _of(Modality, load("modalities", name))


def measure(name: str) -> Measure:
    """Return a measure; for what is raised see `load`."""
    return _of(Measure, load("measures", name))


def all_measures(tables: Mapping[str, Mapping[str, object]]) -> tuple[str, ...]:
    """Return the measures that `all` means: every one but those that need a file which their table does not name."""
    needed = {name: measure(name).needs_file for name in names("measures")}
    return tuple(name for name, option in needed.items() if not option or tables.get(name, {}).get(option))


def design(name: str) -> DesignBuilder:
    """Return what builds a design; for what is raised see `load`."""
    return _of(DesignBuilder, load("designs", name))


def association(name: str) -> Association:
    """Return an association; for what is raised see `load`."""
    return _of(Association, load("associations", name))


def predictor(name: str) -> Predictor:
    """Return a predictor; for what is raised see `load`."""
    return _of(Predictor, load("predictors", name))


def synthesis(name: str) -> Synthesis:
    """Return a way to bring studies together; for what is raised see `load`."""
    return _of(Synthesis, load("syntheses", name))


def _of(kind: type[P], plug: Plug) -> P:
    assert isinstance(plug, kind)
    return plug


@cache
def _record(kind: str, name: str) -> Plug:
    return record_of(import_module(f"bids_app.{kind}.{name}"), name, KINDS[kind])


def record_of(module: ModuleType, name: str, kind: type[P]) -> P:
    """Return a plug file as a record of its kind.

    Raises
    ------
    TypeError
        If it lacks what its kind needs, or has a constant that is nearly the name of one.
    """
    own = [one for one in fields(kind) if one.name not in ("name", "doc", "options")]
    found = {one.name: _member(module, one) for one in own if _member(module, one) is not MISSING}
    needed = [one.name for one in own if one.default is MISSING and one.default_factory is MISSING]
    absent = [name for name in needed if name not in found]
    if absent or not hasattr(module, "Options"):
        raise TypeError(f"{module.__name__} lacks {', '.join(absent) or 'Options'}; see bids_app/plugs")
    known = [one.name.upper() for one in own]
    for word in vars(module):
        if word.isupper() and word not in known and (near := get_close_matches(word, known, n=1, cutoff=0.8)):
            raise TypeError(f"{module.__name__} has {word}; did you mean {near[0]}?")
    return kind(name=name, doc=inspect.getdoc(module) or "", options=module.Options, **found)


def _member(module: ModuleType, one: Field[object]) -> Any:
    return getattr(module, one.name.upper(), getattr(module, one.name, MISSING))
