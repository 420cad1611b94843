"""Clusters of neighbouring supra-threshold voxels: the lattice they live on, and their table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics import kernels
from bids_app.vocabulary.grid import Mask

_REACH = {6: 1, 18: 2, 26: 3}


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """A mask laid out so that a neighbour is one addition away.

    Attributes
    ----------
    places : (voxels,) int64
        Index of each voxel of the mask in its box padded by one voxel.
    offsets : (n,) int64
        Steps to the earlier half of the neighbours.
    size : int
        Voxels of the padded box.
    """

    places: NDArray[np.int64]
    offsets: NDArray[np.int64]
    size: int


def neighbourhood(mask: Mask, connectivity: int = 26) -> Neighbourhood:
    """Lay out a mask for neighbours that share a face (6), an edge (18) or a corner (26)."""
    where = np.nonzero(mask)
    low = [int(axis.min()) for axis in where]
    shape = [int(axis.max()) - start + 3 for axis, start in zip(where, low, strict=True)]
    strides = np.array([shape[1] * shape[2], shape[2], 1])
    places = sum((axis - start + 1) * step for axis, start, step in zip(where, low, strides, strict=True))
    steps = np.array(np.meshgrid(*[(-1, 0, 1)] * 3)).reshape(3, -1).T
    near = steps[np.abs(steps).sum(axis=1) <= _REACH[connectivity]] @ strides
    return Neighbourhood(np.asarray(places, dtype=np.int64), np.sort(near[near < 0]), int(np.prod(shape)))


class Room:
    """Buffers for one thread that labels many maps on the same mask."""

    def __init__(self, around: Neighbourhood) -> None:
        voxels = len(around.places)
        self._around = around
        self._labels = np.zeros(around.size, dtype=np.int32)
        self._parent = np.zeros(voxels + 1, dtype=np.int32)
        self._extent = np.zeros(voxels + 1, dtype=np.int32)
        self._mass = np.zeros(voxels + 1, dtype=np.float64)

    def largest(self, t: NDArray[np.float32], threshold: float) -> tuple[int, float]:
        """Return the largest extent and the largest mass among clusters of either sign."""
        around = self._around
        return kernels.largest_clusters(  # type: ignore[no-any-return]
            t, around.places, around.offsets, np.float32(threshold),
            self._labels, self._parent, self._extent, self._mass,
        )  # fmt: skip

    def label(self, t: NDArray[np.float32], threshold: float) -> NDArray[np.int32]:
        """Return (voxels,) numbers of clusters, 0 outside; positive and negative ones are numbered apart."""
        around = self._around
        self._labels[:] = 0
        count = kernels.label(
            t, around.places, around.offsets, np.float32(threshold),
            self._labels, self._parent, self._extent, self._mass,
        )  # fmt: skip
        roots = self._parent[: count + 1].copy()
        for i in range(1, count + 1):
            roots[i] = roots[roots[i]]
        found = roots[np.abs(self._labels[around.places])]
        self._labels[:] = 0
        return np.searchsorted(np.unique(np.append(found, 0)), found).astype(np.int32)


@dataclass(frozen=True)
class Cluster:
    """One cluster: `number` in the label map, sign, voxels, mass and the column of its peak."""

    number: int
    positive: bool
    extent: int
    mass: float
    peak: int
    peak_t: float


def tabulate(t: NDArray[np.float32], labels: NDArray[np.int32], threshold: float) -> list[Cluster]:
    """Return the clusters of a label map, the largest mass first."""
    clusters = []
    height = np.abs(t).astype(np.float64) - float(np.float32(threshold))
    for number in range(1, int(labels.max(initial=0)) + 1):
        members = np.flatnonzero(labels == number)
        peak = int(members[np.argmax(np.abs(t[members]))])
        clusters.append(
            Cluster(number, bool(t[peak] > 0), len(members), float(height[members].sum()), peak, float(t[peak]))
        )
    return sorted(clusters, key=lambda cluster: -cluster.mass)
