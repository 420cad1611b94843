"""One tested column per voxel, with nuisance columns and, if asked, the voxel's own baseline.

Everything that no relabelling changes is done once. What is left of a voxel is one or two unit vectors;
t of any relabelling is then a handful of inner products:

    t = c1 * sqrt(df / (1 - c1² - Σ c2²))
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.relabelling import Rerandomisation, Scheme

Matrix = NDArray[np.float64]


def orthonormal(columns: Matrix) -> Matrix:
    """Return an orthonormal basis (n, rank) of the span of the columns."""
    if columns.shape[1] == 0:
        return columns
    left, singular, _ = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), full_matrices=False)
    return np.asarray(left[:, singular > 1e-9 * singular[0]])


def _residual(values: Matrix, basis: Matrix) -> Matrix:
    return values - basis @ (basis.T @ values)


def _unit(values: Matrix, scale: Matrix) -> Matrix:
    """Divide columns by their length; columns that are rounding beside `scale` become NaN."""
    length = np.linalg.norm(values, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(length > 1e-7 * scale, values / length, np.nan)


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A fitted family of linear models, one a voxel, ready to be relabelled.

    Attributes
    ----------
    tested : (n, voxels)
        Unit vectors whose inner product with the tested column is c1.
    baseline : (n, voxels) or None
        Unit vectors of the voxelwise regressor, where there is one.
    nuisance : (n, k)
        Orthonormal basis of the nuisance columns.
    regressor : (n,)
        Tested column as observed.
    df : int
        Residual degrees of freedom.
    effect, variance : (voxels,)
        Coefficient of the tested column in the units of the outcome, and its variance.
    """

    tested: Matrix
    baseline: Matrix | None
    nuisance: Matrix
    regressor: NDArray[np.float64]
    df: int
    effect: NDArray[np.float64]
    variance: NDArray[np.float64]

    def factors(self, scheme: Scheme, start: int, stop: int) -> tuple[Matrix, list[Matrix]]:
        """Return row vectors whose products with the voxels' unit vectors are c1 and the c2.

        The first goes with `tested`; the others with `baseline`, or with `tested` where there is none.
        """
        labels = scheme.draw(start, stop)
        if isinstance(scheme, Rerandomisation):
            columns = _residual(labels.T, self.nuisance)
            length = np.linalg.norm(columns, axis=0)
            # Arms relabelled to equal a covariate leave nothing to test: t is 0, not the quotient of roundings.
            kept = length > 1e-8 * np.linalg.norm(labels, axis=1)
            rows = (np.where(kept, columns, 0.0) / np.where(kept, length, 1.0)).T
            return rows, [] if self.baseline is None else [rows]
        column = _residual(self.regressor[:, None], self.nuisance)[:, 0]
        first = labels * (column / np.linalg.norm(column))
        return first, [labels * axis for axis in self.nuisance.T]


def fit(
    outcome: Matrix, regressor: NDArray[np.float64], nuisance: Matrix, baseline: Matrix | None = None
) -> LinearModel:
    """Fit outcome ~ regressor + nuisance (+ baseline of the same voxel) at every voxel.

    Parameters
    ----------
    outcome : (n, voxels)
    regressor : (n,)
        Tested column.
    nuisance : (n, k)
        Other columns; the constant must be among them unless it is tested.
    baseline : (n, voxels), optional

    Raises
    ------
    WrongDataError
        If no degree of freedom is left, or the tested column lies in the span of the nuisance.

    Notes
    -----
    Frisch-Waugh-Lovell: outcome and regressor are residualised on everything else. A baseline adds one
    degree of freedom to the model.
    """
    basis = orthonormal(nuisance)
    df = len(outcome) - basis.shape[1] - 1 - (baseline is not None)
    column = _residual(regressor[:, None], basis)
    if df < 1:
        raise WrongDataError(
            f"{len(outcome)} participants leave {df} degrees of freedom for this model; at least 1 is needed. "
            "Use fewer covariates or strata."
        )
    if np.linalg.norm(column) < 1e-8 * np.linalg.norm(regressor):
        raise WrongDataError(
            "The tested column is a combination of the covariates and strata, so its effect cannot be told "
            "from theirs (is there a stratum or a covariate that equals the arm?). Leave that one out."
        )
    size = np.linalg.norm(outcome, axis=0)
    left = _residual(outcome, basis)
    if baseline is None:
        across, unit_baseline, part = np.zeros(outcome.shape[1]), None, left
        direction = np.broadcast_to(column, outcome.shape)
    else:
        unit_baseline = _unit(_residual(baseline, basis), np.linalg.norm(baseline, axis=0))
        part = left - unit_baseline * np.einsum("nv,nv->v", unit_baseline, left)
        across = column[:, 0] @ unit_baseline
        direction = column - unit_baseline * across
    weight = column[:, 0] @ column[:, 0] - across**2
    with np.errstate(invalid="ignore", divide="ignore"):
        effect = column[:, 0] @ part / weight
        residual = part - direction * effect
        variance = np.einsum("nv,nv->v", residual, residual) / df / weight
    return LinearModel(_unit(part, size), unit_baseline, basis, regressor, df, effect, variance)
