"""Effects of studies as they are associated with what studies are like: random-effects regression at every element.

With W = diag(1 / (v + tau²)) and P = W - W X (X'W X)^-1 X'W, tau² is (y'P y - (k - p)) / tr P with tau² = 0 in W
(DerSimonian-Laird), or the largest restricted likelihood; limits by Knapp & Hartung (2003, doi:10.1002/sim.1482).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.synthesis.between_studies import ESTIMATORS, iterated, weights

Floats = NDArray[np.float64]

STUDIES_A_COLUMN = 10
"""Studies that each column of a regression needs."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MetaRegression:
    """Coefficients, (columns, elements): the first is the intercept; Wald errors beside those of Knapp and Hartung.

    `tau2`, `df` and `r2` are (elements,); `r2` is the share of tau² that the columns explain, NaN where there is none
    to be explained. All are NaN where the studies of an element do not tell the columns apart.
    """

    coefficients: Floats
    wald_errors: Floats
    errors: Floats
    tau2: Floats
    r2: Floats
    df: NDArray[np.int64]

    @property
    def t(self) -> Floats:
        """Coefficients by their errors, (columns, elements), of `df` degrees of freedom."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.errors > 0, self.coefficients / self.errors, np.nan)

    @property
    def p(self) -> Floats:
        """Two-sided p of each coefficient, (columns, elements)."""
        return np.asarray(2 * scipy.stats.t.sf(np.abs(self.t), self.df))

    def limits(self, level: float = 0.95) -> Floats:
        """Return the confidence limits of the coefficients, (2, columns, elements)."""
        reach = scipy.stats.t.isf((1 - level) / 2, self.df) * self.errors
        return np.stack([self.coefficients - reach, self.coefficients + reach])


def meta_regression(effects: Floats, variances: Floats, columns: Floats, estimator: str = "DL") -> MetaRegression:
    """Regress effects of studies on columns, beside an intercept.

    Parameters
    ----------
    effects, variances : (studies, elements)
        A study without a value at an element (NaN, or a variance of 0) is left out there alone.
    columns : (studies, columns)
    estimator : {'FE', 'DL', 'REML'}

    Raises
    ------
    ValueError
        If the columns do not tell studies apart, or there are no more studies than coefficients.
    """
    x = np.column_stack([np.ones(len(effects)), columns])
    if len(x) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise ValueError("These columns do not tell studies apart.")
    # Columns of a like size keep the small systems well conditioned; coefficients are brought back at the end.
    middle, size = x.mean(axis=0), x.std(axis=0)
    middle[0], size[0] = 0.0, 1.0
    scaled = (x - middle) / size
    tau2 = np.zeros(effects.shape[1]) if estimator == "FE" else _tau2(effects, variances, scaled, estimator)
    fit = _WeightedFit(effects, variances, scaled, tau2)
    back = np.diag(1 / size)
    back[0, 1:] = -(middle / size)[1:]
    coefficients = back @ fit.coefficients
    wald = np.sqrt(np.einsum("ij,vjk,ik->iv", back, fit.covariance, back))
    spread = (fit.weight * fit.rest**2).sum(axis=0) / np.maximum(fit.df, 1)
    alone = ESTIMATORS[estimator](effects, variances)
    with np.errstate(divide="ignore", invalid="ignore"):
        r2 = np.where(alone > 0, np.maximum(0.0, 1 - tau2 / alone), np.nan)
    return MetaRegression(
        coefficients=coefficients, wald_errors=wald, errors=np.sqrt(spread) * wald, tau2=tau2, df=fit.df, r2=r2
    )  # fmt: skip


class _WeightedFit:
    """Weighted least squares at every element with weights 1 / (v + tau²); x is (studies, coefficients)."""

    def __init__(self, y: Floats, v: Floats, x: Floats, tau2: Floats) -> None:
        self.weight, self._x = weights(y, v, tau2), x
        products = self.across(1)
        singular = np.linalg.matrix_rank(products, hermitian=True) < x.shape[1]
        products[singular] = np.eye(x.shape[1])
        self.covariance = np.linalg.inv(products)
        self.covariance[singular] = np.nan
        known = np.where(self.weight > 0, y, 0.0)
        self.coefficients = np.einsum("vij,jv->iv", self.covariance, x.T @ (self.weight * known))
        self.rest = np.where(self.weight > 0, known - x @ self.coefficients, 0.0)
        self.df = (self.weight > 0).sum(axis=0) - x.shape[1]

    def across(self, power: int) -> Floats:
        """Return X' W^power X, (elements, coefficients, coefficients)."""
        pairs = (self._x[:, :, None] * self._x[:, None, :]).reshape(len(self._x), -1)
        size = self._x.shape[1]
        return np.asarray((self.weight**power).T @ pairs).reshape(-1, size, size)

    @property
    def trace(self) -> Floats:
        """Trace of P, (elements,)."""
        return np.asarray(self.weight.sum(axis=0) - np.einsum("vij,vji->v", self.covariance, self.across(2)))

    @property
    def trace_of_square(self) -> Floats:
        """Trace of P P, (elements,)."""
        middle = self.covariance @ self.across(2)
        twice = np.einsum("vij,vji->v", self.covariance, self.across(3))
        return np.asarray((self.weight**2).sum(axis=0) - 2 * twice + np.einsum("vij,vji->v", middle, middle))


def _tau2(y: Floats, v: Floats, x: Floats, estimator: str) -> Floats:
    fit = _WeightedFit(y, v, x, np.zeros(y.shape[1]))
    q = (fit.weight * fit.rest**2).sum(axis=0)
    found: Floats = np.maximum(0.0, (q - fit.df) / fit.trace)
    if estimator == "DL":
        return found

    def step(tau2: Floats) -> Floats:
        fit = _WeightedFit(y, v, x, tau2)
        move = (((fit.weight * fit.rest) ** 2).sum(axis=0) - fit.trace) / fit.trace_of_square
        return np.asarray(np.nan_to_num(move))

    return iterated(step, np.nan_to_num(found), v)
