"""BIDS file names as values: entities, suffix, extension, in one fixed order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# fmt: off
ORDER = (
    "sub", "tpl", "ses", "cohort", "task", "acq", "ce", "rec", "dir", "run", "echo", "part", "chunk", "hemi", "space",
    "atlas", "seg", "res", "den", "label", "seed", "meas", "contrast", "stat", "desc",
)
# fmt: on
"""That of BIDS; `seed`, `meas`, `contrast` and `stat`, which it does not know yet, stand before `desc`."""

Entities = Mapping[str, str]


def parse(name: str) -> tuple[dict[str, str], str, str]:
    """Split a file name into entities, suffix and extension.

    Values stay text (`run-01` is not `run-1`). Parts without a dash before the suffix, as legacy
    names have them, are kept out of the entities.

    >>> parse("sub-01_task-rest_run-01_bold.nii.gz")
    ({'sub': '01', 'task': 'rest', 'run': '01'}, 'bold', '.nii.gz')
    """
    stem, dot, extension = name.partition(".")
    *pairs, suffix = stem.split("_")
    split = (pair.partition("-") for pair in pairs)
    return {key: value for key, dash, value in split if dash}, suffix, dot + extension


def join(entities: Entities, suffix: str, extension: str) -> str:
    """Write a file name with its entities in the order of the schema.

    Raises
    ------
    ValueError
        For an entity that has no place in the order.

    >>> join({"desc": "x", "sub": "01"}, "bold", ".nii.gz")
    'sub-01_desc-x_bold.nii.gz'
    """
    unknown = set(entities) - set(ORDER)
    if unknown:
        raise ValueError(f"Entities without a place in a file name: {sorted(unknown)}")
    pairs = [f"{key}-{entities[key]}" for key in ORDER if key in entities]
    return "_".join([*pairs, suffix]) + extension


def without(entities: Entities, *keys: str) -> dict[str, str]:
    """Return a copy of the entities that lacks `keys`."""
    return {key: value for key, value in entities.items() if key not in keys}


def as_label(words: str) -> str:
    """Return words as a label of a file name: letters and digits alone, later words capitalised.

    Letters beyond a to z lose their accents or become their code.

    >>> as_label("real acupuncture"), as_label("naïve"), as_label("针")
    ('realAcupuncture', 'naive', 'u9488')
    """
    plain = (c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))
    words = "".join(c if c.isascii() or not c.isalnum() else f"u{ord(c):x}" for c in plain)
    first, *rest = [str(word) for word in re.findall(r"[A-Za-z0-9]+", words)] or ["x"]
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
