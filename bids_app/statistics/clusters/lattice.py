"""Voxels of a mask as neighbours: clusters and exact TFCE by kernels that know the lattice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters import kernels, tfce, tfce_layout
from bids_app.statistics.clusters.neighbours import Powers, renumbered
from bids_app.vocabulary.grid import Mask

_REACH = {6: 1, 18: 2, 26: 3}


@dataclass(frozen=True, eq=False, kw_only=True)
class Lattice:
    """A mask and who neighbours whom in it; for the protocol see `neighbours`.

    Attributes
    ----------
    size : int
        Voxels of the padded box of the mask.
    tfce_connectivity : {6, 18, 26}
        Neighbours that join voxels for TFCE.
    """

    mask: Mask
    layout: kernels.LatticeLayout
    size: int
    tfce_connectivity: int = 6
    unit = "voxel"

    @cached_property
    def land(self) -> tfce_layout.TFCELayout:
        """The mask laid out for TFCE."""
        return tfce_layout.tfce_layout(self.mask, self.tfce_connectivity)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of who joins whom."""
        found = hashlib.sha256(self.layout.places.tobytes())
        found.update(self.layout.offsets.tobytes())
        found.update(repr(self.tfce_connectivity).encode())
        return found.hexdigest()

    def workspace(self, *, enhancing: bool) -> LatticeWorkspace:
        """Return fresh buffers for one thread."""
        return LatticeWorkspace(self, tfce_layout.tfce_buffers(self.land) if enhancing else None)

    def room(self) -> kernels.ClusterBuffers:
        """Return fresh buffers for clusters."""
        voxels = len(self.layout.places) + 1
        return kernels.ClusterBuffers(
            np.zeros(self.size, dtype=np.int32),
            np.zeros(voxels, dtype=np.int32),
            np.zeros(voxels, dtype=np.int32),
            np.zeros(voxels, dtype=np.float64),
        )

    def label(self, t: NDArray[np.float32], threshold: float) -> NDArray[np.int32]:
        """Return (voxels,) numbers of clusters of |t| > threshold, 0 outside; signs are numbered apart."""
        room = self.room()
        count = kernels.label(t, self.layout, np.float64(threshold), room)
        roots = room.parent[: count + 1].copy()
        for number in range(1, count + 1):
            # A parent has a lower number, so its root is known already.
            roots[number] = roots[roots[number]]
        return renumbered(roots[np.abs(room.labels[self.layout.places])])


class LatticeWorkspace:
    """Buffers of one thread; for the methods see `neighbours.Workspace`."""

    def __init__(self, lattice: Lattice, enhancement: tfce_layout.TFCEBuffers | None) -> None:
        self._lattice, self._clusters, self._enhancement = lattice, lattice.room(), enhancement

    def largest(self, t: NDArray[np.float32], threshold: float) -> tuple[float, float]:
        """Return extent and mass of the largest clusters."""
        return kernels.largest_clusters(t, self._lattice.layout, threshold, self._clusters)

    def enhance(self, t: NDArray[np.float32], powers: Powers, values: NDArray[np.float64]) -> float:
        """Return the largest TFCE."""
        assert self._enhancement is not None
        own = (None, None) if powers == tfce.USUAL else powers
        return tfce.enhance(t, self._lattice.land, self._enhancement, own, values)


def lattice(mask: Mask, connectivity: int = 26, tfce_connectivity: int = 6) -> Lattice:
    """Lay out a mask, (x, y, z), for neighbours that share a face (6), an edge (18) or a corner (26)."""
    where = np.nonzero(mask)
    low = [int(axis.min()) for axis in where]
    shape = [int(axis.max()) - start + 3 for axis, start in zip(where, low, strict=True)]
    strides = np.array([shape[1] * shape[2], shape[2], 1])
    places = sum((axis - start + 1) * step for axis, start, step in zip(where, low, strides, strict=True))
    steps = np.array(np.meshgrid(*[(-1, 0, 1)] * 3)).reshape(3, -1).T
    near = steps[np.abs(steps).sum(axis=1) <= _REACH[connectivity]] @ strides
    layout = kernels.LatticeLayout(np.asarray(places, dtype=np.int64), np.sort(near[near < 0]).astype(np.int64))
    size = int(np.prod(shape))
    return Lattice(mask=mask, layout=layout, size=size, tfce_connectivity=tfce_connectivity)
