"""Effects of several studies pooled: one engine for single outcomes, tables, edges and maps.

Limits of random effects are those of Hartung & Knapp (2001, doi:10.1002/sim.791): with k - 1 degrees of freedom and the
variance that the weighted effects really show,

    var_HK = Σ w (y - mu)² / ((k - 1) Σ w),        w = 1 / (v + tau²)

They keep 5 % from three studies on, where limits of 1 / Σ w do not (docs/validation.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.synthesis.between_studies import ESTIMATORS, Floats, known, mean_and_q, weights

TILE = 65536
"""Elements that are pooled at once: some hundred megabytes of arithmetic for fifty studies."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Pooled:
    """Effects of studies brought together at each element; all arrays are (elements,).

    Attributes
    ----------
    k : int array
        Studies that have an effect there.
    effect, variance : float arrays
        Pooled effect and 1 / Σ w.
    spread : float array
        Σ w (y - mu)² / (k - 1), with the weights of the pooling: 1 where studies vary as their variances say.
    tau2, q : float arrays
        Variance between studies; Cochran's Q.
    estimator : str
        Name of the estimator of tau²; FE pools one common effect.
    conservative : bool
        True never lets `spread` narrow the limits; far too strict with few studies.
    """

    k: NDArray[np.int64]
    effect: Floats
    variance: Floats
    spread: Floats
    tau2: Floats
    q: Floats
    estimator: str
    conservative: bool = False

    @property
    def fixed(self) -> bool:
        """True if one effect common to all studies is pooled."""
        return self.estimator == "FE"

    @property
    def error(self) -> Floats:
        """Standard error of the effect; by Hartung and Knapp where effects of studies may differ."""
        if self.fixed:
            return np.sqrt(self.variance)
        least = 1.0 if self.conservative else 0.0
        return np.asarray(np.sqrt(np.maximum(self.spread, least) * self.variance))

    @property
    def t(self) -> Floats:
        """Effect by its error: a z of one common effect, else a t of k - 1 degrees of freedom.

        NaN where the error is 0: effects that are all the same tell nothing of how exact they are.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.error > 0, self.effect / self.error, np.nan)

    @property
    def p(self) -> Floats:
        """Two-sided p of `t`."""
        if self.fixed:
            return np.asarray(2 * scipy.stats.norm.sf(np.abs(self.t)))
        return np.asarray(2 * scipy.stats.t.sf(np.abs(self.t), np.maximum(self.k - 1, 1)))

    def limits(self, level: float = 0.95) -> Floats:
        """Return the confidence limits of the effect, (2, elements)."""
        tail = (1 - level) / 2
        reach = scipy.stats.norm.isf(tail) if self.fixed else scipy.stats.t.isf(tail, np.maximum(self.k - 1, 1))
        return np.stack([self.effect - reach * self.error, self.effect + reach * self.error])

    def prediction(self, level: float = 0.95) -> Floats:
        """Return the limits between which the effect of a further study is expected, (2, elements); NaN below k = 3.

        Notes
        -----
        mu ± t(k - 2) sqrt(tau² + 1 / Σ w) (Higgins 2009, doi:10.1111/j.1467-985X.2008.00552.x). metafor takes k - 1
        degrees of freedom and the variance of Hartung and Knapp.
        """
        reach = scipy.stats.t.isf((1 - level) / 2, np.maximum(self.k - 2, 1)) * np.sqrt(self.tau2 + self.variance)
        reach = np.where((self.k >= 3) & (not self.fixed), reach, np.nan)
        return np.stack([self.effect - reach, self.effect + reach])

    @property
    def i2(self) -> Floats:
        """Share of the variation of effects that is more than chance, 0 to 1 (`heterogeneity`)."""
        return _share(self.q, self.k - 1)

    @property
    def q_p(self) -> Floats:
        """P of Q: effects of all studies are one."""
        return np.where(self.k > 1, scipy.stats.chi2.sf(self.q, np.maximum(self.k - 1, 1)), np.nan)


def pool(effects: Floats, variances: Floats, estimator: str = "DL", *, conservative: bool = False) -> Pooled:
    """Pool the effects of studies at every element.

    Parameters
    ----------
    effects, variances : (studies, elements)
        A study without a value at an element (NaN, or a variance of 0) is left out there alone.
    estimator : {'FE', 'DL', 'HE', 'PM', 'REML', 'ML'}
        Of the variance between studies.
    """
    parts = [
        _pool(effects[:, start : start + TILE], variances[:, start : start + TILE], estimator)
        for start in range(0, effects.shape[1], TILE)
    ]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Pooled(**joined, estimator=estimator, conservative=conservative)


def _pool(effects: Floats, variances: Floats, estimator: str) -> dict[str, NDArray[np.float64]]:
    effects, variances = np.asarray(effects, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    plain = weights(effects, variances)
    k = (plain > 0).sum(axis=0)
    _, q = mean_and_q(effects, plain)
    tau2 = ESTIMATORS[estimator](effects, variances)
    weight = weights(effects, variances, tau2)
    effect, squares = mean_and_q(effects, weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "k": k, "effect": np.where(k > 0, effect, np.nan),
            "variance": np.where(k > 0, 1 / weight.sum(axis=0), np.nan),
            "spread": np.where(k > 1, squares / np.maximum(k - 1, 1), np.nan), "tau2": tau2, "q": q,
        }  # fmt: skip


def heterogeneity(effects: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return Cochran's Q and I², the share of the variation between parts that is more than chance, (elements,) each.

    Parameters
    ----------
    effects, variances : (parts, elements)
        Parts without a value are NaN.

    Notes
    -----
    I² = max(0, (Q - df) / Q) (Higgins & Thompson 2002, Stat Med 21:1539-1558, doi:10.1002/sim.1186).
    """
    weight = weights(effects, variances)
    _, q = mean_and_q(effects, weight)
    return q, _share(q, (weight > 0).sum(axis=0) - 1)


