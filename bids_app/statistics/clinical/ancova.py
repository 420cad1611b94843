"""The primary analysis of an outcome: arms after treatment, adjusted for baseline and strata.

p is that of re-randomisation within strata, by the t with the variance HC2: with unequal arms that vary unequally the
plain t finds too much. Limits are those of the same test (`test_inversion`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics import bayes_factor
from bids_app.statistics.clinical.test_inversion import limits
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.linear_model import orthonormal, residual
from bids_app.statistics.permutation.rerandomisation import Rerandomisation, Scheme

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class OutcomeComparison:
    """Difference of two arms in the units of the outcome.

    Attributes
    ----------
    difference, error, low, high : float
        Active less control arm, its standard error, and the 95 % limits of the test by re-randomisation.
    t, p, df : float
        Two-sided, of the model; of differences HC2 with the degrees of freedom of Bell & McCaffrey.
    rerandomised_p : float
        Share of the re-randomisations, the observed one among them, whose absolute t reaches the observed one.
    relabellings : int
        How many there are.
    adjusted : bool
        False where the baseline is a combination of the other columns, or the same in all participants.
    """

    difference: float
    error: float
    low: float
    high: float
    t: float
    p: float
    df: float
    rerandomised_p: float
    relabellings: int
    adjusted: bool = True


@dataclass(frozen=True)
class ArmEstimate:
    """A difference, its standard error, and the degrees of freedom of that."""

    difference: float
    error: float
    df: float


def concluded(
    estimate: ArmEstimate, p: Callable[[float], float], total: int, *, adjusted: bool = True
) -> OutcomeComparison:
    """Return a comparison whose limits are those of the test that gives its p.

    Parameters
    ----------
    p : callable
        Of an effect, by re-randomisation.
    total : int
        Permutations.
    """
    low, high = limits(p, estimate.difference, estimate.error)
    t = estimate.difference / estimate.error
    return OutcomeComparison(
        difference=estimate.difference, error=estimate.error, low=low, high=high, t=t,
        p=float(2 * scipy.stats.t.sf(abs(t), estimate.df)), df=estimate.df, rerandomised_p=p(0.0), relabellings=total,
        adjusted=adjusted,
    )  # fmt: skip


def compare(after: Values, arm: Values, nuisance: Values, before: Values | None, scheme: Scheme) -> OutcomeComparison:
    """Compare arms by the engine of the maps, with one outcome in place of voxels.

    Parameters
    ----------
    after : (n,)
    arm : (n,)
        1 active, 0 control.
    nuisance : (n, k)
        The constant, strata and covariates.
    before : (n,) or None
        Adjusted for, if given.
    scheme : Scheme
        What randomisation could have done.

    Raises
    ------
    WrongDataError
        If no degree of freedom is left, strata tell the arm, or nothing varies once the model is taken out.
    """
    others, adjusted = _others(nuisance, before)
    ask = _Drawn if isinstance(scheme, Rerandomisation) else _Exchanged
    question = ask(np.asarray(after, np.float64), np.asarray(arm, np.float64), others, scheme)
    estimate = question.fitted()
    if not estimate.error > 1e-9 * float(np.abs(after).max()):
        raise WrongDataError("No two participants differ once arms and what is adjusted for are taken out.")
    return concluded(estimate, question.p, scheme.total, adjusted=before is None or adjusted)


def _others(nuisance: Values, before: Values | None) -> tuple[NDArray[np.float64], bool]:
    """Return what is adjusted for, and whether the value before treatment is among it."""
    adjusted = before is not None and _says_more(before, nuisance)
    whole = nuisance if before is None or not adjusted else np.column_stack([nuisance, before])
    return np.asarray(whole, dtype=np.float64), adjusted


def equivalence(
    after: Values, arm: Values, nuisance: Values, before: Values, scheme: Rerandomisation, margin: float
) -> float:  # fmt: skip
    """Return the p that arms differ by less than a margin: two one-sided tests by re-randomisation, the larger p.

    For the parameters, of which `after`, `arm` and `before` are (n,), see `compare`; `margin` is in the outcome's
    units.
    """
    others, _ = _others(nuisance, before)
    question = _Drawn(np.asarray(after, np.float64), np.asarray(arm, np.float64), others, scheme)
    above, below = question.statistics(-margin), -question.statistics(margin)
    return max(float((one >= one[0] - 1e-9 * abs(one[0])).mean()) for one in (above, below))


def evidence(after: Values, arm: Values, nuisance: Values, before: Values) -> float:
    """Return log10 of the Bayes factor for any difference (JZS, width .71), by the effective number of the design."""
    others, _ = _others(nuisance, before)
    model = linear_model.fit(np.asarray(after, dtype=np.float64)[:, None], np.asarray(arm, dtype=np.float64), others)
    t = model.effect / np.sqrt(model.variance)
    return float(bayes_factor.log_bayes_factor(t, model.df, float(model.effective_size[0]))[0])


@dataclass(frozen=True, eq=False)
class _Question(ABC):
    """A tested column beside what is adjusted for, as observed and as chance would have it."""

    after: NDArray[np.float64]
    arm: NDArray[np.float64]
    others: NDArray[np.float64]
    scheme: Scheme

    def __post_init__(self) -> None:
        """Refuse what leaves nothing to compare."""
        left = len(self.after) - self._basis.shape[1] - 1
        if left < 1:
            raise WrongDataError(
                f"{len(self.after)} participants leave {left} degrees of freedom for this model; at least 1 is needed. "
                "Use fewer covariates or strata."
            )
        if not np.linalg.norm(residual(self.arm[:, None], self._basis)) > 1e-8 * np.linalg.norm(self.arm):
            raise WrongDataError(
                "The arm is a combination of the covariates and strata (collinear), so its effect cannot be estimated. "
                "Leave one of them out."
            )

    @cached_property
    def _basis(self) -> NDArray[np.float64]:
        return orthonormal(self.others)

    @cached_property
    def _sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Outcome and observed arm less what is adjusted for, (n,) each."""
        left = residual(np.column_stack([self.after, self.arm]), self._basis)
        return left[:, 0], left[:, 1]

    @abstractmethod
    def p(self, effect: float) -> float:
        """Return the p of a constant effect."""

    def fitted(self) -> ArmEstimate:
        """Return the difference with its standard error (HC2) and the degrees of freedom of Bell & McCaffrey (2002)."""
        outcome, arm = self._sides
        size = float(arm @ arm)
        difference = float(arm @ outcome) / size
        whole = np.column_stack([self._basis, arm / np.sqrt(size)])
        keep = np.eye(len(arm)) - whole @ whole.T
        room = np.maximum(np.diag(keep), 1e-9)
        weights = (arm / size) ** 2 / room
        error = float(np.sqrt(weights @ (outcome - difference * arm) ** 2))
        form = keep @ (keep * weights[:, None])
        df = float(np.trace(form) ** 2 / np.einsum("ij,ji->", form, form))
        return ArmEstimate(difference, error, df)


