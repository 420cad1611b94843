"""Tested columns per voxel, with nuisance columns and, if asked, the voxel's own baseline.

Everything that no permutation changes is done once. What is left of a voxel is one or two unit vectors; the statistic
of any permutation is then a handful of inner products (`statistic`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.vocabulary import array_allocation

if TYPE_CHECKING:
    from bids_app.statistics.permutation.wild_bootstrap import Residuals

Matrix = NDArray[np.float64]
Maps = NDArray[np.floating[Any]]

TILE = 4096
"""Voxels worked on at once, of up to a thousand people: no second array of all voxels is needed."""


def tiles(people: int, voxels: int) -> Iterator[slice]:
    """Yield all voxels, some at a time: fewer of many people, so that a tile stays small."""
    step = max(64, TILE * 1000 // max(people, 1000))
    for start in range(0, voxels, step):
        yield slice(start, min(start + step, voxels))


def orthonormal(columns: Matrix) -> Matrix:
    """Return an orthonormal basis (n, rank) of the span of the columns."""
    length = np.linalg.norm(columns, axis=0)
    if not length.any():
        return columns[:, :0]
    left, singular, _ = np.linalg.svd(columns[:, length > 0] / length[length > 0], full_matrices=False)
    return np.asarray(left[:, singular > 1e-9 * singular[0]])


def residual(values: Matrix, basis: Matrix) -> Matrix:
    """Return what an orthonormal basis leaves of columns, (n, k)."""
    return values - basis @ (basis.T @ values)


def _unit(values: Matrix, scale: Matrix) -> Matrix:
    """Divide columns by their length; columns that are rounding beside `scale` become NaN."""
    length = np.linalg.norm(values, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(length > 1e-7 * scale, values / length, np.nan)


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearModel:
    """A fitted family of linear models, one a voxel, ready to be permuted.

    Attributes
    ----------
    tested : (n, voxels)
        Unit vectors: the outcome less what nuisance and baseline explain.
    baseline : (n, voxels) or None
        Unit vectors of the voxelwise regressor, on steps of which single precision has exact sums (`on_steps`). Both
        take most of the memory: they are rounded, sums over them are not.
    nuisance : (n, k)
        Orthonormal basis of the nuisance columns.
    columns : (n, q)
        Tested columns as observed.
    df : int
        Residual degrees of freedom.
    effect, variance : (voxels,)
        Coefficient of the tested column in the units of the outcome, and its variance. With several columns the
        share of variance that they explain, and NaN.
    effective_size : (voxels,)
        The number that a single tested column is worth: residual variance over that of its effect. Of two arms without
        anything beside it is n1 n2 / (n1 + n2). NaN with several columns.
    by_arm : bool
        True gives each arm a variance of its own in t.
    robust : Residuals or None
        What signs of residuals need (`wild.prepare`).
    """

    tested: NDArray[np.float32]
    baseline: NDArray[np.float32] | None
    nuisance: Matrix
    columns: Matrix
    df: int
    effect: NDArray[np.float64]
    variance: NDArray[np.float64]
    effective_size: NDArray[np.float64]
    by_arm: bool = False
    robust: Residuals | None = None

    @property
    def rank(self) -> int:
        """Number of tested columns: 1 gives t, more give F."""
        return int(self.columns.shape[1])

    def units(self, tile: slice) -> tuple[Matrix, Matrix | None]:
        """Return the unit vectors of some voxels in double precision: of the outcome, and of the baseline."""
        before = None if self.baseline is None else self.baseline[:, tile].astype(np.float64)
        return self.tested[:, tile].astype(np.float64), before


def fit(outcome: Maps, tested: Matrix, nuisance: Matrix, baseline: Maps | None = None) -> LinearModel:
    """Fit outcome ~ tested + nuisance (+ baseline of the same voxel) at every voxel.

    Parameters
    ----------
    outcome : (n, voxels)
        Single or double precision.
    tested : (n,) or (n, q)
        Tested column, or several for an F.
    nuisance : (n, k)
        Other columns; the constant must be among them unless it is tested.
    baseline : (n, voxels), optional

    Raises
    ------
    WrongDataError
        If no degree of freedom is left, or a tested column lies in the span of the nuisance.

    Notes
    -----
    Frisch-Waugh-Lovell: outcome and tested columns are residualised on everything else. A baseline adds one
    degree of freedom to the model.
    """
    basis = orthonormal(nuisance)
    columns = tested.reshape(len(outcome), -1).astype(np.float64)
    df = len(outcome) - basis.shape[1] - columns.shape[1] - (baseline is not None)
    if df < 1:
        raise WrongDataError(
            f"{len(outcome)} participants leave {df} degrees of freedom for this model; at least 1 is needed. "
            "Use fewer covariates or strata."
        )
    left, length = residual(columns, basis), np.linalg.norm(columns, axis=0)
    if not length.all() or np.linalg.svd(left / length, compute_uv=False)[-1] < 1e-8:
        raise WrongDataError(
            "The tested column is a combination of the covariates and strata (collinear), so its effect cannot be "
            "estimated (is there a stratum or a covariate that equals the arm?). Leave that one out."
        )
    ones = np.ones((len(outcome), 1))
    centred = bool(np.linalg.norm(residual(ones, basis)) < 1e-8)
    voxels = outcome.shape[1]
    unit = array_allocation.empty_array((len(outcome), voxels))
    before = None if baseline is None else array_allocation.empty_array((len(outcome), voxels))
    found = np.empty((3, voxels))
    for tile in tiles(len(outcome), voxels):
        own = None if baseline is None else baseline[:, tile].astype(np.float64)
        unit[:, tile], unit_baseline, found[:, tile] = _tile(outcome[:, tile].astype(np.float64), left, basis, own, df)
        if before is not None and unit_baseline is not None:
            before[:, tile] = on_steps(unit_baseline, centred=centred)
    return LinearModel(
        tested=unit,
        baseline=before,
        nuisance=basis,
        columns=columns,
        df=df,
        effect=found[0],
        variance=found[1],
        effective_size=found[2],
    )


def on_steps(unit: Matrix, *, centred: bool) -> Matrix:
    """Return unit vectors, (n, voxels), rounded so that any of their values are added up exactly in single precision.

    Whatever adds them, in whatever order and on whatever processor, then finds the same sum, and twice as fast.
    Steps are 5e-7 of the length of a vector of a hundred values.

    Parameters
    ----------
    centred : bool
        True for vectors that add up to 0, as they do afterwards: those who are not of an arm have minus its sum.
    """
    step = 2.0 ** (np.ceil(np.log2(len(unit)) / 2) - 24)
    counts = np.rint(unit / step)
    if centred:
        total = counts.sum(axis=0)
        counts -= np.sign(total) * (np.arange(len(unit))[:, None] < np.abs(total))
    return np.asarray(counts * step)


def _tile(
    outcome: Matrix, columns: Matrix, basis: Matrix, baseline: Matrix | None, df: int
) -> tuple[Matrix, Matrix | None, Matrix]:
    """Return unit vectors of outcome and baseline, and effect over variance over effective size, of some voxels."""
    size = np.linalg.norm(outcome, axis=0)
    part = residual(outcome, basis)
    across = np.zeros((columns.shape[1], outcome.shape[1]))
    unit = None
    if baseline is not None:
        unit = _unit(residual(baseline, basis), np.linalg.norm(baseline, axis=0))
        part = part - unit * np.einsum("nv,nv->v", unit, part)
        across = columns.T @ unit
    with np.errstate(invalid="ignore", divide="ignore"):
        if columns.shape[1] > 1:
            total = np.einsum("nv,nv->v", part, part)
            axes = orthonormal(columns).T
            explained = explained_share(axes @ part, None if unit is None else axes @ unit)
            return _unit(part, size), unit, np.stack([explained / total, *np.full((2, len(size)), np.nan)])
        weight = columns[:, 0] @ columns[:, 0] - across[0] ** 2
        effect = columns[:, 0] @ part / weight
        direction = columns if unit is None else columns - unit * across[0]
        rest = part - direction * effect
        variance = np.einsum("nv,nv->v", rest, rest) / df / weight
    return _unit(part, size), unit, np.stack([effect, variance, np.broadcast_to(weight, size.shape)])


def explained_share(products: Matrix, across: Matrix | None) -> NDArray[np.float64]:
    """Return the sum of squares that orthonormal columns explain beyond a baseline, (...,).

    Parameters
    ----------
    products : (q, ...)
        Inner products of the columns with an outcome that is orthogonal to the baseline.
    across : (q, ...) or None
        Their inner products with the unit baseline.

    Notes
    -----
    Beyond a baseline b the columns have the Gram matrix I − r r', whose inverse is I + r r' / (1 − r'r).
    """
    squares = (products**2).sum(axis=0)
    if across is None:
        return np.asarray(squares)
    shared = (products * across).sum(axis=0) ** 2
    left = np.maximum(1.0 - (across**2).sum(axis=0), 1e-300)
    return np.asarray(squares + shared / left)
