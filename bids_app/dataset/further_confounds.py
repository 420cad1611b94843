"""Tables of confounds from other programs, found for each run by a path with its entities in braces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

from bids_app.errors import UsageError, suggest
from bids_app.vocabulary.entities import NUMBERED, ORDER

LONG = {"subject": "sub", "session": "ses", "acquisition": "acq", "direction": "dir", "reconstruction": "rec"}
"""Names that pybids has for entities."""

_OPTIONAL, _ENTITY = re.compile(r"\[([^\]]*)\]"), re.compile(r"\{([^}]*)\}")


def check_pattern(pattern: str) -> None:
    """Make sure that a pattern names entities that there are.

    Raises
    ------
    UsageError
        If one is not known, or no participant is named.
    """
    names = _ENTITY.findall(pattern)
    known = (*ORDER, *LONG)
    for name in names:
        if name not in known:
            raise UsageError(f"modalities.fmri.more_confounds: {{{name}}} is no entity of BIDS; {suggest(name, known)}")
    if not {"sub", "subject"} & set(names):
        raise UsageError(f"modalities.fmri.more_confounds: {pattern!r} has no {{sub}}: one table for all runs.")


def paths_of(pattern: str, entities: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths that a pattern may mean for a run: numbers as they are written, without zeros, or in two digits.

    >>> list(paths_of("p/sub-{sub}[_ses-{ses}]_run-{run}.tsv", {"sub": "01", "run": "1"}))
    ['p/sub-01_run-1.tsv', 'p/sub-01_run-01.tsv']
    """
    own = {**entities, **{long: entities[short] for long, short in LONG.items() if short in entities}}
    text = _OPTIONAL.sub(lambda part: part[1] if all(name in own for name in _ENTITY.findall(part[1])) else "", pattern)
    names = list(dict.fromkeys(_ENTITY.findall(text)))
    if any(name not in own for name in names):
        return
    for values in product(*(_forms(name, own[name]) for name in names)):
        path = text
        for name, value in zip(names, values, strict=True):
            path = path.replace(f"{{{name}}}", value)
        yield path


def _forms(name: str, value: str) -> list[str]:
    if name not in NUMBERED or not value.isdecimal():
        return [value]
    return list(dict.fromkeys((value, str(int(value)), f"{int(value):02d}")))


def table_of(pattern: str, entities: Mapping[str, str], roots: Mapping[str, Path]) -> tuple[Path | None, str]:
    """Return the table of a run, and why there is none.

    A path may be absolute, begin with the name of a derivative dataset (`-d NAME=PATH`), or lie in any dataset.
    """
    tried: list[Path] = []
    for text in paths_of(pattern, entities):
        for path in _places(text, roots):
            tried.append(path)
            if path.exists() or path.is_symlink():
                return path, ""
    if not tried:
        return None, f"{pattern} needs an entity that the run has not ({', '.join(entities)}); put it in brackets"
    return None, f"it has no table {tried[0].name} ({pattern}); looked in {', '.join(map(str, roots.values()))}"


def _places(text: str, roots: Mapping[str, Path]) -> Iterable[Path]:
    first, _, rest = text.partition("/")
    if Path(text).is_absolute():
        return [Path(text)]
    named = [roots[first] / rest] if first in roots and rest else []
    return [*named, *(root / text for root in roots.values())]
