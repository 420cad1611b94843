"""What is to be predicted, of whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PredictionTask:
    """An outcome of participants.

    Attributes
    ----------
    outcome : (n,)
        1 or 0 of a class, or a value.
    groups : (n,) int
        Arm and stratum: folds are balanced over it.
    classes : bool
    folds : int
    """

    outcome: Values
    groups: Places
    classes: bool
    folds: int = 5

    def rows(self, rows: Places) -> PredictionTask:
        """Return some of the people."""
        return replace(self, outcome=self.outcome[rows], groups=self.groups[rows])

    @property
    def learnable(self) -> bool:
        """False where all are of one class."""
        return not self.classes or bool(np.ptp(self.outcome) > 0)

    def parts(self, seed: int) -> Iterator[tuple[Places, Places]]:
        """Yield training and test participants of each fold.

        The class, or the third of the outcome, within each group is spread over all folds as evenly as it can be.
        """
        rng, count = np.random.default_rng(seed), len(self.outcome)
        thirds = np.searchsorted(np.quantile(self.outcome, [1 / 3, 2 / 3]), self.outcome)
        labels = self.groups * 3 + (self.outcome.astype(np.intp) if self.classes else thirds)
        fold, start = np.empty(count, dtype=np.intp), 0
        for value in np.unique(labels):
            own = rng.permutation(np.flatnonzero(labels == value))
            fold[own] = (start + np.arange(len(own))) % self.folds
            start += len(own)
        for number in range(self.folds):
            test = np.flatnonzero(fold == number)
            if len(test):
                yield np.flatnonzero(fold != number), test
