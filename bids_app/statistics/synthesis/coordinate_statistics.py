"""Activation likelihood (ALE) and density (MKDA) of experiments.

ALE: each focus is a Gaussian whose width falls with the number of participants (Eickhoff 2009, doi:10.1002/hbm.20718);
an experiment takes the largest of its foci at each voxel (Turkeltaub 2012, doi:10.1002/hbm.21186), experiments are
joined as 1 - Π (1 - MA) (Eickhoff 2012, doi:10.1016/j.neuroimage.2011.09.017). MKDA: weighted share of experiments with
a focus within 10 mm (Wager 2007, doi:10.1093/scan/nsm015).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bids_app.statistics.synthesis import coordinate_kernels as kernels
from bids_app.statistics.synthesis.coordinates import (
    Floats,
    Floats32,
    PeakLayout,
    Rooms,
    VoxelNull,
    alone,
    statistic_map,
)
from bids_app.statistics.synthesis.reported_foci import kernel_deviation


class Likelihood:
    """Activation likelihood of experiments with so many participants each, on voxels of an edge in mm."""

    start = 1.0
    width = 1e-5
    """Of the bins of likelihoods."""

    def __init__(self, people: Sequence[float], edge: float) -> None:
        deviations = [kernel_deviation(n) / edge for n in people]
        reach = max([int(4 * s + 0.5) for s in deviations], default=0)
        steps = np.arange(-reach, reach + 1)
        self._people, self._edge = people, edge
        self.lines = np.zeros((len(people), len(steps)))
        for e, s in enumerate(deviations):
            # Cut at four deviations and brought to a sum of 1, as in scipy's gaussian_filter.
            line = np.where(np.abs(steps) <= int(4 * s + 0.5), np.exp(-0.5 * (steps / s) ** 2), 0.0)
            self.lines[e] = line / line.sum()

    def fill(self, peaks: PeakLayout, rooms: Rooms) -> None:
        """Fill the likelihood."""
        kernels.likelihood(peaks.layout, self.lines, peaks.brain.flat, rooms.room, rooms.out)

    def apart(self, peaks: PeakLayout) -> Floats32:
        """Return the modelled activation of each experiment, (experiments, voxels)."""
        rooms = Rooms(peaks.brain, self)
        found = np.empty((len(self._people), len(peaks.brain.flat)), dtype=np.float32)
        for e, n in enumerate(self._people):
            found[e] = statistic_map(Likelihood([n], self._edge), alone(peaks, e), rooms)
        return found

    def shares(self, apart: Floats32, voxel: int) -> Floats:
        """Return the share of the likelihood at a voxel that is lost without each experiment, (experiments,)."""
        silent = 1.0 - apart[:, voxel].astype(np.float64)
        whole = 1.0 - silent.prod()
        return np.array([1 - (1.0 - np.delete(silent, e).prod()) / whole for e in range(len(silent))])

    def null(self, apart: Floats32) -> VoxelNull:
        """Return the null of single voxels: histograms of each experiment joined as the experiments are."""
        largest = 1.0 - np.prod(1.0 - apart.max(axis=1).astype(np.float64))
        chances = np.zeros(int(np.ceil(largest / self.width)) + len(apart) + 2)
        chances[0] = 1.0
        for own in apart:
            counts = np.bincount(np.rint(own.astype(np.float64) / self.width).astype(np.int64))
            chances = kernels.joined(chances, counts / own.size, self.width)
        return VoxelNull(_tail(chances), self.width)


class Density:
    """Weighted share of experiments with a focus within a radius in mm, on voxels of an edge in mm.

    Parameters
    ----------
    weights : sequence of float
        Of the experiments that have foci.
    others : float
        Sum of the weights of those that looked and found nothing.
    """

    start = 0.0
    width = 1e-6

    def __init__(self, weights: Sequence[float], edge: float, radius: float = 10.0, others: float = 0.0) -> None:
        self.weights = np.asarray(weights, dtype=np.float64) / (sum(weights) + others)
        reach = int(radius / edge + 1e-9)
        steps = np.arange(-reach, reach + 1)
        left = (radius / edge) ** 2 - steps[:, None] ** 2 - steps**2 + 1e-9
        self.half = np.where(left >= 0, np.sqrt(np.maximum(left, 0.0)), -1.0).astype(np.int64)

    def fill(self, peaks: PeakLayout, rooms: Rooms) -> None:
        """Fill the density."""
        kernels.density(peaks.layout, self.half, self.weights, peaks.brain.flat, rooms.room, rooms.out)

    def apart(self, peaks: PeakLayout) -> Floats32:
        """Return the weight of each experiment near its foci, (experiments, voxels)."""
        found = np.empty((len(self.weights), len(peaks.brain.flat)), dtype=np.float32)
        rooms = Rooms(peaks.brain, self)
        for e, weight in enumerate(self.weights):
            own = alone(peaks, e)
            kernels.density(own.layout, self.half, np.array([weight]), peaks.brain.flat, rooms.room, rooms.out)
            found[e] = rooms.out
        return found

    def shares(self, apart: Floats32, voxel: int) -> Floats:
        """Return the share of the density at a voxel that is that of each experiment, (experiments,)."""
        own = apart[:, voxel].astype(np.float64)
        return np.asarray(own / own.sum())

    def null(self, apart: Floats32) -> VoxelNull:
        """Return the null of single voxels: each experiment is near one with the share of the brain that it is near."""
        chances = np.zeros(int(np.ceil(self.weights.sum() / self.width)) + len(apart) + 2)
        chances[0] = 1.0
        for own, weight in zip(apart, self.weights, strict=True):
            near, step = float((own > 0).mean()), round(weight / self.width)
            moved = np.concatenate([np.zeros(step), chances[: len(chances) - step]])
            chances = (1 - near) * chances + near * moved
        # A sum of rounded weights may lie half a bin an experiment from the rounded sum.
        tail = _tail(chances)
        return VoxelNull(np.concatenate([np.ones(len(apart)), tail])[: len(tail)], self.width)


def _tail(chances: Floats) -> Floats:
    """Return the chances of each bin or more, added from the top: small tails are sums of small numbers."""
    return np.minimum(1.0, np.cumsum(chances[::-1])[::-1])
