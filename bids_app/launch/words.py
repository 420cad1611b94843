"""Words of a command line that is passed on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

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
