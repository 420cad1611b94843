"""`--bids-filter-file` as fMRIPrep reads it, with the entities and queries of pybids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bids_app.dataset.tables import read_json
from bids_app.errors import UsageError, suggest
from bids_app.vocabulary.entities import plain

OURS = ("bold", "pet", "eeg", "physio")
"""Queries that are asked; those of fMRIPrep's that follow are known, and are about files that are not read here."""

_OTHERS = ("t1w", "t2w", "sbref", "flair", "fmap", "roi", "dwi")


def series_filter(path: Path) -> Callable[[Path], bool]:
    """Return a test of file names from the queries of a filter file; each is for the files of its own kind.

    A file of `pet/` or `eeg/` is asked by the query of that name, one of physiology by `physio`, any other by `bold`.
    Values are those of fMRIPrep: text, a number or a list of them, `null` for "must not have it", `"*"` for "must
    have it". Entities are pybids' long names (`session`, `acquisition`, ...).

    Raises
    ------
    UsageError
        For an entity that pybids does not know; the message names the nearest.
    """
    # pybids costs more than a second to import: only those pay who bring a filter file.
    from bids.layout import Config, parse_file_entities

    known = {name for config in ("bids", "derivatives") for name in Config.load(config).entities}
    queries = _queries(path, known)

    def matches(file: Path) -> bool:
        entities = parse_file_entities(file.as_posix(), config=["bids", "derivatives"])
        wanted = queries.get(_kind(file), {})
        return all(any(_fits(name, entities.get(name), one) for one in values) for name, values in wanted.items())

    return matches


def _fits(name: str, value: object, wanted: object) -> bool:
    """Tell whether a value of a file name is the one asked for; indices are numbers, however they are written."""
    if value is None or wanted is None or wanted == "*":
        return wanted is None if value is None else wanted == "*"
    return plain(name, str(value)) == plain(name, str(wanted))


def _kind(file: Path) -> str:
    """Return the name of the query that a file is asked by."""
    if "_physio." in file.name:
        return "physio"
    return file.parent.name if file.parent.name in OURS else "bold"


def _queries(path: Path, known: set[str]) -> dict[str, dict[str, list[object]]]:
    """Return the queries of a filter file that are for files that are read here, their words checked."""
    content = read_json(path)
    found = {kind: content.get(kind, {}) for kind in OURS}
    unknown = sorted(set(content) - {*OURS, *_OTHERS})
    wrong = [query for query in found.values() if not isinstance(query, dict)]
    if unknown or wrong:
        raise UsageError(f"{path}: queries must be named as in fMRIPrep, e.g. 'bold'; found {unknown or wrong[0]}.")
    for query in found.values():
        for name in query:
            if name not in known:
                raise UsageError(f"{path}: pybids knows no entity {name!r}; {suggest(name, known)}")
    return {
        kind: {name: value if isinstance(value, list) else [value] for name, value in query.items()}
        for kind, query in found.items()
    }
