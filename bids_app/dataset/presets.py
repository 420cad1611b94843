"""Presets that ship with the package: data with a citation, in TOML."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from bids_app.dataset.tables import Json
from bids_app.errors import UsageError, suggest


@cache
def names(kind: str) -> tuple[str, ...]:
    """Return the names of the presets of a kind (`seeds`, `confounds`), sorted."""
    folder = files("bids_app") / "presets" / kind
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


@cache
def load(kind: str, name: str) -> Json:
    """Return one preset.

    Raises
    ------
    UsageError
        If there is none of that name; the message names the nearest.
    """
    if name not in names(kind):
        raise UsageError(f"No preset {name!r} among the {kind}; {suggest(name, names(kind))}")
    text = (files("bids_app") / "presets" / kind / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
