"""Values of an outcome for everybody who was randomised, and the lines that analyses of them are printed as."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.allocation import Rerandomisation
from bids_app.statistics.clinical.ancova import Comparison
from bids_app.vocabulary.outcome import Outcome

Array = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True)
class Line:
    """One result of one analysis, as a row of a table.

    Attributes
    ----------
    analysis : str
        Which one it is, in a word.
    visit, comparison, people : str
        When, of whom, and how many.
    weight : {'decides', 'beside', 'literature', 'descriptive', 'exploratory'}
        What it may be taken for.
    quantity : str
        What `estimate` is, with its units; `low` and `high` are its 95 % limits.
    statistic : str
        What `value` is.
    p, p_rerandomised, p_exact : float
        Two-sided: of the model, of arms drawn anew (or residuals exchanged), and of an exact distribution.
    remark : str
    """

    analysis: str
    visit: str
    comparison: str
    people: str
    weight: str
    quantity: str
    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    statistic: str = ""
    value: float = NAN
    df: float = NAN
    p: float = NAN
    p_rerandomised: float = NAN
    p_exact: float = NAN
    remark: str = ""


@dataclass(frozen=True, eq=False)
class Scores:
    """An outcome of everybody.

    Attributes
    ----------
    outcome : Outcome
    values : (n, visits)
        NaN where somebody was not asked.
    arm : (n,) int
        Number among `arms`, of which the first is the active one and the last the control.
    strata : (n,) int
    nuisance : (n, k)
        The constant, strata and covariates.
    moderators : mapping of (n,)
        By name; NaN where it is not known.
    seed, requested : int
        Of the relabellings.
    """

    outcome: Outcome
    values: Array
    arm: NDArray[np.intp]
    arms: tuple[str, ...]
    strata: NDArray[np.intp]
    nuisance: Array
    moderators: dict[str, Array]
    seed: int
    requested: int

    def of(self, rows: NDArray[np.bool_]) -> Scores:
        """Return the outcome of some of the people; columns that do not vary among them are left out."""
        nuisance = self.nuisance[rows]
        varies = (np.ptp(nuisance, axis=0) > 0) | (np.arange(nuisance.shape[1]) == 0) if len(nuisance) else slice(None)
        return replace(
            self, values=self.values[rows], arm=self.arm[rows], strata=self.strata[rows], nuisance=nuisance[:, varies],
            moderators={name: column[rows] for name, column in self.moderators.items()},
        )  # fmt: skip

    def pair(self, first: str, second: str) -> Scores:
        """Return the outcome of people in two arms; those who were never asked have nothing to say."""
        numbers = [self.arms.index(first), self.arms.index(second)]
        seen = np.isin(self.arm, numbers) & np.isfinite(self.values).any(axis=1)
        chosen = replace(self, arms=(first, second), arm=(self.arm == numbers[1]).astype(np.intp))
        return chosen.of(seen)

    def having(self, *visits: int) -> Scores:
        """Return the outcome of people who have all of some visits."""
        return self.of(np.asarray(np.isfinite(self.values[:, list(visits)]).all(axis=1)))

    @property
    def active(self) -> Array:
        """1 for people of the first arm, else 0."""
        return np.asarray(self.arm == 0, dtype=np.float64)

    @property
    def scheme(self) -> Rerandomisation:
        """Arms drawn anew within strata."""
        return Rerandomisation(self.active, self.strata, self.seed, self.requested)

    def change(self, visit: int) -> Array:
        """Return how much each one changed since the first visit, (n,)."""
        return np.asarray(self.values[:, visit] - self.values[:, 0])

    def by_arm(self, values: NDArray[Any]) -> tuple[Array, Array]:
        """Return known values of the active and of the other arm."""
        known = np.isfinite(values)
        return values[known & (self.arm == 0)], values[known & (self.arm != 0)]

    @property
    def people(self) -> str:
        """How many of each arm there are."""
        return " / ".join(str(int((self.arm == i).sum())) for i in range(len(self.arms)))

    @property
    def comparison(self) -> str:
        """The arms in words."""
        return " against ".join(self.arms)


def line_of(analysis: str, when: str, scores: Scores, weight: str, quantity: str, found: Comparison) -> Line:
    """Return a comparison of two arms as a line."""
    return Line(
        analysis, when, scores.comparison, scores.people, weight, quantity, found.difference, found.low, found.high,
        "t", found.t, found.df, found.p, found.rerandomised_p,
    )  # fmt: skip
