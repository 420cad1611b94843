"""Names of regions: what they tell of side and structure, and which rows of tables are which regions.

Read for: Desikan-Killiany (FreeSurfer, abagen, ENIGMA), Schaefer, Tian (all scales), AAL, Harvard-Oxford, Brainnetome.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

CORTEX, CEREBELLUM, BELOW = "cortex", "cerebellum", "subcortex/brainstem"


"""As abagen calls them."""


SIDES = {"l": "left", "lh": "left", "left": "left", "r": "right", "rh": "right", "right": "right"}


SAME = {
    "thal": "thalamus", "thalamusproper": "thalamus", "caud": "caudate", "cau": "caudate", "put": "putamen",
    "pal": "pallidum", "gp": "pallidum", "accumb": "accumbens", "accumbensarea": "accumbens", "nac": "accumbens",
    "hippo": "hippocampus", "hip": "hippocampus", "amyg": "amygdala", "amy": "amygdala",
}  # fmt: skip


"""Short names of subcortical regions: of the ENIGMA toolbox, FreeSurfer, and Tian et al."""


PASSED_OVER = {"ctx", "7networks", "17networks"}


_CEREBELLUM = re.compile(r"cereb(?!r)|vermis")


_BELOW = re.compile(
    r"subcort|thalam|amygdal|hippocamp|caudate|putamen|pallid|accumb|striat|claustrum|brain ?stem|midbrain|mesenceph"
    r"|dienceph|\bpons\b|medulla|ventral ?dc|ventric|white matter|nigra|nucleus|habenul|mammill|basal forebrain|subthal"
    r"|\b[a-z]{0,3}tha\b|\b[lr]?thal\b|\b[a-z]?hipp?o?\b|\b[a-z]?amy\b|\b[a-z]?amyg\b|\b[a-z]?cau\b|\b[lr]?caud\b"
    r"|\b[a-z]?put\b|\b[lr]?pal\b|\b[a-z]?gp[ei]?\b|\b[lr]?nacc?\b|\bn acc\b|\b[vd]ca\b|\b(?:vm|dl)pu\b"
    r"|\bvta\b|\bpag\b|\bsn\b|\bsn[cr]\b|\bstn\b|\brn\b"
)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word and word not in PASSED_OVER]


def _told(words: list[str]) -> tuple[str, list[str]]:
    """Return the side that words tell, and the other words."""
    for long in (True, False):
        places = [
            i for i, word in enumerate(words)
            if word in SIDES and (len(word) > 1) == long and (long or i in (0, len(words) - 1))
        ]  # fmt: skip
        if places:
            return SIDES[words[places[-1]]], [word for i, word in enumerate(words) if i != places[-1]]
    joined = "".join(words)
    if joined[:1] in ("l", "r") and (joined[1:] in SAME or joined[1:] in SAME.values()):
        return SIDES[joined[0]], [joined[1:]]
    return "", words


def side_of(name: str) -> str:
    """Return the side that a name tells, or nothing.

    >>> side_of("7Networks_LH_Vis_1"), side_of("Lthal"), side_of("HIP-head-l-rh"), side_of("Vermis_6")
    ('left', 'left', 'right', '')
    """
    return _told(_words(name))[0]


def canonical(name: str) -> str:
    """Return side and name of a region in one spelling.

    >>> canonical("Lthal"), canonical("L_thalamusproper"), canonical("ctx-lh-insula"), canonical("HIP-rh")
    ('left thalamus', 'left thalamus', 'left insula', 'right hippocampus')
    """
    side, words = _told(_words(name))
    rest = "".join(words)
    return f"{side} {SAME.get(rest, rest)}".strip()


def structure_of(name: str) -> str:
    """Return what a region is by its name: cortex where nothing says otherwise.

    >>> structure_of("7Networks_LH_Vis_1"), structure_of("mPFtha_L"), structure_of("Left-Cerebellum-Cortex")
    ('cortex', 'subcortex/brainstem', 'cerebellum')
    """
    text = re.sub(r"para ?hippo\w*", "", " ".join(_words(name)))
    if _CEREBELLUM.search(text):
        return CEREBELLUM
    return BELOW if _BELOW.search(text) else CORTEX


@dataclass(frozen=True)
class Match:
    """Rows of a table by the name of the region in the atlas, and which names of the table are no region of it.

    `numbered` is True where rows are the numbers of the labels.
    """

    rows: dict[str, int]
    unknown: tuple[str, ...]
    numbered: bool = False


def match(table: Sequence[str], names: Sequence[str], numbers: Sequence[int]) -> Match:
    """Return which row of a table is which region: by its very name, its name in another spelling, or its number.

    Numbers count if they are those of all labels of the atlas.

    Parameters
    ----------
    table : sequence of str
        Names of the rows.
    names, numbers : sequence
        Of the regions of the atlas.
    """
    by_number = dict(zip(map(str, numbers), names, strict=True))
    if set(table) == set(by_number):  # some of the numbers could be those of another order as well
        return Match({by_number[row]: i for i, row in enumerate(table)}, (), numbered=True)
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
