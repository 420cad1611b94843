"""A test of means that unequal variances do not disturb: signs of residuals, and t with the variance HC2.

Re-randomisation tests that the arms have one distribution; where their variances differ, the largest |t| over a map
then says more than that means differ. Here the residuals of the whole model, each over the root of 1 - leverage, get a
random sign for each participant, the same at every voxel, and the model is fitted again (the wild bootstrap: Davidson &
Flachaire 2008, doi:10.1016/j.jeconom.2008.08.003). t is studentised each time by HC2 (MacKinnon & White 1985,
doi:10.1016/0304-4076(85)90158-7), which between two arms without covariates is Welch's t.

With orthonormal axes q_j of the whole model (nuisance, baseline, tested), signs s, f = residual / sqrt(1 - h) and
weights w = d_a d_b / (1 - h) of the tested axes d, products g_j = sum(q_j f s) and r_j = sum(w q_j f s) give each
variance without the residuals of the new fit:

    sum(w e*^2) = sum(w f^2) - 2 g'r + g'A g,    A_jl = sum(w q_j q_l)

so that a permutation is a product of signs with rows that do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.linear_model import LinearModel, Matrix, orthonormal, residual, tiles
from bids_app.statistics.permutation.wild_refit import Patterns, WildEstimates, refit
from bids_app.statistics.permutation.wild_rows import Axes, Floats, Moments, Shared, WildInputs, add_moments

MOST = 0.1
"""Share of voxels with such a participant above which no robust p is given."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Residuals:
    """A model made ready for signs of its residuals.

    Attributes
    ----------
    t : (voxels,) float64
        Observed statistic: t, or F of several columns.
    determined : float
        Share of voxels at which a participant's leverage is above `wild_rows.HIGHEST`.
    """

    t: NDArray[np.float64]
    axes: Axes
    shared: Shared
    moments: Moments
    determined: float


def prepare(model: LinearModel) -> Residuals:
    """Return what all patterns of signs share."""
    people, voxels = model.tested.shape
    tested = orthonormal(residual(model.columns, model.nuisance)).T
    if model.rank == 1:
        tested = tested * np.sign(tested[0] @ model.columns[:, 0])
    axes = Axes(model.nuisance.T.astype(np.float32), tested.astype(np.float32))
    rank, pairs, size = model.rank, model.rank * (model.rank + 1) // 2, _size(model)
    shared = Shared(*(np.zeros(shape, np.float32) for shape in ((rank, voxels), (voxels,), (rank, voxels))))
    shapes = (pairs, voxels), (pairs, size * (size + 1) // 2, voxels), (pairs, voxels), (voxels,)
    moments = Moments(*(np.zeros(shape, np.float32) for shape in shapes))
    for tile in tiles(people, voxels):
        outcome, before = model.units(tile)
        products = tested @ outcome
        if before is not None:
            r = tested @ before
            total = np.maximum((r**2).sum(axis=0), 1e-12)
            stretch = (1 / np.sqrt(np.maximum(1 - total, 1e-12)) - 1) / total
            products = products + stretch * r * (r * products).sum(axis=0)
            shared.across[:, tile], shared.stretch[tile] = r, stretch
        shared.slope[:, tile] = products
        add_moments(_of(model, axes, shared, tile), Moments(*(values[..., tile] for values in moments)))
    t = _studentised(shared.slope[:, None], moments.observed[:, None], rank)[0]
    return Residuals(t=t, axes=axes, shared=shared, moments=moments, determined=float((moments.determined > 0).mean()))


def signed(
    model: LinearModel, prepared: Residuals, signs: Matrix, start: int
) -> Callable[[slice], tuple[Floats, None]]:
    """Return what gives the statistic of a tile, (permutations, voxels).

    Parameters
    ----------
    signs : (permutations, n)
        Number 0, the observed one, is no pattern of signs: its row is not looked at.
    start : int
        Number of the first permutation.
    """
    patterns, rank = _in_fours(signs), model.rank

    def work(tile: slice) -> tuple[Floats, None]:
        slope = np.empty((rank, len(signs), tile.stop - tile.start), np.float32)
        variance = np.empty((rank * (rank + 1) // 2, *slope.shape[1:]), np.float32)
        moments = Moments(*(values[..., tile] for values in prepared.moments))
        refit(_of(model, prepared.axes, prepared.shared, tile), moments, patterns, WildEstimates(slope, variance))
        t = _studentised(slope, variance, rank)
        if start == 0:
            t[0] = prepared.t[tile]
        return t.astype(np.float32, copy=False), None

    return work


def _in_fours(signs: Matrix) -> Patterns:
    """Return signs as kernels look them up; participants that are not there are added up to a multiple of four."""
    more = -signs.shape[1] % 4
    fours = np.concatenate([signs, np.ones((len(signs), more))], axis=1).reshape(len(signs), -1, 4)
    differs = fours[:, :, 1:] != fours[:, :, :1]
    return Patterns((differs * np.array([4, 2, 1])).sum(axis=2), fours[:, :, 0].astype(np.float32))


def _size(model: LinearModel) -> int:
    """Return the number of axes of the whole model."""
    return int(model.nuisance.shape[1]) + (model.baseline is not None) + model.rank


def _of(model: LinearModel, axes: Axes, shared: Shared, tile: slice) -> WildInputs:
    """Return what the kernels need of some voxels."""
    before = model.tested[:0, tile] if model.baseline is None else model.baseline[:, tile]
    return WildInputs(axes, Shared(*(values[..., tile] for values in shared)), model.tested[:, tile], before)


def _studentised(
    slope: NDArray[np.floating[Any]], variance: NDArray[np.floating[Any]], rank: int
) -> NDArray[np.floating[Any]]:
    """Return t of one axis, or Wald's F of several, (permutations, voxels).

    Parameters
    ----------
    slope : (rank, permutations, voxels)
    variance : (pairs, permutations, voxels)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if rank == 1:
            return np.asarray(np.where(variance[0] > 0, slope[0] / np.sqrt(variance[0]), 0 * variance[0]))
        whole = np.empty((*slope.shape[1:], rank, rank))
        for place, (a, b) in enumerate((one, two) for two in range(rank) for one in range(two + 1)):
            whole[..., a, b] = whole[..., b, a] = variance[place]
        vector = np.moveaxis(slope, 0, -1).astype(np.float64)[..., None]
        known = np.linalg.det(whole) > 0
        whole[~known] = np.eye(rank)
        form = (vector * np.linalg.solve(whole, vector)).sum(axis=(-1, -2)) / rank
        return np.asarray(np.where(known, np.maximum(form, 0.0), 0.0))
