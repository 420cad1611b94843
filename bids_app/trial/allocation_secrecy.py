"""What tells the arms of a trial: words of treatments, and columns that follow the arm in whatever words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from bids_app.statistics.covariate_coding import is_missing, numbers
from bids_app.vocabulary.near_matches import folded

Rows = Mapping[str, Mapping[str, str]]

ACTIVE = (
    "verum", "real", "true", "active", "treatment", "acupuncture", "electroacupuncture", "ea", "experimental",
    "intervention", "manual",
)  # fmt: skip
CONTROL = ("sham", "placebo", "streitberger", "park", "nonpenetrating", "superficial", "minimal", "fake", "mock")
OTHER = ("waitlist", "waiting", "wait", "usual", "tau", "notreatment", "control", "controls")
"""Words of arms in trials of acupuncture: real ones, shams, and what is compared besides."""

NAMES = (
    "group", "arm", "treatment", "allocation", "randomisation", "randomization", "condition", "intervention", "trt",
    "assignment", "randomised", "randomized",
)  # fmt: skip
"""Words of the names of columns that hold arms."""

GUESSED = (
    "belief", "believed", "guess", "guessed", "perceived", "perception", "expectation", "expected", "credibility",
    "thought",
)  # fmt: skip
"""Words of the names of columns that hold what participants think they got."""

NEVER = (
    "sex", "gender", "site", "center", "centre", "scanner", "handedness", "hand", "race", "ethnicity", "smoker",
    "diagnosis", "education", "side",
)  # fmt: skip
"""Words of the names of columns that hold anything but arms."""

FEW = 4
"""Different values up to which numbers are codes."""


def words_of(text: str) -> set[str]:
    """Return the words of a name or cell, without case: `electro-acupuncture_EA` has `electro`, `acupuncture`, `ea`."""
    return set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).lower())) | {folded(text)}


def treats(text: str) -> bool:
    """Tell whether words are of a treatment or its control (`control` alone is not: healthy controls are participants).

    >>> treats("placebo needles"), treats("sham1"), treats("1"), treats("female")
    (True, True, False, False)
    """
    known = {*ACTIVE, *CONTROL, "waitlist"} - {"manual", "minimal", "true", "park", "ea", "treatment"}
    return bool(words_of(text) & known)


def is_control(text: str) -> bool:
    """Tell whether words are of a sham or placebo."""
    return bool(words_of(re.sub(r"\d", " ", text)) & {*CONTROL})


def is_treatment(text: str) -> bool:
    """Tell whether words are of a real treatment or a sham: what a session may be called after.

    >>> is_treatment("verum"), is_treatment("sham1"), is_treatment("period1"), is_treatment("post")
    (True, True, False, False)
    """
    return bool(words_of(re.sub(r"\d", " ", text)) & {*ACTIVE, *CONTROL})


def mentions_treatment(text: str) -> bool:
    """Tell whether a label holds the word of a treatment anywhere: `preverum`."""
    return any(word in folded(text) for word in (*ACTIVE, *CONTROL) if len(word) > 3)


def is_called_arm(column: str) -> bool:
    """Tell whether a column is called as columns of arms are."""
    return bool(words_of(column) & {*NAMES}) and not words_of(column) & {*NEVER}


def telling(rows: Rows, arm: str) -> set[str]:
    """Return the columns that tell the arm of participants, in its words, in others, or nearly: they would unblind.

    A column of words or codes does if knowing it leaves hardly any arm open; one of free text may. Measures do not:
    what treatment did to them is no allocation.
    """
    known = {label: row[arm] for label, row in rows.items() if not is_missing(row.get(arm, "n/a"))}
    arms = {folded(word) for word in known.values()}
    found = set()
    for column in next(iter(rows.values()), {}):
        cells = {label: row.get(column, "n/a") for label, row in rows.items()}
        there = {label: cell for label, cell in cells.items() if not is_missing(cell)}
        if column in (arm, "participant_id") or not there:
            continue
        named = any(treats(cell) or folded(cell) in arms for cell in there.values() if not cell.strip().isnumeric())
        if named or _goes_with(there, known):
            found.add(column)
    return found


def _goes_with(cells: Mapping[str, str], arms: Mapping[str, str]) -> bool:
    both = [(cells[label], arm) for label, arm in arms.items() if label in cells]
    if len({arm for _, arm in both}) < 2:
        return False
    values = numbers([cell for cell, _ in both])
    if np.isfinite(values).all() and len(np.unique(values)) > FEW:
        return False
    by_cell: dict[str, Counter[str]] = {}
    for cell, arm in both:
        by_cell.setdefault(folded(cell), Counter())[arm] += 1
    if len(by_cell) > len(both) / 2:
        return len(both) > FEW and not np.isfinite(values).all()  # free text: a remark may tell
    wrong = sum(count.total() - max(count.values()) for count in by_cell.values())
    return wrong <= len(both) // 10 and len(by_cell) > 1


def readable(
    rows: Rows, column: str, arms: Collection[str], described: Mapping[str, Mapping[str, object]], asked: str = ""
) -> str:
    """Return what in a table lets the arms of participants be read, or nothing.

    Parameters
    ----------
    column : str
        The column that will hold the arms.
    arms : collection of str
        Names of the arms.
    asked : str
        Column with what participants guessed, which tells no arm.
    """
    names = {folded(arm) for arm in arms if not arm.strip().isnumeric()}
    for name in dict.fromkeys(key for row in rows.values() for key in row):
        cells = {row.get(name, "n/a").strip() for row in rows.values()}
        cells = {cell for cell in cells if not is_missing(cell)}
        levels = described.get(name, {}).get("Levels")
        said = [str(text) for text in levels.values()] if isinstance(levels, Mapping) else []
        if name in (asked, "participant_id") or not cells:
            continue
        own = name == column and bool({folded(cell) for cell in cells} & {folded(arm) for arm in arms})
        coded = is_called_arm(name) and len(cells) == len(set(arms)) > 1
        if own or coded or any(folded(cell) in names or treats(cell) for cell in cells) or any(map(treats, said)):
            return f"Column {name} has {', '.join(sorted(cells)[:5])}"
    return ""
