"""Words of a command line that is passed on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

DERIVATIVES = ("-d", "--derivatives", "--datasets")
DEMONSTRATIONS = ("eeg", "fnirs", "needling", "pathways", "meta")
"""Demonstrations beside the one of fMRI: the first of two words of `--demo`."""


def without_options(words: Iterable[str], one: Sequence[str], many: Sequence[str] = ()) -> list[str]:
    """Return the words without options of one value and of many, and without their values.

    >>> without_options(["-d", "a", "b", "-v", "--preproc", "print", "data"], ["--preproc"], ["-d"])
    ['-v', 'data']
    >>> without_options(["--participant-label=01", "data"], [], ["--participant-label"])
    ['data']
    """
    kept, left = [], 0.0
    for word in words:
        name, equals, _ = word.partition("=")
        if name in one or name in many:
            left = 0 if equals else math.inf if name in many else 1
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


def megabytes(text: str) -> int:
    """Return an amount of memory in MB.

    Raises
    ------
    ValueError
        If it is none.

    >>> megabytes("8.5G")
    8704
    """
    units = {"K": 1 / 1024, "M": 1, "G": 1024, "T": 1024**2}
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in units else (text, "M")
    try:
        value = int(float(number) * units[unit])
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not an amount of memory such as 8G or 8000") from error
    if value <= 0:
        raise ValueError(f"{text!r} must be more than nothing")
    return value
