"""BIDS file names as values: entities, suffix, extension, in one fixed order."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

# fmt: off
ORDER = (
    "sub", "tpl", "ses", "cohort", "task", "acq", "ce", "trc", "rec", "dir", "run", "segment", "echo", "part", "chunk",
    "hemi", "space", "atlas", "seg", "res", "den", "label", "seed", "meas", "synthesis", "contrast", "stat", "desc",
)
# fmt: on
"""That of BIDS; `segment`, `seed`, `meas`, `synthesis`, `contrast` and `stat`, which it does not know, have places."""

NUMBERED = ("run", "echo", "chunk", "split", "res", "cohort")
"""Entities whose label is a number wherever it is one: `run-1` is `run-01`, `res-2` is `res-02`."""

DATATYPES = ("func", "eeg", "pet", "nirs", "beh")
"""Folders that recordings and what is computed of them lie in."""

Entities = Mapping[str, str]


def parse(name: str) -> tuple[dict[str, str], str, str]:
    """Split a file name into entities, suffix and extension.

    Values stay text as they are written; `same` compares them. Parts without a dash before the suffix, as legacy
    names have them, are kept out of the entities.

    >>> parse("sub-01_task-rest_run-01_bold.nii.gz")
    ({'sub': '01', 'task': 'rest', 'run': '01'}, 'bold', '.nii.gz')
    """
    stem, dot, extension = name.partition(".")
    *pairs, suffix = stem.split("_")
    split = (pair.partition("-") for pair in pairs)
    return {key: value for key, dash, value in split if dash}, suffix, dot + extension


def join(entities: Entities, suffix: str, extension: str) -> str:
    """Write a file name with its entities in the order of the schema; unknown ones stand before `space`, sorted.

    >>> join({"desc": "x", "sub": "01"}, "bold", ".nii.gz")
    'sub-01_desc-x_bold.nii.gz'
    >>> join({"space": "T1w", "hash": "1a2b", "sub": "01"}, "bold", ".nii.gz")
    'sub-01_hash-1a2b_space-T1w_bold.nii.gz'
    """
    place = ORDER.index("space")
    order = (*ORDER[:place], *sorted(set(entities) - set(ORDER)), *ORDER[place:])
    pairs = [f"{key}-{entities[key]}" for key in order if key in entities]
    return "_".join([*pairs, suffix]) + extension


def plain(key: str, value: str) -> str:
    """Return the label of an entity as it is compared: a number without leading zeros where labels are numbers.

    >>> plain("run", "01"), plain("res", "native"), plain("sub", "01")
    ('1', 'native', '01')
    """
    return str(int(value)) if key in NUMBERED and value.isascii() and value.isdecimal() else value


def same(one: Entities, other: Entities) -> bool:
    """Tell whether two names have the same entities.

    >>> same({"run": "1"}, {"run": "01"}), same({"run": "1"}, {})
    (True, False)
    """
    return one.keys() == other.keys() and within(one, other)


def within(some: Entities, entities: Entities) -> bool:
    """Tell whether entities contain some: a file so named applies to the other, by BIDS inheritance."""
    return all(key in entities and plain(key, value) == plain(key, entities[key]) for key, value in some.items())


def part_entities(label: str) -> dict[str, str]:
    """Return the entities of a run within its session from its label in tables: `1`, or `dir-AP_run-1`.

    >>> part_entities("01"), part_entities("dir-AP_run-1"), part_entities("n/a")
    ({'run': '01'}, {'dir': 'AP', 'run': '1'}, {})
    """
    if label in ("n/a", ""):
        return {}
    return parse(f"{label}_x")[0] if "-" in label else {"run": label}


STAGES = ("ses", "task", "run", "segment")
"""Entities whose labels may be the stages of a design."""


def stage_label(word: str) -> str:
    """Return the label of a stage, which may be written with its entity.

    >>> stage_label("ses-pre"), stage_label("run-1"), stage_label("segment-before"), stage_label("post")
    ('pre', '1', 'before', 'post')
    """
    entity, dash, label = word.partition("-")
    return label if dash and entity in STAGES else word


def without(entities: Entities, *keys: str) -> dict[str, str]:
    """Return a copy of the entities that lacks `keys`."""
    return {key: value for key, value in entities.items() if key not in keys}


def companion(path: Path, suffix: str, extension: str, **entities: str) -> Path:
    """Return the file beside another one that has its entities but those given (an empty one is left out).

    >>> companion(Path("group/task-rest_seed-PAG_contrast-a_statmap.json"), "statmap", ".nii.gz", stat="t").name
    'task-rest_seed-PAG_contrast-a_stat-t_statmap.nii.gz'
    >>> companion(Path("group/task-rest_desc-group_mask.json"), "flow", ".tsv", desc="").name
    'task-rest_flow.tsv'
    """
    whole = {**parse(path.name)[0], **entities}
    return path.with_name(join({key: value for key, value in whole.items() if value}, suffix, extension))


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
