"""The statistic of permuted models, from inner products with the unit vectors of each voxel.

With c the share (as a cosine) of the tested column and e the share of squares that the other columns explain,

    t = c sqrt(df / (1 - e - c²)),      F = (s / q) df / (1 - e - s)

where s is the sum of squares of q tested columns. Re-randomised arms change the tested columns (Draper-Stoneman);
flipped or exchanged residuals change the outcome, and the whole model is fitted again (Freedman & Lane 1983,
doi:10.2307/1391660).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters import kernels
from bids_app.statistics.permutation.linear_model import (
    LinearModel,
    Matrix,
    explained_share,
    orthonormal,
    residual,
    tiles,
)
from bids_app.statistics.permutation.rerandomisation import Rerandomisation, Scheme
from bids_app.statistics.permutation.schemes import Exchange, ResidualSigns, SignFlips
from bids_app.statistics.permutation.welch import by_arm
from bids_app.statistics.permutation.wild_bootstrap import signed


class StatisticTile(NamedTuple):
    """Some voxels of some permutations: c (or s, where several columns are tested) and e, (permutations, voxels).

    Signs of residuals have the statistic itself in place of c, and no e.
    """

    tile: slice
    c: NDArray[Any]
    e: Matrix | None

    def fill(
        self, kind: kernels.StatisticKind, out: NDArray[np.float32], tally: kernels.Counters, first: int = 0
    ) -> None:
        """Fill the statistic of these voxels, `out`, from relabelling `first` on, and count."""
        if self.e is not None:
            kernels.fill(self.c[first:], self.e[first:], kind, out, tally)
        else:
            out[:] = self.c[first:]
            kernels.count(out, kind, tally)


Work = Callable[[slice], tuple[NDArray[Any], Matrix | None]]


def statistic_tiles(model: LinearModel, scheme: Scheme, start: int, stop: int) -> Iterator[StatisticTile]:
    """Yield the shares of relabellings start .. stop − 1, some voxels at a time."""
    labels = scheme.draw(start, stop)
    work: Work
    if isinstance(scheme, ResidualSigns):
        if model.robust is None:
            raise ValueError("Signs of residuals need a model that was prepared for them (wild.prepare).")
        work = signed(model, model.robust, labels, start)
    elif not isinstance(scheme, Rerandomisation):
        work = _residuals(model, scheme, labels)
    elif model.by_arm and model.rank == 1:
        work = by_arm(model, scheme, labels)
    else:
        work = _arms_anew(model, scheme, labels)
    for tile in tiles(model.tested.shape[0], model.tested.shape[1]):
        yield StatisticTile(tile, *work(tile))


def _arms_anew(model: LinearModel, scheme: Rerandomisation, labels: Matrix) -> Callable[[slice], tuple[Matrix, Matrix]]:
    """Return what gives c (or s) and e of a tile when tested columns follow the arms."""
    arms, where = np.unique(scheme.labels, return_index=True)
    drawn = model.columns[where][np.searchsorted(arms, labels)]
    if model.rank > 1:
        bases = [orthonormal(residual(columns, model.nuisance)) for columns in drawn]
        rows = np.stack([np.pad(b, ((0, 0), (0, model.rank - b.shape[1]))) for b in bases]).transpose(2, 0, 1)

        def several(tile: slice) -> tuple[Matrix, Matrix]:
            outcome, before = model.units(tile)
            products = rows @ outcome
            across = None if before is None else rows @ before
            return explained_share(products, across), np.zeros(products.shape[1:])

        return several
    columns = residual(drawn[:, :, 0].T, model.nuisance)
    length = np.linalg.norm(columns, axis=0)
    # Arms permuted to equal a covariate leave nothing to test: t is 0, not the quotient of roundings.
    kept = length > 1e-8 * np.linalg.norm(drawn[:, :, 0], axis=1)
    units = (np.where(kept, columns, 0.0) / np.where(kept, length, 1.0)).T
    if len(arms) == 2 and model.baseline is not None:
        apart = np.ptp(model.columns[where, 0]) * kept / np.where(kept, length, 1.0)
        return _two_arms(model, units, labels == arms[1], apart)

    def one(tile: slice) -> tuple[Matrix, Matrix]:
        outcome, before = model.units(tile)
        c = units @ outcome
        return c, np.zeros_like(c) if before is None else (units @ before) ** 2

    return one


def _two_arms(
    model: LinearModel, units: Matrix, members: NDArray[np.bool_], scale: NDArray[np.float64]
) -> Callable[[slice], tuple[Matrix, Matrix]]:
    """Return what gives c and e of a tile for two arms and a baseline, whose part is a sum over one arm.

    What is left of the arms beside nuisance columns has the same product with a baseline that is left beside them, so
    that the members of one arm are added up: exactly, in single precision (`linear_model.on_steps`). The arrays that
    are returned are filled anew by the next tile.
    """
    assert model.baseline is not None
    baseline, rows = model.baseline, members.astype(np.float32)
    room: dict[int, tuple[Matrix, Matrix, NDArray[np.float32], Matrix]] = {}

    def work(tile: slice) -> tuple[Matrix, Matrix]:
        before = baseline[:, tile]
        many, voxels = len(rows), before.shape[1]
        if voxels not in room:
            room[voxels] = (
                np.empty(before.shape), np.empty((many, voxels)), np.empty((many, voxels), np.float32),
                np.empty((many, voxels)),
            )  # fmt: skip
        outcome, c, across, e = room[voxels]
        outcome[:] = model.tested[:, tile]
        np.matmul(units, outcome, out=c)
        np.matmul(rows, before, out=across)
        kernels.shares(across, scale, e)
        return c, e

    return work


def _residuals(
    model: LinearModel, scheme: SignFlips | Exchange, labels: Matrix
) -> Callable[[slice], tuple[Matrix, Matrix]]:
    """Return what gives c (or s) and e of a tile when residuals change signs or places."""
    flips = isinstance(scheme, SignFlips)
    orders = labels.astype(np.intp)

    def moved(axis: NDArray[np.float64]) -> Matrix:
        return labels * axis if flips else axis[orders]

    tested = orthonormal(residual(model.columns, model.nuisance)).T
    if model.rank == 1:
        tested *= np.sign(tested[0] @ model.columns[:, 0])
    first, others = [moved(axis) for axis in tested], [moved(axis) for axis in model.nuisance.T]

    def work(tile: slice) -> tuple[Matrix, Matrix]:
        outcome, before = model.units(tile)
        c = np.stack([rows @ outcome for rows in first])
        e = np.zeros(c.shape[1:])
        for rows in others:
            e += (rows @ outcome) ** 2
        across = None
        if before is not None:
            again = (outcome * row[:, None] if flips else outcome for row in labels)
            places = (slice(None) if flips else order for order in orders)
            b = np.stack([np.einsum("nv,nv->v", before[p], o) for p, o in zip(places, again, strict=True)])
            r = tested @ before
            c -= r[:, None] * b
            e += b**2
            across = np.broadcast_to(r[:, None], c.shape)
        if model.rank == 1:
            return c[0] if across is None else c[0] / np.sqrt(np.maximum(1.0 - across[0] ** 2, 1e-300)), e
        return explained_share(c, across), e

    return work
