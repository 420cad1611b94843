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
    """A mask and who neighbours whom in it; `size` counts the voxels of its padded box."""

    layout: kernels.Layout
    size: int

    def room(self) -> kernels.Room:
        """Return fresh buffers for one thread."""
        voxels = len(self.layout.places) + 1
        return kernels.Room(
            np.zeros(self.size, dtype=np.int32),
            np.zeros(voxels, dtype=np.int32),
            np.zeros(voxels, dtype=np.int32),
            np.zeros(voxels, dtype=np.float64),
        )


def neighbourhood(mask: Mask, connectivity: int = 26) -> Neighbourhood:
    """Lay out a mask for neighbours that share a face (6), an edge (18) or a corner (26)."""
    where = np.nonzero(mask)
    low = [int(axis.min()) for axis in where]
    shape = [int(axis.max()) - start + 3 for axis, start in zip(where, low, strict=True)]
    strides = np.array([shape[1] * shape[2], shape[2], 1])
    places = sum((axis - start + 1) * step for axis, start, step in zip(where, low, strides, strict=True))
    steps = np.array(np.meshgrid(*[(-1, 0, 1)] * 3)).reshape(3, -1).T
    near = steps[np.abs(steps).sum(axis=1) <= _REACH[connectivity]] @ strides
    layout = kernels.Layout(np.asarray(places, dtype=np.int64), np.sort(near[near < 0]).astype(np.int64))
    return Neighbourhood(layout, int(np.prod(shape)))


def label(t: NDArray[np.float32], around: Neighbourhood, threshold: float) -> NDArray[np.int32]:
    """Return (voxels,) numbers of clusters of |t| > threshold, 0 outside; signs are numbered apart."""
    room = around.room()
    count = kernels.label(t, around.layout, np.float64(threshold), room)
    roots = room.parent[: count + 1].copy()
    for number in range(1, count + 1):
        # A parent has a lower number, so its root is known already.
        roots[number] = roots[roots[number]]
    found = roots[np.abs(room.labels[around.layout.places])]
    return np.searchsorted(np.unique(np.append(found, 0)), found).astype(np.int32)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One cluster: `number` in the label map, sign, voxels, mass, and the column and t of its peak."""

    number: int
    positive: bool
    extent: int
    mass: float
    peak: int
    peak_t: float


def tabulate(t: NDArray[np.float32], labels: NDArray[np.int32], threshold: float) -> list[Cluster]:
    """Return the clusters of a label map, the largest mass first."""
    clusters = []
    height = np.abs(t).astype(np.float64) - threshold
    for number in range(1, int(labels.max(initial=0)) + 1):
        members = np.flatnonzero(labels == number)
        peak = int(members[np.argmax(np.abs(t[members]))])
        # Added in the order of the voxels, as the kernel does, so that the sums are the same to the last bit.
        mass = float(np.add.accumulate(height[members])[-1])
        clusters.append(
            Cluster(
                number=number,
                positive=bool(t[peak] > 0),
                extent=len(members),
                mass=mass,
                peak=peak,
                peak_t=float(t[peak]),
            )
        )
    return sorted(clusters, key=lambda cluster: -cluster.mass)
