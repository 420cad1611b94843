"""A test of means that unequal variances do not disturb: signs of residuals, and t with the variance HC2.

Arms drawn anew test that the arms have one distribution; where their variances differ, the largest |t| over a map then
says more than that means differ. Here the residuals of the whole model, each over the root of 1 - leverage, get a
random sign for each participant, the same at every voxel, and the model is fitted again (the wild bootstrap: Davidson &
Flachaire 2008, doi:10.1016/j.jeconom.2008.08.003). t is studentised each time by HC2 (MacKinnon & White 1985,
doi:10.1016/0304-4076(85)90158-7), which between two arms without covariates is Welch's t.

With orthonormal axes q_j of the whole model (nuisance, baseline, tested), signs s, f = residual / sqrt(1 - h) and
weights w = d_a d_b / (1 - h) of the tested axes d, products g_j = sum(q_j f s) and r_j = sum(w q_j f s) give each
variance without the residuals of the new fit:

    sum(w e*^2) = sum(w f^2) - 2 g'r + g'A g,    A_jl = sum(w q_j q_l)

so that a relabelling is a product of signs with rows that do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.linear_model import LinearModel, Matrix, orthonormal, residual, tiles
from bids_app.statistics.wild_rows import Axes, Floats, Moments, Shared, add_up, fill_rows, fill_variances

STRIP = 512
"""Voxels whose rows stay in the cache between they are made and multiplied."""

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
        Share of voxels at which somebody's leverage is above `wild_rows.HIGHEST`.
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
        for strip in _strips(tile):
            add_up(*_of(model, axes, shared, strip), Moments(*(values[..., strip] for values in moments)))
    t = _studentised(shared.slope[:, None], moments.observed[:, None], rank)[0]
    return Residuals(t=t, axes=axes, shared=shared, moments=moments, determined=float((moments.determined > 0).mean()))


def signed(
    model: LinearModel, prepared: Residuals, signs: Matrix, start: int
) -> Callable[[slice], tuple[Matrix, Matrix]]:
    """Return what gives c (or s) and e of a tile (see `relabelled`) such that the statistic of these is the robust one.

    Parameters
    ----------
    signs : (relabellings, n)
        Number 0, the observed one, is no pattern of signs: its row is not looked at.
    start : int
        Number of the first relabelling.
    """
    factors, size, pairs = signs.astype(np.float32), _size(model), len(prepared.moments.squares)
    people, many = signs.shape[1], (1 + pairs) * size
    room = np.empty(people * many * STRIP, np.float32), np.empty(len(signs) * many * STRIP, np.float32)

    def work(tile: slice) -> tuple[Matrix, Matrix]:
        t = np.empty((len(signs), tile.stop - tile.start))
        for strip in _strips(tile):
            voxels = strip.stop - strip.start
            rows = room[0][: people * many * voxels].reshape(people, many, voxels)
            fill_rows(*_of(model, prepared.axes, prepared.shared, strip), rows)
            product = room[1][: len(signs) * many * voxels].reshape(len(signs), many * voxels)
            np.matmul(factors, rows.reshape(people, -1), out=product)
            sums = product.reshape(len(signs), 1 + pairs, size, voxels)
            variance = np.empty((pairs, len(signs), voxels))
            fill_variances(sums, prepared.moments.squares[:, strip], prepared.moments.gram[..., strip], variance)
            slope = sums[:, 0, size - model.rank :].transpose(1, 0, 2)
            t[:, strip.start - tile.start : strip.stop - tile.start] = _studentised(slope, variance, model.rank)
        if start == 0:
            t[0] = prepared.t[tile]
        c = t / np.sqrt(model.df + t**2) if model.rank == 1 else t * model.rank / (model.df + t * model.rank)
        return c, np.zeros_like(c)

    return work


def _size(model: LinearModel) -> int:
    """Return the number of axes of the whole model."""
    return int(model.nuisance.shape[1]) + (model.baseline is not None) + model.rank


def _strips(tile: slice) -> Iterator[slice]:
    for start in range(tile.start, tile.stop, STRIP):
        yield slice(start, min(start + STRIP, tile.stop))


def _of(model: LinearModel, axes: Axes, shared: Shared, strip: slice) -> tuple[Axes, Shared, Floats, Floats]:
    """Return what the kernels need of some voxels: no baseline is one of no participants."""
    before = model.tested[:0, strip] if model.baseline is None else model.baseline[:, strip]
    return axes, Shared(*(values[..., strip] for values in shared)), model.tested[:, strip], before


def _studentised(slope: NDArray[np.floating[Any]], variance: NDArray[np.floating[Any]], rank: int) -> Matrix:
    """Return t of one axis, or Wald's F of several, (relabellings, voxels).

    Parameters
    ----------
    slope : (rank, relabellings, voxels)
    variance : (pairs, relabellings, voxels)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        if rank == 1:
            t = slope[0] / np.sqrt(variance[0], dtype=np.float64)
            return np.asarray(np.where(variance[0] > 0, t, 0.0 * variance[0]))
        whole = np.empty((*slope.shape[1:], rank, rank))
        for place, (a, b) in enumerate((one, two) for two in range(rank) for one in range(two + 1)):
            whole[..., a, b] = whole[..., b, a] = variance[place]
        vector = np.moveaxis(slope, 0, -1).astype(np.float64)[..., None]
        known = np.linalg.det(whole) > 0
        whole[~known] = np.eye(rank)
        form = (vector * np.linalg.solve(whole, vector)).sum(axis=(-1, -2)) / rank
        return np.asarray(np.where(known, np.maximum(form, 0.0), 0.0))
