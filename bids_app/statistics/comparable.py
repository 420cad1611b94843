"""Which columns can be compared: known for everybody, and not the same in all. Found while rows come in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float32]


class Comparable:
    """Judges columns of several stacks of people, (n, width) each, row by row: whole stacks are never copied."""

    def __init__(self, width: int) -> None:
        self.columns = np.ones(width, dtype=bool)
        self.stack()

    def stack(self) -> None:
        """Begin with another stack."""
        self._rows = 0
        self._least = np.full(len(self.columns), np.inf, dtype=np.float32)
        self._most = -self._least

    def row(self, values: Row) -> None:
        """Take up the values of one person."""
        self._rows += 1
        self.columns &= np.isfinite(values)
        np.minimum(self._least, values, out=self._least)
        np.maximum(self._most, values, out=self._most)

    def end(self) -> None:
        """Judge a stack whose rows have all come; one person alone differs from nobody."""
        if self._rows > 1:
            self.columns &= self._least < self._most

    def cut(self, stack: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the columns that are kept, moved together in place: a second array would double the memory."""
        if self.columns.all():
            return stack
        width = int(self.columns.sum())
        for row in stack:
            row[:width] = row[self.columns]
        return stack[:, :width]
