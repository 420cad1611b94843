"""Which row of a table is which region of an atlas: tables and atlases spell the same regions differently."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

SIDES = {"l": "left", "lh": "left", "left": "left", "r": "right", "rh": "right", "right": "right"}

SAME = {
    "thal": "thalamus", "thalamusproper": "thalamus", "caud": "caudate", "cau": "caudate", "put": "putamen",
    "pal": "pallidum", "gp": "pallidum", "accumb": "accumbens", "accumbensarea": "accumbens", "nac": "accumbens",
    "hippo": "hippocampus", "hip": "hippocampus", "amyg": "amygdala", "amy": "amygdala",
}  # fmt: skip
"""Short names of subcortical regions: of the ENIGMA toolbox, FreeSurfer, and Tian et al."""

PASSED_OVER = {"ctx", "7networks", "17networks"}


@dataclass(frozen=True)
class Match:
    """Rows of a table by the name of the region in the atlas, and which names of the table are no region of it."""

    rows: dict[str, int]
    unknown: tuple[str, ...]


def canonical(name: str) -> str:
    """Return side and name of a region in one spelling.

    >>> canonical("Lthal"), canonical("L_thalamusproper"), canonical("ctx-lh-insula"), canonical("HIP-rh")
    ('left thalamus', 'left thalamus', 'left insula', 'right hippocampus')
    """
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word and word not in PASSED_OVER]
    side = next((SIDES[word] for word in words if word in SIDES), "")
    rest = "".join(word for word in words if word not in SIDES)
    if not side and rest[:1] in ("l", "r") and (rest[1:] in SAME or rest[1:] in SAME.values()):
        side, rest = SIDES[rest[0]], rest[1:]
    return f"{side} {SAME.get(rest, rest)}".strip()


def match(table: Sequence[str], names: Sequence[str], numbers: Sequence[int]) -> Match:
    """Return which row of a table is which region: by its very name, its number, or its name in another spelling.

    Parameters
    ----------
    table : sequence of str
        Names of the rows.
    names, numbers : sequence
        Of the regions of the atlas.
    """
    by_number = dict(zip(map(str, numbers), names, strict=True))
    if all(row in by_number for row in table):
        return Match({by_number[row]: i for i, row in enumerate(table)}, ())
    exact = {row: i for i, row in enumerate(table) if row in set(names)}
    spelt: dict[str, list[str]] = {}
    for name in names:
        if name not in exact:
            spelt.setdefault(canonical(name), []).append(name)
    rows, unknown = dict(exact), []
    for i, row in enumerate(table):
        found = spelt.get(canonical(row), [])
        if len(found) == 1 and found[0] not in rows:
            rows[found[0]] = i
        elif row not in exact:
            unknown.append(row)
    return Match(rows, tuple(unknown))


def nearest(unknown: Sequence[str], names: Sequence[str], most: int = 5) -> str:
    """Return some names that are not known, each with the nearest that is."""
    said = []
    for name in unknown[:most]:
        near = get_close_matches(name, names, n=1, cutoff=0.4)
        said.append(f"{name} (nearest: {near[0]})" if near else name)
    return ", ".join(said) + (f" and {len(unknown) - most} more" if len(unknown) > most else "")
