"""Effects of studies as they go along with what studies are like: random-effects regression of one outcome.

With W = diag(1 / (v + tau²)) and P = W - W X (X'W X)^-1 X'W, tau² is (y'P y - (k - p)) / tr P with tau² = 0 in W
(DerSimonian-Laird), or the largest restricted likelihood; limits by Knapp & Hartung (2003, doi:10.1002/sim.1482).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.synthesis.between_studies import ESTIMATORS

Floats = NDArray[np.float64]

STUDIES_A_COLUMN = 10
"""Studies that each column of a regression needs."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MetaRegression:
    """Coefficients, (columns,): the first is the intercept; Wald errors beside those of Knapp and Hartung.

    `r2` is the share of tau² that the columns explain, NaN where there is none to be explained.
    """

    coefficients: Floats
    wald_errors: Floats
    errors: Floats
    tau2: float
    r2: float
    df: int

    @property
    def p(self) -> Floats:
        """Two-sided p of each coefficient."""
        return np.asarray(2 * scipy.stats.t.sf(np.abs(self.coefficients / self.errors), self.df))

    def limits(self, level: float = 0.95) -> Floats:
        """Return the confidence limits of the coefficients, (2, columns)."""
        reach = scipy.stats.t.isf((1 - level) / 2, self.df) * self.errors
        return np.stack([self.coefficients - reach, self.coefficients + reach])


def meta_regression(effects: Floats, variances: Floats, columns: Floats, estimator: str = "DL") -> MetaRegression:
    """Regress effects of studies, (studies,), on columns, (studies, columns), beside an intercept.

    Parameters
    ----------
    estimator : {'FE', 'DL', 'REML'}

    Raises
    ------
    ValueError
        If the columns do not tell studies apart, or there are no more studies than coefficients.
    """
    x = np.column_stack([np.ones(len(effects)), columns])
    if len(x) <= x.shape[1] or np.linalg.matrix_rank(x) < x.shape[1]:
        raise ValueError("These columns do not tell studies apart.")
    df = len(x) - x.shape[1]
    tau2 = 0.0 if estimator == "FE" else _tau2(effects, variances, x, estimator)
    weight = 1 / (variances + tau2)
    covariance = np.linalg.inv(x.T * weight @ x)
    coefficients = covariance @ (x.T @ (weight * effects))
    spread = float((weight * (effects - x @ coefficients) ** 2).sum() / df)
    wald = np.sqrt(np.diag(covariance))
    alone = float(ESTIMATORS[estimator](effects[:, None], variances[:, None])[0])
    return MetaRegression(
        coefficients=coefficients, wald_errors=wald, errors=np.sqrt(spread) * wald, tau2=tau2, df=df,
        r2=max(0.0, 1 - tau2 / alone) if alone > 0 else float("nan"),
    )  # fmt: skip


def _tau2(y: Floats, v: Floats, x: Floats, estimator: str) -> float:
    def projected(tau2: float) -> Floats:
        weight = 1 / (v + tau2)
        across = x.T * weight
        return np.asarray(np.diag(weight) - across.T @ np.linalg.solve(across @ x, across))

    p = projected(0.0)
    found = max(0.0, float((y @ p @ y - (len(y) - x.shape[1])) / np.trace(p)))
    if estimator == "DL":
        return found
    for _ in range(400):
        p = projected(found)
        after = max(0.0, found + float((y @ p @ p @ y - np.trace(p)) / np.sum(p * p)))
        if abs(after - found) <= 1e-12 * float(np.median(v)):
            return after
        found = after
    return found
