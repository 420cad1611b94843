"""Whether small studies find more than large ones: what missing studies would look like, and other things too.

Small trials may also treat other patients, longer, or be worse; asymmetry of a funnel is no proof of a file drawer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.synthesis.between_studies import ESTIMATORS, mean_and_q, weights
from bids_app.statistics.synthesis.meta_regression import meta_regression

Floats = NDArray[np.float64]

LEAST = 10
"""Studies below which asymmetry is not tested: with five, chance alone makes striking values."""


class Asymmetry(NamedTuple):
    """Intercept of Egger's line by its error, its df, and its two-sided p."""

    t: float
    df: int
    p: float


def egger(effects: Floats, variances: Floats) -> Asymmetry:
    """Test whether effects by their errors lie on a line through 0; both inputs are (studies,).

    Notes
    -----
    Egger 1997, doi:10.1136/bmj.315.7109.629: y / se on 1 / se, unweighted.
    """
    error = np.sqrt(variances)
    x = np.column_stack([np.ones(len(effects)), 1 / error])
    y = effects / error
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ (x.T @ y)
    df = len(y) - 2
    spread = float(((y - x @ coefficients) ** 2).sum() / df)
    t = float(coefficients[0] / np.sqrt(spread * inverse[0, 0]))
    return Asymmetry(t, df, float(2 * scipy.stats.t.sf(abs(t), df)))


class Filled(NamedTuple):
    """Studies as they stand with those that are thought to be missing: the last `missing` ones are mirror images."""

    effects: Floats
    variances: Floats
    missing: int
    side: str


def trim_and_fill(effects: Floats, variances: Floats, estimator: str = "DL", count: str = "L0") -> Filled:
    """Add the mirror images of studies that have no counterpart on the other side; inputs are (studies,).

    Parameters
    ----------
    count : {'L0', 'R0'}
        How the number of missing studies is estimated.

    Notes
    -----
    Duval & Tweedie 2000, doi:10.1111/j.0006-341X.2000.00455.x. The side is that of Egger's slope on the error, as in
    metafor: studies are missing on the left where small ones have larger effects.
    """
    slope = meta_regression(effects[:, None], variances[:, None], np.sqrt(variances)[:, None]).coefficients[1, 0]
    side, sign = ("right", -1.0) if slope < 0 else ("left", 1.0)
    values = sign * effects
    order = np.argsort(values, kind="stable")
    values, v, k = values[order], variances[order], len(effects)
    missing = 0
    for _ in range(100):
        kept = slice(0, k - missing)
        centre = _centre(values[kept], v[kept], estimator)
        away = values - centre
        ranks = np.sign(away) * scipy.stats.rankdata(np.abs(away), method="ordinal")
        found = _missing(ranks, k, count)
        if found == missing:
            break
        missing = found
    mirrored = 2 * centre - values[k - missing :]
    return Filled(
        np.concatenate([effects, sign * mirrored]), np.concatenate([variances, v[k - missing :]]), missing, side
    )


def _missing(ranks: Floats, k: int, count: str) -> int:
    if count == "R0":
        behind = int(np.max(-ranks[ranks < 0], initial=0))
        return max(0, k - behind - 1)
    total = float(ranks[ranks > 0].sum())
    return max(0, round((4 * total - k * (k + 1)) / (2 * k - 1)))


def _centre(effects: Floats, variances: Floats, estimator: str) -> float:
    y, v = effects[:, None], variances[:, None]
    mean, _ = mean_and_q(y, weights(y, v, ESTIMATORS[estimator](y, v)))
    return float(mean[0])


def rosenthal(effects: Floats, variances: Floats, alpha: float = 0.05) -> int:
    """Return how many studies of no effect would lift the one-sided p of Stouffer above alpha; inputs are (studies,).

    It says nothing of how many there are (598 for thirteen trials of one vaccine), and stands in no claim.
    """
    z = effects / np.sqrt(variances)
    return max(0, int(np.ceil((z.sum() / scipy.stats.norm.isf(alpha)) ** 2 - len(z))))
