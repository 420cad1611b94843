"""Paths from arm over a value after treatment to an outcome: exploratory by construction.

Both are measured at one visit, so that neither is known to come first, and no one was drawn to have more of the value.
No share of an effect is given: it has no meaning where the effect itself is uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class Paths:
    """Coefficients of the linear paths; total = direct + to * onward.

    Attributes
    ----------
    to, onward, direct, total, indirect : float
        Arm to value, value to outcome given the arm, arm to outcome given the value, arm to outcome, and the product.
    low, high : float
        95 % limits of the indirect path, by participants drawn with replacement within arms.
    breaks : float
        Correlation of what is left of value and outcome at which the indirect path is zero: a common cause that makes
        more than this explains all of it (Imai 2010, doi:10.1214/10-STS321).
    """

    to: float
    onward: float
    direct: float
    total: float
    indirect: float
    low: float
    high: float
    breaks: float


def paths(arm: Values, value: Values, outcome: Values, others: Values, draws: int, seed: int) -> Paths:
    """Return the paths from arm to outcome with and without a value.

    Parameters
    ----------
    arm, value, outcome : (n,)
    others : (n, k)
        The constant, both baselines, strata and covariates: the same in every model.
    draws : int
        Samples of participants, drawn within arms.
    """
    fit = _fit(arm, value, outcome, others)
    rng = np.random.default_rng(seed)
    sides = [np.flatnonzero(arm == side) for side in np.unique(arm)]
    drawn = np.empty(draws)
    for i in range(draws):
        rows = np.concatenate([rng.choice(side, len(side)) for side in sides])
        again = _fit(arm[rows], value[rows], outcome[rows], others[rows])
        drawn[i] = again.to * again.onward
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Paths(**vars(fit), indirect=fit.to * fit.onward, low=float(low), high=float(high))


@dataclass(frozen=True, kw_only=True)
class _PathFit:
    """Coefficients of the paths, and the correlation of residuals that would break the indirect one."""

    to: float
    onward: float
    direct: float
    total: float
    breaks: float


def _fit(arm: Values, value: Values, outcome: Values, others: Values) -> _PathFit:
    without = np.column_stack([arm, others])
    to = np.linalg.lstsq(without, value, rcond=None)[0]
    total = np.linalg.lstsq(without, outcome, rcond=None)[0]
    whole = np.linalg.lstsq(np.column_stack([value, without]), outcome, rcond=None)[0]
    left, rest = value - without @ to, outcome - without @ total
    length = float(np.linalg.norm(left) * np.linalg.norm(rest))
    breaks = float(left @ rest) / length if length > 0 else 0.0
    return _PathFit(
        to=float(to[0]), onward=float(whole[0]), direct=float(whole[1]), total=float(total[0]), breaks=breaks
    )
