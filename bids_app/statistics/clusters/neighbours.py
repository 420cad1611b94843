"""Who joins whom: what clusters and TFCE ask of the places of a map, whatever the places are.

`lattice` has the voxels of a mask, `adjacency` the vertices of a mesh or sensors by frequency or time, `network` the
edges of a network.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Powers = tuple[float, float]
"""E and H of TFCE."""


class Workspace(Protocol):
    """Buffers of one thread, and what is computed in them."""

    def largest(self, t: Floats, threshold: float) -> tuple[float, float]:
        """Return extent and mass (sum of |t| - threshold) of the largest clusters of |t| > threshold, signs apart."""

    def enhance(self, t: Floats, powers: Powers, values: NDArray[np.float64]) -> float:
        """Return the largest TFCE of both signs; fill `values`, (places,), if it has any room: negative where t is."""


class Neighbours(Protocol):
    """The places of a map and who neighbours whom among them."""

    @property
    def unit(self) -> str:
        """What a place is: voxel, vertex, point or edge."""

    @property
    def digest(self) -> str:
        """SHA-256 of who joins whom."""

    def workspace(self, *, enhancing: bool) -> Workspace:
        """Return fresh buffers; those of TFCE only where they are asked for."""

    def label(self, t: Floats, threshold: float) -> NDArray[np.int32]:
        """Return (places,) numbers of clusters of |t| > threshold, 0 outside; signs are numbered apart."""


def renumbered(roots: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return numbers from 1 for roots above 0, in their order; 0 for the others. Both are (places,)."""
    found = np.maximum(roots, 0)
    numbers: NDArray[np.int32] = np.searchsorted(np.unique(np.append(found, 0)), found).astype(np.int32)
    return numbers
