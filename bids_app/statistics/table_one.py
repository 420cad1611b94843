"""Who is in each arm: the table that opens the results of a trial, with standardised differences and no p values.

Arms were drawn, so a test of their baseline asks whether chance was chance (CONSORT 2010, doi:10.1136/bmj.c869). A
standardised difference (Austin 2009, doi:10.1002/sim.3697) says how large an imbalance is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from bids_app.statistics.covariate_coding import MOSTLY, is_missing, number

LEVELS = 8
"""Different words up to which a column is shown; more are names or remarks."""


@dataclass(frozen=True, kw_only=True)
class Characteristic:
    """One row of the table: a number as mean and standard deviation, or a level as count and share.

    Attributes
    ----------
    cells : tuple of (float, float)
        Mean and SD, or count and percent, of each arm.
    difference : float
        Largest absolute standardised difference between two arms; NaN where nothing varies.
    missing : int
        Participants without a value.
    """

    name: str
    level: str
    cells: tuple[tuple[float, float], ...]
    difference: float
    missing: int


def table_one(rows: Sequence[Mapping[str, str]], arms: Sequence[str], columns: Sequence[str]) -> list[Characteristic]:
    """Return one row a number, and one a level of columns of words.

    Parameters
    ----------
    rows : sequence of mapping
        The participants analysed; `arm` holds their arm.
    columns : sequence of str
        Columns to show.
    """
    return [row for column in columns for row in _of(rows, arms, column)]


def _of(rows: Sequence[Mapping[str, str]], arms: Sequence[str], column: str) -> Iterator[Characteristic]:
    known = [row for row in rows if not is_missing(row.get(column, ""))]
    measured = [row for row in known if np.isfinite(number(row[column]))]
    numeric = len(measured) > MOSTLY * len(known)
    known = measured if numeric else known  # a word among numbers is no value; nothing is concluded from this table
    missing = len(rows) - len(known)
    words = {arm: [str(row[column]) for row in known if row["arm"] == arm] for arm in arms}
    if not known:
        return
    if not numeric:
        levels = sorted({word for values in words.values() for word in values})
        if len(levels) <= LEVELS:
            for level in levels:
                yield _level(column, level, words, missing)
        return
    numbers = {arm: np.array(values, dtype=float) for arm, values in words.items()}
    cells = tuple((_mean(values), _deviation(values)) for values in numbers.values())
    pairs = [_gap(a[0] - b[0], a[1] ** 2, b[1] ** 2) for a, b in combinations(cells, 2)]
    yield Characteristic(name=column, level="", cells=cells, difference=_largest(pairs), missing=missing)


def _level(column: str, level: str, words: Mapping[str, Sequence[str]], missing: int) -> Characteristic:
    counts = [Counter(values)[level] for values in words.values()]
    shares = [count / len(values) if values else np.nan for count, values in zip(counts, words.values(), strict=True)]
    cells = tuple((float(count), 100 * float(share)) for count, share in zip(counts, shares, strict=True))
    pairs = [_gap(a - b, a * (1 - a), b * (1 - b)) for a, b in combinations(shares, 2)]
    return Characteristic(name=column, level=level, cells=cells, difference=_largest(pairs), missing=missing)


def standardised_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Return the absolute difference between the means of two arms, (n,) each, in SD.

    It is infinite where the means differ and neither arm varies, and NaN where nothing varies at all.
    """
    apart = _mean(first) - _mean(second)
    found = _gap(apart, _deviation(first) ** 2, _deviation(second) ** 2)
    return float("inf") if np.isnan(found) and apart else found


def _gap(difference: float, first: float, second: float) -> float:
    """Return an absolute difference over the root of the mean of two variances; NaN where nothing varies."""
    spread = np.sqrt((first + second) / 2)
    return float(abs(difference) / spread) if spread > 0 else float("nan")


def _largest(values: Sequence[float]) -> float:
    return max((value for value in values if value == value), default=float("nan"))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _deviation(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")
