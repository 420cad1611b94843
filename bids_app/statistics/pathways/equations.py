"""Equations of a diagram by least squares, within arms: coefficients, exchange of residuals, and what breaks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.permutation.schemes import Exchange

Floats = NDArray[np.float64]

LEFT = 1e-8
"""Share of the squares of a column within arms that must be left when others are given."""

SLICES = 200
"""Equally likely sizes that power is averaged over."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Equation:
    """One child with its parents, of the participants who have all of it.

    Attributes
    ----------
    child : (n,)
    parents : mapping of (n,)
    others : (n, k)
        Intercepts of arms and strata, covariates, and baselines.
    blocks : (n,) int
        Arm by stratum: residuals are exchanged within them.
    arm : (n,) int
    """

    name: str
    child: Floats
    parents: Mapping[str, Floats]
    others: Floats
    blocks: NDArray[np.intp]
    arm: NDArray[np.intp]

    @property
    def design(self) -> Floats:
        """Parents, then the others, (n, columns)."""
        return np.column_stack([*self.parents.values(), self.others])


@dataclass(frozen=True, kw_only=True)
class Path:
    """One path.

    Attributes
    ----------
    coefficient, error, t : float
    df : int
    p : float
        Two-sided, by residuals exchanged within arm and stratum (Freedman & Lane).
    beta : float
        The coefficient in standard deviations within arms.
    breaks : float
        Correlation of what is left of parent and child at which the path is zero: a common cause that makes more than
        this explains all of it.
    low, high : float
        95 %, by participants drawn within arms.
    """

    parent: str
    child: str
    coefficient: float
    error: float
    t: float
    df: int
    p: float
    beta: float
    breaks: float
    low: float
    high: float
    participants: int


def residuals(values: Floats, others: Floats) -> Floats:
    """Return what of values, (n,) or (n, k), other columns do not explain."""
    return np.asarray(values - others @ np.linalg.lstsq(others, values, rcond=None)[0])


def independent(columns: Floats) -> Floats:
    """Return those of the columns, (n, k), that are not made of the ones before them, (n, rank)."""
    kept: list[int] = []
    for i in range(columns.shape[1]):
        own = columns[:, i]
        left = residuals(own, columns[:, kept]) if kept else own
        if left @ left > LEFT * (own @ own):
            kept.append(i)
    return columns[:, kept]


def determined(values: Floats, others: Floats, arm: NDArray[np.intp]) -> bool:
    """Tell whether values, (n,), are made of other columns, (n, k), but for rounding."""
    left = residuals(values, others)
    return bool(left @ left <= LEFT * _within(values, arm) * len(values))


def coefficients(equation: Equation) -> Floats:
    """Return the coefficients of the parents, (parents,)."""
    found = np.linalg.lstsq(equation.design, equation.child, rcond=None)[0]
    return np.asarray(found[: len(equation.parents)])


def paths(equation: Equation, draws: Floats, scheme: Exchange) -> list[Path]:
    """Return every path into one child.

    Parameters
    ----------
    draws : (samples, parents)
        Coefficients of participants drawn within arms.
    scheme : Exchange
        Orders of residuals within blocks.
    """
    found = []
    for i, (parent, own) in enumerate(equation.parents.items()):
        rest = np.column_stack([*[v for name, v in equation.parents.items() if name != parent], equation.others])
        x, y = residuals(own, rest), residuals(equation.child, rest)
        df = len(y) - int(np.linalg.matrix_rank(np.column_stack([own, rest])))
        coefficient, t = _simple(x, y, df)
        low, high = np.percentile(draws[:, i], [2.5, 97.5])
        spread = [float(np.sqrt(_within(values, equation.arm))) for values in (own, equation.child)]
        found.append(
            Path(
                parent=parent, child=equation.name, coefficient=coefficient, error=abs(coefficient / t) if t else 0.0,
                t=t, df=df, p=_exchanged(x, y, rest, df, scheme), beta=coefficient * spread[0] / spread[1],
                breaks=float(x @ y / np.sqrt((x @ x) * (y @ y))), low=float(low), high=float(high),
                participants=len(y),
            )
        )  # fmt: skip
    return found


