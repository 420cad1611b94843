"""`--bids-filter-file` as fMRIPrep reads it, with the entities and queries of pybids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bids_app.dataset.tables import read_json
from bids_app.errors import UsageError, suggest
from bids_app.vocabulary.entities import plain


def series_filter(path: Path) -> Callable[[Path], bool]:
    """Return a test of file names from the `bold` query of a filter file.

    Values are those of fMRIPrep: text, a number or a list of them, `null` for "must not have it", `"*"` for "must
    have it". Entities are pybids' long names (`session`, `acquisition`, ...).

    Raises
    ------
    UsageError
        For an entity that pybids does not know; the message names the nearest.
    """
    # pybids costs more than a second to import: only those pay who bring a filter file.
    from bids.layout import Config, parse_file_entities

    wanted = _bold_query(path, {name for config in ("bids", "derivatives") for name in Config.load(config).entities})
    queries = {name: value if isinstance(value, list) else [value] for name, value in wanted.items()}

    def matches(file: Path) -> bool:
        entities = parse_file_entities(file.as_posix(), config=["bids", "derivatives"])
        return all(any(_fits(name, entities.get(name), one) for one in values) for name, values in queries.items())

    return matches


def _fits(name: str, value: object, wanted: object) -> bool:
    """Tell whether a value of a file name is the one asked for; indices are numbers, however they are written."""
    if value is None or wanted is None or wanted == "*":
        return wanted is None if value is None else wanted == "*"
    return plain(name, str(value)) == plain(name, str(wanted))


def _bold_query(path: Path, known: set[str]) -> Mapping[str, object]:
    """Return the `bold` query of a filter file, its words checked."""
    content = read_json(path)
    wanted = content.get("bold", {})
    unknown = sorted(set(content) - {"bold", "t1w", "t2w", "sbref", "flair", "fmap", "roi", "dwi"})
    if unknown or not isinstance(wanted, dict):
        raise UsageError(f"{path}: queries must be named as in fMRIPrep, e.g. 'bold'; found {unknown or wanted}.")
    for name in wanted:
        if name not in known:
            raise UsageError(f"{path}: pybids knows no entity {name!r}; {suggest(name, known)}")
    return wanted
