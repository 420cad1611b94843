"""The primary analysis of an outcome: arms after treatment, adjusted for baseline and strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.errors import WrongDataError
from bids_app.statistics import linear_model, permutation
from bids_app.statistics.allocation import Scheme
from bids_app.statistics.network import graph_of
from bids_app.statistics.sweep import Geometry

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Comparison:
    """Difference of two arms in the units of the outcome.

    Attributes
    ----------
    difference, error, low, high : float
        Active less control arm, its standard error and 95 % limits.
    t, p : float
        Two-sided, of the normal model.
    df : int
    rerandomised_p : float
        Share of the relabellings, the observed one among them, whose |t| reaches the observed one.
    relabellings : int
    adjusted : bool
        False where the value before is told by the other columns already, or the same in everybody.
    """

    difference: float
    error: float
    low: float
    high: float
    t: float
    p: float
    df: int
    rerandomised_p: float
    relabellings: int
    adjusted: bool = True


def compare(after: Values, arm: Values, nuisance: Values, before: Values | None, scheme: Scheme) -> Comparison:
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
    baseline = None if before is None or not _says_more(before, nuisance) else before.astype(np.float64)[:, None]
    model = linear_model.fit(
        np.asarray(after, dtype=np.float64)[:, None], np.asarray(arm, dtype=np.float64),
        np.asarray(nuisance, dtype=np.float64), baseline,
    )  # fmt: skip
    alone = Geometry(graph_of({"outcome": ("a", "b")}), None, np.inf)
    null = permutation.run(model, scheme, alone)
    difference, error = float(model.effect[0]), float(np.sqrt(model.variance[0]))
    if not error > 1e-9 * float(np.abs(after).max()):
        raise WrongDataError("Nobody differs from anybody else once arms and what is adjusted for are taken out.")
    margin = stats.t.isf(0.025, model.df) * error
    t = difference / error
    return Comparison(
        difference, error, difference - margin, difference + margin, t, float(2 * stats.t.sf(abs(t), model.df)),
        model.df, float(null.reached[0] / scheme.total), scheme.total, before is None or baseline is not None,
    )  # fmt: skip


def _says_more(column: Values, nuisance: Values) -> bool:
    """Return whether a column varies beside others, beyond rounding."""
    left = linear_model.residual(
        column.astype(np.float64)[:, None], linear_model.orthonormal(nuisance.astype(np.float64))
    )
    return bool(np.linalg.norm(left) > 1e-7 * np.linalg.norm(column))
