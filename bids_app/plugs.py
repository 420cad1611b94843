"""Which plugs there are: the files in the plug folders. Importing one is left until it is asked for."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from types import ModuleType

from bids_app.errors import UsageError, suggest

KINDS = ("modalities", "measures", "designs", "associations", "predictors")


def names(kind: str) -> tuple[str, ...]:
    """Return the names of the plugs of a kind, sorted."""
    found = (file.name for file in (files("bids_app") / kind).iterdir())
    return tuple(sorted(n.removesuffix(".py") for n in found if n.endswith(".py") and not n.startswith("_")))


def load(kind: str, name: str) -> ModuleType:
    """Import one plug.

    Raises
    ------
    UsageError
        If there is none of that name; the message names the nearest.
    """
    if name not in names(kind):
        raise UsageError(f"[{kind}.{name}] is not known among the {kind}; {suggest(name, names(kind))}")
    return import_module(f"bids_app.{kind}.{name}")
