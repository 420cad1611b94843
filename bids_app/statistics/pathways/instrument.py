"""Arm as an instrument of a path: off by default, for arms differ in more than the node; shown where it was asked for.

Limits of a ratio say nothing where arms hardly differ in the node; the set of Anderson and Rubin keeps its level there
(Anderson & Rubin 1949, doi:10.1214/aoms/1177730090), and may be the whole line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.pathways.equations import residuals

Floats = NDArray[np.float64]

WEAK = 10.0
"""First-stage F below which no estimate is told."""


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """First-stage F, the ratio of both differences between arms, and the set of slopes that are not rejected.

    `low` and `high` are the ends of that set; -inf and inf where it has none. `outside` is True where the set is all
    that lies outside of them.
    """

    f: float
    ratio: float
    low: float
    high: float
    outside: bool = False

    @property
    def weak(self) -> bool:
        """True where arms hardly differ in the node."""
        return self.f < WEAK


def instrument(arm: Floats, node: Floats, outcome: Floats, others: Floats, level: float = 0.95) -> Instrument:
    """Return what arms say of a path from node to outcome, if they differ in nothing else that acts on it.

    Parameters
    ----------
    arm, node, outcome : (n,)
    others : (n, k)
        The constant, strata and covariates.
    """
    z, x, y = (residuals(values, others) for values in (arm, node, outcome))
    df = len(z) - int(np.linalg.matrix_rank(np.column_stack([others, arm])))
    slope = z @ x / (z @ z)
    left = x - slope * z
    f = float(slope**2 * (z @ z) / (left @ left / df))
    reach = scipy.stats.f.isf(1 - level, 1, df)
    # F of arm in outcome - b node is below its limit where a b² + b1 b + c <= 0.
    share = (z @ z) * df / reach
    zx, zy = z @ x / (z @ z), z @ y / (z @ z)
    a = share * zx**2 + zx**2 * (z @ z) - x @ x
    b1 = -2 * (share * zx * zy + zx * zy * (z @ z) - x @ y)
    c = share * zy**2 + zy**2 * (z @ z) - y @ y
    ratio = float((z @ y) / (z @ x))
    inside = b1**2 - 4 * a * c
    if inside < 0:
        return Instrument(f=f, ratio=ratio, low=-np.inf, high=np.inf)
    low, high = sorted(float((-b1 + sign * np.sqrt(inside)) / (2 * a)) for sign in (-1, 1))
    return Instrument(f=f, ratio=ratio, low=low, high=high, outside=bool(a < 0))
