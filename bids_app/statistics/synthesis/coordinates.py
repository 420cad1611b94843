"""Reported peaks of experiments, the brain that they lie in, and maps of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.lattice import Lattice, lattice
from bids_app.statistics.synthesis import coordinate_kernels as kernels
from bids_app.vocabulary.grid import Grid, Mask

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Experiment:
    """One contrast of one sample: its foci in MNI space (foci, 3), in mm, and its participants."""

    name: str
    foci: Floats
    people: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Brain:
    """The grid and the mask (x, y, z) in which peaks are looked at; voxels are cubes, neighbours share a face."""

    grid: Grid
    mask: Mask

    @cached_property
    def lattice(self) -> Lattice:
        """Who joins whom in clusters: voxels that share a face, as in GingerALE."""
        return lattice(self.mask, connectivity=6)

    @property
    def edge(self) -> float:
        """Edge of a voxel in mm."""
        return float(self.grid.voxel_sizes[0])

    @cached_property
    def flat(self) -> NDArray[np.int64]:
        """Places of the mask in the flat grid, (voxels,)."""
        return np.flatnonzero(self.mask).astype(np.int64)

    @cached_property
    def indices(self) -> NDArray[np.int64]:
        """Indices of the mask, (voxels, 3)."""
        return np.argwhere(self.mask).astype(np.int64)

    @property
    def positions(self) -> Floats:
        """Where the voxels of the mask are, (voxels, 3) mm."""
        return np.asarray(self.indices @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3])

    def nearest(self, places: Floats) -> NDArray[np.int64]:
        """Return the nearest voxels (foci, 3) of places (foci, 3) in mm; they may lie outside the grid."""
        inverse = np.linalg.inv(self.grid.affine)
        return np.asarray(np.rint(places @ inverse[:3, :3].T + inverse[:3, 3]).astype(np.int64))

    def holds(self, voxels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which voxels (foci, 3) lie in the mask."""
        inside = np.all((voxels >= 0) & (voxels < self.mask.shape), axis=-1)
        near = np.clip(voxels, 0, np.array(self.mask.shape) - 1)
        return np.asarray(inside & self.mask[near[..., 0], near[..., 1], near[..., 2]])

    def layout(self, experiments: Sequence[Experiment]) -> PeakLayout:
        """Return where the foci of experiments are."""
        counts = [len(one.foci) for one in experiments]
        places = np.concatenate([np.zeros((0, 3)), *[one.foci for one in experiments]])
        return PeakLayout(self, kernels.Layout(self.nearest(places), np.cumsum([0, *counts], dtype=np.int64)))


class PeakLayout(NamedTuple):
    """Where the foci of experiments lie in a brain."""

    brain: Brain
    layout: kernels.Layout


class Statistic(Protocol):
    """A map of experiments from where their foci are."""

    @property
    def start(self) -> float:
        """What every voxel has where there is no focus at all, before experiments are joined."""

    def fill(self, peaks: PeakLayout, rooms: Rooms) -> None:
        """Fill `rooms.out`, the map (voxels,) of the mask."""

    def apart(self, peaks: PeakLayout) -> Floats32:
        """Return what each experiment gives to each voxel, (experiments, voxels)."""

    def shares(self, apart: Floats32, voxel: int) -> Floats:
        """Return the share of the statistic at a voxel that is lost without each experiment, (experiments,)."""

    def null(self, apart: Floats32) -> VoxelNull:
        """Return the chances of single voxels if the foci of each experiment fell anywhere."""


@dataclass(frozen=True, eq=False)
class VoxelNull:
    """Chances of a statistic at one voxel, by bins of a width: `tail` (bins,) has p of at least that many widths."""

    tail: Floats
    width: float

    def p(self, values: Floats32) -> Floats:
        """Return p of statistics, (voxels,)."""
        bins = np.rint(values.astype(np.float64) / self.width).astype(np.int64)
        # Rounded bins can end below the largest statistic, whose p is that of the last one and never 0.
        last = int(np.flatnonzero(self.tail > 0)[-1])
        return self.tail[np.clip(bins, 0, last)]

    def threshold(self, p: float) -> float:
        """Return the smallest statistic whose p is below p."""
        return float(np.argmax(self.tail < p) * self.width)


class Rooms(threading.local):
    """Buffers of each thread, made when it first comes."""

    def __init__(self, brain: Brain, statistic: Statistic) -> None:
        self.clusters = brain.lattice.workspace(enhancing=False)
        self.room = kernels.Room(np.zeros(brain.mask.shape), np.full(brain.mask.shape, statistic.start))
        self.out = np.empty(len(brain.flat), dtype=np.float32)


def statistic_map(statistic: Statistic, peaks: PeakLayout, rooms: Rooms | None = None) -> Floats32:
    """Return the map of experiments, (voxels,) of the mask; if rooms are given, until they are used again."""
    rooms = rooms or Rooms(peaks.brain, statistic)
    statistic.fill(peaks, rooms)
    return rooms.out


def alone(peaks: PeakLayout, experiment: int) -> PeakLayout:
    """Return where the foci of one experiment are."""
    first = peaks.layout.first
    own = peaks.layout.places[first[experiment] : first[experiment + 1]]
    return PeakLayout(peaks.brain, kernels.Layout(own, np.array([0, len(own)], dtype=np.int64)))
