"""Whether two values of people go together, given their arm: rank correlations with relabellings within arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.permutation.linear_model import orthonormal, residual
from bids_app.statistics.permutation.schemes import Exchange

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True, kw_only=True)
class RankCorrelation:
    """A rank correlation.

    Attributes
    ----------
    r, low, high : float
        Spearman's, partial if anything is taken out, and 95 % limits (Bonett & Wright 2000, doi:10.1007/BF02294183).
    p, p_exchanged : float
        Two-sided: of t, and of values exchanged within blocks.
    people, relabellings : int
    """

    r: float
    low: float
    high: float
    p: float
    p_exchanged: float
    people: int
    relabellings: int


def spearman(x: Values, y: Values, others: Values, scheme: Exchange) -> RankCorrelation:
    """Correlate ranks of two values, less what other columns tell of both.

    Parameters
    ----------
    x, y : (n,)
    others : (n, k)
        Columns that are taken out by their ranks, without the constant; none for the plain correlation.
    scheme : Exchange
        What chance could have done to y: within arms and strata.
    """
    ranked = [np.ones(len(x)), *(scipy.stats.rankdata(column) for column in np.asarray(others).T)]
    basis = orthonormal(np.column_stack(ranked))
    first, second = scipy.stats.rankdata(x), scipy.stats.rankdata(y)
    left = residual(first[:, None], basis)[:, 0]
    orders = scheme.draw(0, scheme.total).astype(np.intp)
    moved = residual(second[orders].T, basis)
    length = np.linalg.norm(left) * np.linalg.norm(moved, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(length > 1e-9, left @ moved / np.where(length > 0, length, 1.0), 0.0)
    observed = float(np.clip(r[0], -1, 1))
    df = len(x) - basis.shape[1] - 1
    t = observed * np.sqrt(df / max(1 - observed**2, 1e-15)) if df > 0 else np.nan
    margin = scipy.stats.norm.isf(0.025) * np.sqrt((1 + observed**2 / 2) / max(len(x) - basis.shape[1] - 2, 1))
    low, high = np.tanh(np.arctanh(np.clip(observed, -1 + 1e-12, 1 - 1e-12)) + np.array([-margin, margin]))
    reached = float((np.abs(r) >= abs(observed) - 1e-9).mean())
    p = float(2 * scipy.stats.t.sf(abs(t), df)) if df > 0 else float("nan")
    return RankCorrelation(
        r=observed, low=float(low), high=float(high), p=p, p_exchanged=reached, people=len(x), relabellings=scheme.total
    )


def pooled_by_arms_alone(first: float, second: float) -> float:
    """Return the correlation that pooling two arms of one size makes where none has any.

    Parameters
    ----------
    first, second : float
        Standardised differences between the arms of both values.
    """
    return first * second / 4 / float(np.sqrt((1 + first**2 / 4) * (1 + second**2 / 4)))


def baseline_with_own_change(retest: float) -> float:
    """Return the correlation of a value with its own change that noise alone makes, from the retest correlation."""
    return -float(np.sqrt((1 - np.clip(retest, -1, 1)) / 2))
