"""Cells of tables of studies: numbers, places in the brain and yes or no, each with the message that names the cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.synthesis.reported_foci import to_mni
from bids_app.vocabulary.near_matches import nearest

MISSING = ("", "n/a", "na", "nan")

FARTHEST = 120.0
"""mm from the origin along an axis beyond which there is no brain."""


@dataclass(frozen=True)
class Row:
    """A row of a table, with where it stands."""

    path: Path
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell without blanks around it; nothing where there is none."""
        found = self.cells.get(column, "").strip()
        return "" if found.lower() in MISSING else found

    def number(self, column: str, *, above: float = -np.inf) -> float:
        """Return a cell as a number, NaN where there is none.

        Raises
        ------
        WrongDataError
            If it is no number, or not above a bound.
        """
        text = self.text(column)
        if not text:
            return float("nan")
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value) or value <= above:
            more = "" if above == -np.inf else f" above {above:g}"
            raise WrongDataError(f"{self.where(column)} is {text!r}; expected a number{more}, or n/a.")
        return value

    def needed(self, column: str, *, above: float = -np.inf) -> float:
        """Return a cell that must be a number; for what is raised see `number`."""
        value = self.number(column, above=above)
        if np.isnan(value):
            raise WrongDataError(f"{self.where(column)} is empty; expected a number.")
        return value

    def yes(self, column: str, *, default: bool) -> bool:
        """Return a cell that says yes or no.

        Raises
        ------
        WrongDataError
            If it says something else.
        """
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": default}
        text = self.text(column).lower()
        if text not in words:
            raise WrongDataError(f"{self.where(column)} is {text!r}; expected true, false or n/a.")
        return words[text]

    def where(self, column: str) -> str:
        """Return where a cell stands, for messages."""
        return f"{self.path}, line {self.line}: {column}"


def rows_of(path: Path, table: Mapping[str, Sequence[str]]) -> list[Row]:
    """Return the rows of a table that was read by columns."""
    count = len(next(iter(table.values()), []))
    return [Row(path, i + 2, {name: values[i] for name, values in table.items()}) for i in range(count)]


def require_columns(path: Path, table: Mapping[str, object], columns: Sequence[str]) -> None:
    """Refuse a table that lacks columns.

    Raises
    ------
    WrongDataError
        The message names them, and what may have been meant.
    """
    for column in columns:
        if column not in table:
            near = nearest(column, table)
            meant = f" Is {near!r} meant? Write it as {column}." if near else ""
            raise WrongDataError(f"{path} has columns {', '.join(table)}; expected {column} among them.{meant}")


def place_of(coordinates: Sequence[float], where: str) -> NDArray[np.float64]:
    """Return coordinates as an array of 3.

    Raises
    ------
    WrongDataError
        If they lie outside any brain.
    """
    place = np.asarray(coordinates, dtype=np.float64)
    if place.shape != (3,) or not (np.abs(place) <= FARTHEST).all():
        raise WrongDataError(
            f"{where} has the coordinates {', '.join(f'{value:g}' for value in place)}; expected x, y and z in mm, "
            f"within {FARTHEST:g} mm of the origin."
        )
    return place


def is_talairach(word: str, where: str) -> bool:
    """Tell whether a space is Talairach's; words of tools, such as `TAL` or `mni152_2mm`, are known.

    Raises
    ------
    WrongDataError
        If a space is neither that nor MNI; one that is not told is MNI.
    """
    kind = word.strip().lower()[:3]
    if kind not in ("mni", "tal", "ale", "icb", "unk", ""):
        raise WrongDataError(f"{where} is in space {word!r}; expected MNI or Tal.")
    return kind == "tal"


def in_mni(places: NDArray[np.float64], *, talairach: bool) -> NDArray[np.float64]:
    """Return places (foci, 3) in MNI space, with those of Talairach's moved."""
    return to_mni(places) if talairach and len(places) else places.reshape(-1, 3)
