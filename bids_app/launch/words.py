"""Words of a command line that is passed on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DERIVATIVES = ("-d", "--derivatives", "--datasets")


def without_options(words: Iterable[str], one: Sequence[str], many: Sequence[str] = ()) -> list[str]:
    """Return the words without options of one value and of many, and without their values.

    >>> without_options(["-d", "a", "b", "-v", "--preproc", "print", "data"], ["--preproc"], ["-d"])
    ['-v', 'data']
    """
    kept, left = [], 0.0
    for word in words:
        name, equals, _ = word.partition("=")
        if name in one or name in many:
            left = math.inf if name in many else 0 if equals else 1
        elif word.startswith("-") or not left:
            left = 0
            kept.append(word)
        else:
            left -= 1
    return kept


def with_derivatives(words: Iterable[str], roots: Mapping[str, Path]) -> list[str]:
    """Return the words for a call after fMRIPrep has run: these derivative datasets, and nothing to preprocess."""
    given = [f"{name}={root}" for name, root in roots.items()]
    return [*without_options(words, ["--preproc"], DERIVATIVES), *(["-d", *given] if given else [])]