class _Drawn(_Question):
    """Arms re-randomised within strata: t with the variance HC2 of each."""

    @cached_property
    def _drawn(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Re-randomised arms beyond what is adjusted for, as units, and squares over 1 - leverage, (P, n) each."""
        left = residual(self.scheme.draw(0, self.scheme.total).T, self._basis).T
        length = np.linalg.norm(left, axis=1, keepdims=True)
        # Arms permuted to equal a covariate leave nothing to test: their t is 0.
        units = np.where(length > 1e-8, left / np.where(length > 1e-8, length, 1.0), 0.0)
        room = np.maximum(1 - (self._basis**2).sum(axis=1) - units**2, 1e-9)
        return units, units**2 / room

    def p(self, effect: float) -> float:
        """Return the p of a constant effect by re-randomisation."""
        statistic = np.abs(self.statistics(effect))
        return float((statistic >= statistic[0] * (1 - 1e-9)).mean())

    def statistics(self, effect: float) -> NDArray[np.float64]:
        """Return t of every allocation once a constant effect is taken off, (P,); number 0 is the observed one."""
        outcome, arm = self._sides
        left, (units, weights) = outcome - effect * arm, self._drawn
        slope = units @ left
        squares = (
            weights @ left**2 - 2 * slope * ((weights * units) @ left) + slope**2 * (weights * units**2).sum(axis=1)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(squares > 0, slope / np.sqrt(np.maximum(squares, 0)), 0.0)


class _Exchanged(_Question):
    """Residuals exchanged, and the whole model fitted again (Freedman & Lane 1983)."""

    @cached_property
    def _orders(self) -> NDArray[np.intp]:
        return self.scheme.draw(0, self.scheme.total).astype(np.intp)

    def p(self, effect: float) -> float:
        """Return the p of a constant slope."""
        outcome, tested = self._sides
        left = outcome - effect * tested
        moved = left[self._orders]
        size = float(left @ left)
        c = moved @ (tested / np.linalg.norm(tested))
        rest = size - ((moved @ self._basis) ** 2).sum(axis=1) - c**2
        statistic = np.abs(c) / np.sqrt(np.maximum(rest, 1e-12 * size))
        return float((statistic >= statistic[0] * (1 - 1e-9)).mean())


def _says_more(column: Values, nuisance: Values) -> bool:
    """Return whether a column varies beside others, beyond rounding."""
    left = residual(column.astype(np.float64)[:, None], orthonormal(nuisance.astype(np.float64)))
    return bool(np.linalg.norm(left) > 1e-7 * np.linalg.norm(column))
