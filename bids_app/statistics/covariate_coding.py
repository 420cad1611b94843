"""What a cell of a table is: a number, a word, a code, or nothing; decided here for every column of people."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.vocabulary.near_matches import folded

Floats = NDArray[np.float64]

MISSING = (
    "n/a", "na", "nan", "", ".", "-", "--", "#n/a", "#null!", "#value!", "#div/0!", "null", "missing",
)  # fmt: skip
"""What BIDS tables write for a missing value, and what spreadsheets and programs write, in lower case."""

CODES = frozenset([-9, *(sign * int(digit * count) for digit in "6789" for count in (2, 3, 4, 5) for sign in (1, -1))])
"""Numbers that programs write where nothing is known (-99, 999 ...)."""

FENCE, LEAST = 3.0, 0.1
"""Interquartile ranges beyond the quartiles where a code is no plausible value, and the least that a range counts, as a
share of the quartiles."""

SCORE = 10
"""Largest value from which on a column without values below 0 is a score, whose -9 is a code."""

MOSTLY = 0.5
"""Share of numbers from which on a column is one of numbers, and its words are in the wrong place."""

SHOWN = 5
"""Cells that one message names."""


def is_missing(cell: object) -> bool:
    """Tell whether a cell holds nothing.

    >>> is_missing("n/a"), is_missing(" . "), is_missing("none")
    (True, True, False)
    """
    return str(cell).strip().lower() in MISSING


def number(cell: object) -> float:
    """Return the number in a cell; NaN if it holds a word, nothing, or no finite number.

    >>> number("-3.5"), number("1_000"), number("3,5")
    (-3.5, nan, nan)
    """
    word = str(cell).strip()
    try:
        value = float("nan") if "_" in word else float(word)  # 1_000 is a number to Python alone
    except ValueError:
        return float("nan")
    return value if np.isfinite(value) else float("nan")


def numbers(cells: Sequence[object]) -> Floats:
    """Return cells as numbers, (n,); NaN where there is none."""
    return np.array([number(cell) for cell in cells], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Column:
    """A column of participants as it is understood.

    Attributes
    ----------
    words : (n,) tuple of str
        Cells, trimmed.
    known : (n,) bool
    values : (n,) float or None
        Numbers, NaN where nothing is known; None if its words are levels.
    """

    name: str
    words: tuple[str, ...]
    known: NDArray[np.bool_]
    values: Floats | None

    @property
    def levels(self) -> tuple[str, ...]:
        """Different words, sorted."""
        return tuple(sorted({word for word, there in zip(self.words, self.known, strict=True) if there}))

    def indicator(self, level: str) -> Floats:
        """Return 1 for one level and 0 for the others, (n,); NaN where nothing is known."""
        return np.array(
            [float(word == level) if there else np.nan for word, there in zip(self.words, self.known, strict=True)]
        )

    def describe(self) -> str:
        """Return how the column was taken, in words."""
        if self.values is None:
            return (
                f"{self.name} as levels ({', '.join(self.levels[:SHOWN])}{' ...' if len(self.levels) > SHOWN else ''})"
            )
        return f"{self.name} as a number ({np.nanmin(self.values):g} to {np.nanmax(self.values):g})"


def read_column(
    name: str,
    cells: Mapping[str, object] | Sequence[Mapping[str, str]],
    *,
    levels: Collection[str] = (),
    limits: tuple[float | None, float | None] = (None, None),
) -> Column:
    """Return a column of participants, numbers or levels.

    Parameters
    ----------
    cells : mapping, or sequence of rows
        Cell by participant; or rows with `participant_id` and the column.
    levels : collection of str
        Columns whose numbers are codes of levels, by their BIDS description or an option.
    limits : tuple of float or None
        Smallest and largest possible value, where they are declared: a code within them is a value.

    Raises
    ------
    WrongDataError
        If a column of numbers holds a word, decimal commas, or what looks like a code for missing values. The message
        names participant and cell.
    """
    if not isinstance(cells, Mapping):
        cells = {str(row.get("participant_id", i)): row.get(name, "n/a") for i, row in enumerate(cells)}
    people, words = list(cells), tuple(str(cell).strip() for cell in cells.values())
    known = np.array([not is_missing(word) for word in words], dtype=bool)
    values = numbers(words)
    wrong = [(people[i], words[i]) for i in np.flatnonzero(known & ~np.isfinite(values))]
    if name in levels or (wrong and len(wrong) > (1 - MOSTLY) * known.sum() and not _are_numbers(wrong, known.sum())):
        _require_distinct(name, people, words, known)
        return Column(name, words, known, None)
    if wrong:
        raise WrongDataError(_words_among_numbers(name, wrong))
    if odd := _codes(values, limits):
        said = "; ".join(f"{_person(people[i])} has {words[i]}" for i in odd[:SHOWN])
        raise WrongDataError(
            f"{name}: {said}. That is far from all other values and looks like a code for missing values. Write n/a "
            "there; or declare Minimum and Maximum of the column in the JSON beside the table if it is a value."
        )
    return Column(name, words, known, values)


def _person(label: str) -> str:
    return label if label.startswith("sub-") or not label else f"sub-{label}"


def _require_distinct(name: str, people: Sequence[str], words: Sequence[str], known: NDArray[np.bool_]) -> None:
    """Refuse levels that are one: spelt with other case or blanks, or a number in two ways."""
    seen: dict[object, int] = {}
    for i in map(int, np.flatnonzero(known)):
        value = number(words[i])
        first = seen.setdefault(value if np.isfinite(value) else folded(words[i]), i)
        if words[first] != words[i]:
            one, other = (f"{words[k]!r} ({_person(people[k])})" for k in (first, i))
            raise WrongDataError(
                f"Column {name!r} has {one} and {other}: one level in two spellings. Write it in one way."
            )


def _are_numbers(wrong: Sequence[tuple[str, str]], known: int) -> bool:
    """Tell whether a column without plain numbers is one of numbers all the same: decimal commas, or units."""
    commas = [word for _, word in wrong if _COMMA.fullmatch(word)]
    like = {word for _, word in wrong if _LIKE.match(word)}
    return len(commas) >= MOSTLY * known or (len(like) > SHOWN and len(like) >= MOSTLY * known)


_COMMA, _LIKE = re.compile(r"[-+]?\d+,\d+"), re.compile(r"[-+<>~]?\s*\d+([.,]\d+)?\s*[A-Za-z%/]*$")


def _words_among_numbers(name: str, wrong: Sequence[tuple[str, str]]) -> str:
    said = "; ".join(f"{_person(who)} has {word!r}" for who, word in wrong[:SHOWN])
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    cause = (
        "Write decimal points, not commas"
        if any(_COMMA.fullmatch(word) for _, word in wrong)
        else "Correct the cell, or write n/a where nothing is known. If the numbers are codes, say so: Levels in the "
        "JSON beside the table"
    )
    return f"Column {name!r} holds numbers, but {said}{more}. {cause}."


def _codes(values: Floats, limits: tuple[float | None, float | None]) -> list[int]:
    """Return places of values that look like codes for missing: none where the range of the column is declared."""
    known = values[np.isfinite(values)]
    if any(limit is not None for limit in limits) or len(known) < SHOWN:
        return []
    plausible = known[[value not in CODES for value in known]]
    if len(plausible) < SHOWN - 1:
        return []
    below = [int(i) for i in np.flatnonzero(values < 0) if values[i] in CODES]
    if below and plausible.min() >= 0 and plausible.max() >= SCORE:
        return below  # a score without any other value below 0
    first, third = np.percentile(plausible, [25, 75])
    reach = FENCE * max(third - first, LEAST * max(abs(first), abs(third)))
    far = (values < first - reach) | (values > third + reach)
    return [int(i) for i in np.flatnonzero(far) if values[i] in CODES]


def code_covariates(
    rows: Sequence[Mapping[str, str]], names: Sequence[str], levels: Collection[str] = ()
) -> dict[str, Floats]:
    """Return columns of numbers as they are and columns of levels as indicators of all levels but the first, (n,) each.

    Raises
    ------
    WrongDataError
        For a covariate that cannot be understood, is the same for all participants, or text that differs between all.
    """
    columns: dict[str, Floats] = {}
    for name in names:
        column = read_column(name, rows, levels=levels)
        if len(column.levels) < 2:
            raise WrongDataError(f"Covariate {name!r} is {column.words[0]} for all participants; leave it out.")
        if column.values is not None:
            columns[name] = column.values
            continue
        if len(column.levels) == len(rows):
            raise WrongDataError(f"Covariate {name!r} is text that differs between all participants; expected levels.")
        for level in column.levels[1:]:
            columns[f"{name}_{level}"] = column.indicator(level)
    return columns