def _share(q: Floats, df: NDArray[np.int64]) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(q > 0, np.maximum(0.0, (q - df) / q), 0.0)
    return np.where(df > 0, share, np.nan)


def stouffer(z: Floats, sizes: Floats) -> Floats:
    """Return signed z of studies joined with weights √n, (elements,): Σ √n z / √Σ n; z is (studies, elements).

    Studies without a z at an element are left out there. `sizes` are the participants of each study, (studies,).
    """
    there = np.isfinite(z)
    root = np.where(there, np.sqrt(sizes)[:, None], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((root * np.where(there, z, 0.0)).sum(axis=0) / np.sqrt((root**2).sum(axis=0)))


def without_each(effects: Floats, variances: Floats, estimator: str = "DL") -> list[Pooled]:
    """Return the pooled effects without each of the studies in turn; inputs are (studies, elements)."""
    rows = np.arange(len(effects))
    return [pool(effects[rows != i], variances[rows != i], estimator) for i in rows]


def tau2_limits(effects: Floats, variances: Floats, level: float = 0.95) -> tuple[float, float]:
    """Return the confidence limits of tau² of one element, by the Q profile; both inputs are (studies,).

    Notes
    -----
    Viechtbauer 2007, doi:10.1002/sim.2514: those tau² at which Q is neither too small nor too large for k - 1 df.
    """
    there = known(effects, variances)
    y, v, df = effects[there, None], variances[there, None], int(there.sum()) - 1

    def q(tau2: float) -> float:
        return float(mean_and_q(y, weights(y, v, tau2))[1][0])

    def where(height: float) -> float:
        if df < 1 or q(0.0) <= height:
            return 0.0
        top = float(np.max(v))
        while q(top) > height:
            top *= 2
        return float(scipy.optimize.brentq(lambda tau2: q(tau2) - height, 0.0, top, xtol=1e-12))

    tail = (1 - level) / 2
    return where(scipy.stats.chi2.isf(tail, df)), where(scipy.stats.chi2.ppf(tail, df))
