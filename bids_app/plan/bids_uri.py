"""Files that settings name by a BIDS URI: `bids::code/expression.tsv` lies in the dataset, wherever that is."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

from bids_app.vocabulary.options import Options

URI = "bids::"

_O = TypeVar("_O", bound=Options)


def at(word: str, bids_dir: Path) -> str:
    """Return the path that a BIDS URI stands for; other words as they are."""
    return str(bids_dir / word.removeprefix(URI)) if word.startswith(URI) else word


def with_paths(options: _O, bids_dir: Path) -> _O:
    """Return options with each BIDS URI as the path that it stands for; settings and sealed plans keep the URI."""

    def path(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(path, value))
        return at(value, bids_dir) if isinstance(value, str) else value

    return replace(options, **{f.name: path(getattr(options, f.name)) for f in fields(options)})
