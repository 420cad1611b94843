"""Columns of participants that measures give: what they are, their units, and where they may be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Comparable(NamedTuple):
    """The values of another column within which a value means the same in all participants, and why."""

    column: str
    low: float
    high: float
    because: str


class PersonColumn(NamedTuple):
    """A value of a session that becomes a column of participants: what it is, its units, and where it may be compared.

    Arms are not compared on it where more than a tenth of one lie outside of `comparable`.
    """

    title: str
    units: str
    comparable: Comparable | None = None


def described(columns: Mapping[str, PersonColumn]) -> dict[str, object]:
    """Return what the JSON beside a table says of columns of participants."""
    return {name: {"Description": column.title, "Units": column.units} for name, column in columns.items()}
