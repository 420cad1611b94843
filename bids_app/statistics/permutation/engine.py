"""All relabellings of one model, block by block: the statistic of each, and its maxima."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters import kernels
from bids_app.statistics.clusters.neighbours import Neighbours
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.rerandomisation import Scheme
from bids_app.statistics.permutation.statistic import StatisticTile, statistic_tiles

BLOCK = 64
"""Relabellings that go through one matrix product, of up to a thousand people; no bit depends on it."""

MANY = 1000

STATISTICS = ("voxel", "extent", "mass", "tfce")

POWERS = 0.5, 2.0
"""E and H of TFCE, as in FSL and PALM."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SpatialStructure:
    """The places of an analysis and how their statistics come together.

    Attributes
    ----------
    neighbours : Neighbours
        Who joins whom in clusters.
    threshold : float
        Statistic that forms clusters.
    both : bool
        False looks at positive values alone.
    enhancing : bool
        True computes TFCE too.
    """

    neighbours: Neighbours
    threshold: float
    both: bool = True
    enhancing: bool = False

    @property
    def digest(self) -> str:
        """What the maxima depend on besides the model: who joins whom, and the powers of TFCE."""
        return repr((self.neighbours.digest, POWERS if self.enhancing else None))

    @property
    def statistics(self) -> tuple[str, ...]:
        """Names of the statistics that are computed."""
        return STATISTICS if self.enhancing else STATISTICS[:-1]


def statistic(model: LinearModel, scheme: Scheme, number: int = 0) -> NDArray[np.float32]:
    """Return t, or F, of one relabelling (voxels,); number 0 is the observed one."""
    t = np.empty((1, model.tested.shape[1]), dtype=np.float32)
    kind = kernels.StatisticKind(float(model.df), model.rank, both=True)
    for share in statistic_tiles(model, scheme, number, number + 1):
        share.fill(kind, t[:, share.tile], uncounted(share))
    found: NDArray[np.float32] = t[0]
    return found


def uncounted(share: StatisticTile) -> kernels.Counters:
    """Return a tally that holds statistics against nothing."""
    many, voxels = share.c.shape
    return kernels.Counters(
        np.full(voxels, np.inf, np.float32), np.zeros(voxels, np.int32), np.zeros(many, dtype=np.float32)
    )


class _Buffers(threading.local):
    """What one thread needs, made when it first comes."""

    def __init__(self, step: int, voxels: int, geometry: SpatialStructure) -> None:
        self.t = np.empty((step, voxels), dtype=np.float32)
        self.spatial = geometry.neighbours.workspace(enhancing=geometry.enhancing)


class PermutationEngine:
    """All relabellings of one model, block by block."""

    def __init__(self, model: LinearModel, scheme: Scheme, geometry: SpatialStructure) -> None:
        self._model, self._scheme, self._geometry = model, scheme, geometry
        self.t = statistic(model, scheme)
        self.maxima = {name: np.zeros(scheme.total, dtype=np.float32) for name in geometry.statistics}
        self._height = np.abs(self.t) if geometry.both else self.t
        self._kind = kernels.StatisticKind(float(model.df), model.rank, geometry.both)
        # Reading the maps of thousands costs more than a product: more permutations share one pass over them.
        self.step = BLOCK if len(model.nuisance) <= MANY else 2 * BLOCK
        self._buffers = _Buffers(self.step, len(self.t), geometry)

    def block(self, start: int) -> NDArray[np.int32]:
        """Fill the maxima of one block; return how many of it reach the observed statistic at each voxel."""
        stop = min(start + self.step, self._scheme.total)
        t = self._buffers.t[: stop - start]
        reached = np.zeros(len(self.t), dtype=np.int32)
        largest = self.maxima["voxel"][start:stop]
        # Permutation 0 is the observed one: it counts as reached, and is not compared with itself.
        first = int(start == 0)
        for share in statistic_tiles(self._model, self._scheme, start, stop):
            reached[share.tile] += first
            tally = kernels.Counters(self._height[share.tile], reached[share.tile], largest[first:])
            share.fill(self._kind, t[first:, share.tile], tally, first)
        if first:
            t[0] = tested_side(self.t, self._geometry)
            largest[0] = np.nanmax(np.abs(t[0]), initial=0.0)
        for k, row in enumerate(t, start):
            self._spatial(k, row)
        return reached

    def _spatial(self, k: int, t: NDArray[np.float32]) -> None:
        """Fill the maxima of statistics that join neighbours."""
        geometry, maxima, own = self._geometry, self.maxima, self._buffers.spatial
        maxima["extent"][k], maxima["mass"][k] = own.largest(t, geometry.threshold)
        if geometry.enhancing:
            maxima["tfce"][k] = own.enhance(t, POWERS, np.empty(0))


def tested_side(t: NDArray[np.float32], geometry: SpatialStructure) -> NDArray[np.float32]:
    """Return a map, (voxels,), with the side that is not looked at set to 0."""
    return t if geometry.both else np.where(t < 0, np.float32(0), t)
