"""Settings as users write them: a TOML file, and words of the command line on top of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bids_app.errors import UsageError


def read_file(path: Path | None) -> dict[str, Any]:
    """Return the tables of a settings file; none gives no table.

    Raises
    ------
    UsageError
        If it is absent or not TOML.
    """
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"--config {path}: no such file. Make one with --init-config {path}") from error
    except (ValueError, RecursionError, OSError) as error:
        raise UsageError(f"--config {path} is not a readable TOML file: {error}") from error


def override(tables: dict[str, Any], assignments: Iterable[str]) -> None:
    """Apply `table.key=value` words to the tables; values are TOML, bare words are text.

    Raises
    ------
    UsageError
        For a word that is no assignment.
    """
    for word in assignments:
        name, equals, text = word.partition("=")
        *path, key = name.strip().split(".")
        if not equals or not path or not key:
            raise UsageError(f"--set {word!r}: expected table.key=value, e.g. modalities.fmri.fd_threshold=0.2")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):
            value = text.strip()
        table = tables
        for part in path:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise UsageError(f"--set {word!r}: {part!r} is a value, not a table.")
        table[key] = value
