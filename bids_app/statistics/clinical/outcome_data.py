"""Values of an outcome of all participants as randomised, and the rows that analyses of them give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clinical.ancova import OutcomeComparison
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.vocabulary.outcome import ClinicalOutcome

Array = NDArray[np.float64]
NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class Moderator:
    """A value of participants that the effect of an arm may depend on.

    Attributes
    ----------
    level : str
        Of a text column: the word that is held against all others; empty for a column of numbers, or of two words.
    values : (n,)
        NaN where it is not known.
    """

    name: str
    values: Array
    level: str = ""

    @property
    def label(self) -> str:
        """Name, and level if there are several."""
        return f"{self.name}={self.level}" if self.level else self.name


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """One result of one analysis: facts alone, which `report.outcome_rows` puts into words.

    Attributes
    ----------
    kind : str
        Which analysis it is.
    subject : str
        What it is of, where there are several of a kind: a share of improvement in percent, a moderator.
    all_randomised : bool
        True where missing participants count, as not improved.
    visit : str
    arms : tuple of str
        Arms compared, or the one that is described.
    n, of : tuple of int
        How many of each arm, and out of how many where that is not the same.
    weight : {'decides', 'beside', 'literature', 'descriptive', 'exploratory'}
        What it may be taken for.
    units : str
        Of the outcome.
    estimate, low, high : float
        With its 95 % limits.
    sd : float
        Standard deviation, of a mean.
    statistic : str
        What `value` is.
    p, p_rerandomised, p_exact : float
        Two-sided: of the model, of re-randomised arms (or residuals exchanged), and of an exact distribution.
    facts : mapping
        What else belongs to it, by name.
    """

    kind: str
    visit: str
    arms: tuple[str, ...]
    n: tuple[int, ...]
    weight: str
    subject: str = ""
    all_randomised: bool = False
    of: tuple[int, ...] = ()
    units: str = ""
    estimate: float = NAN
    low: float = NAN
    high: float = NAN
    sd: float = NAN
    statistic: str = ""
    value: float = NAN
    df: float = NAN
    p: float = NAN
    p_rerandomised: float = NAN
    p_exact: float = NAN
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the analysis in tables."""
        return "_".join(filter(None, (self.kind, self.subject, "all" if self.all_randomised else "")))

    def knowing(self, **facts: Any) -> ResultRow:
        """Return the row with further facts."""
        return replace(self, facts={**self.facts, **facts})


@dataclass(frozen=True, eq=False, kw_only=True)
class OutcomeData:
    """An outcome of all participants.

    Attributes
    ----------
    outcome : ClinicalOutcome
    values : (n, visits)
        NaN where someone was not asked.
    arm : (n,) int
        Number among `arms`, of which the first is the active one and the last the control.
    strata : (n,) int
    nuisance : (n, k)
        The constant, strata and covariates.
    moderators : tuple of Moderator
    seed, requested : int
        Of the permutations.
    """

    outcome: ClinicalOutcome
    values: Array
    arm: NDArray[np.intp]
    arms: tuple[str, ...]
    strata: NDArray[np.intp]
    nuisance: Array
    moderators: tuple[Moderator, ...]
    seed: int
    requested: int

    def subset(self, rows: NDArray[np.bool_]) -> OutcomeData:
        """Return the outcome of some of the people; columns that do not vary among them are left out."""
        nuisance = self.nuisance[rows]
        varies = (np.ptp(nuisance, axis=0) > 0) | (np.arange(nuisance.shape[1]) == 0) if len(nuisance) else slice(None)
        return replace(
            self, values=self.values[rows], arm=self.arm[rows], strata=self.strata[rows], nuisance=nuisance[:, varies],
            moderators=tuple(replace(one, values=one.values[rows]) for one in self.moderators),
        )  # fmt: skip

    def pair(self, first: str, second: str) -> OutcomeData:
        """Return the outcome of people in two arms; those who were never asked have nothing to say."""
        numbers = [self.arms.index(first), self.arms.index(second)]
        seen = np.isin(self.arm, numbers) & np.isfinite(self.values).any(axis=1)
        chosen = replace(self, arms=(first, second), arm=(self.arm == numbers[1]).astype(np.intp))
        return chosen.subset(seen)

    def with_visits(self, *visits: int) -> OutcomeData:
        """Return the outcome of people who have all of some visits."""
        return self.subset(np.asarray(np.isfinite(self.values[:, list(visits)]).all(axis=1)))

    @property
    def active(self) -> Array:
        """1 for people of the first arm, else 0."""
        return np.asarray(self.arm == 0, dtype=np.float64)

    @property
    def scheme(self) -> Rerandomisation:
        """Arms re-randomised within strata."""
        return Rerandomisation(self.active, self.strata, self.seed, self.requested)

    def change(self, visit: int) -> Array:
        """Return how much each one changed since the first visit, (n,)."""
        return np.asarray(self.values[:, visit] - self.values[:, 0])

    def by_arm(self, values: NDArray[Any]) -> tuple[Array, Array]:
        """Return known values of the active and of the other arm."""
        known = np.isfinite(values)
        return values[known & (self.arm == 0)], values[known & (self.arm != 0)]

    @property
    def n(self) -> tuple[int, ...]:
        """How many of each arm there are."""
        return tuple(int((self.arm == i).sum()) for i in range(len(self.arms)))

    def row(self, kind: str, visit: str, weight: str, **more: Any) -> ResultRow:
        """Return a row about these arms."""
        return ResultRow(**{"kind": kind, "visit": visit, "arms": self.arms, "n": self.n, "weight": weight,
                            "units": self.outcome.units, **more})  # fmt: skip

    def compared(self, kind: str, visit: str, weight: str, found: OutcomeComparison) -> ResultRow:
        """Return a comparison of two arms as a row."""
        return self.row(
            kind, visit, weight, estimate=found.difference, low=found.low, high=found.high, statistic="t",
            value=found.t, df=found.df, p=found.p, p_rerandomised=found.rerandomised_p,
        )  # fmt: skip