def _simple(x: Floats, y: Floats, df: int) -> tuple[float, float]:
    """Return slope and t of residuals on residuals."""
    slope = float(x @ y / (x @ x))
    left = y - slope * x
    return slope, float(slope / np.sqrt(left @ left / df / (x @ x)))


def _exchanged(x: Floats, y: Floats, rest: Floats, df: int, scheme: Exchange) -> float:
    """Return the two-sided p of a path: |t| of residuals of the child, exchanged within blocks (Freedman & Lane)."""
    orders = scheme.draw(0, scheme.total).astype(np.intp)
    shuffled = residuals(y[orders].T, rest)
    slope = x @ shuffled / (x @ x)
    left = (shuffled**2).sum(axis=0) - slope**2 * (x @ x)
    t = np.abs(slope) / np.sqrt(np.maximum(left, 1e-300) / df / (x @ x))
    return float((t >= t[0] * (1 - 1e-9)).mean())


def _within(values: Floats, arm: NDArray[np.intp]) -> float:
    """Return the variance of values within arms."""
    groups = [values[arm == one] for one in np.unique(arm)]
    squares = sum(float(((own - own.mean()) ** 2).sum()) for own in groups)
    return squares / (len(values) - len(groups))


def drawn(equations: Sequence[Equation], people: NDArray[np.intp], rows: Sequence[NDArray[np.intp]]) -> list[Floats]:
    """Return the coefficients of each equation for one draw of participants.

    Parameters
    ----------
    people : (drawn,) int
        Participants drawn, some of them several times.
    rows : sequence of (n,) int
        Who is in each equation.
    """
    found = []
    for equation, own in zip(equations, rows, strict=True):
        place = np.full(int(max(people.max(initial=0), own.max(initial=0))) + 1, -1)
        place[own] = np.arange(len(own))
        chosen = place[people]
        chosen = chosen[chosen >= 0]
        design, child = equation.design[chosen], equation.child[chosen]
        found.append(np.asarray(np.linalg.lstsq(design, child, rcond=None)[0][: len(equation.parents)]))
    return found


def partial_correlation(first: Floats, second: Floats, given: Floats) -> tuple[float, int, float]:
    """Return the correlation of two columns, (n,), given others, (n, k); degrees of freedom, and two-sided p."""
    a, b = residuals(first, given), residuals(second, given)
    r = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    df = len(first) - int(np.linalg.matrix_rank(given)) - 1
    t = r * np.sqrt(df / max(1 - r**2, 1e-300))
    return r, df, float(2 * scipy.stats.t.sf(abs(t), df))


def fisher_c(p: Sequence[float]) -> tuple[float, int, float]:
    """Return Fisher's C of the p of independences, its degrees of freedom, and the p that all of them hold."""
    c = float(-2 * np.log(np.maximum(p, 1e-300)).sum())
    return c, 2 * len(p), float(scipy.stats.chi2.sf(c, 2 * len(p)))


def chance_of_whole_chain(r: Sequence[float], participants: int, taken: int = 1, alpha: float = 0.05) -> float:
    """Return how often every link of a chain passes by itself, if its partial correlations are r.

    Parameters
    ----------
    taken : int
        Columns beside the parent in every equation, the constant among them.

    Notes
    -----
    Noncentral t, averaged over how much the parents of as many participants vary (parents are no dose that was set).
    """
    df = participants - taken - 1
    reach = scipy.stats.t.isf(alpha / 2, df)
    spread = np.sqrt(scipy.stats.chi2.ppf((np.arange(SLICES) + 0.5) / SLICES, participants - taken))
    found = 1.0
    for one in r:
        shift = one / np.sqrt(1 - one**2) * spread
        above, below = scipy.stats.nct.sf(reach, df, shift), scipy.stats.nct.cdf(-reach, df, shift)
        found *= float(np.mean(above + below))
    return found
