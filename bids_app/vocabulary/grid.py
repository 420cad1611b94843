"""The voxel lattice that maps live on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

Points = NDArray[np.float64]
"""(n, 3) mm: the voxels of a cluster, its peak first."""

Namer = Callable[[Points], str]
"""Names the place of a cluster."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A three-dimensional lattice: `shape` in voxels, `affine` (4 x 4) from voxel to mm."""

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    @property
    def voxel_sizes(self) -> NDArray[np.float64]:
        """Edge lengths of a voxel in mm, shape (3,)."""
        sizes: NDArray[np.float64] = np.sqrt((self.affine[:3, :3] ** 2).sum(axis=0))
        return sizes

    def matches(self, other: Grid, tolerance_mm: float = 1e-2) -> bool:
        """Tell whether both lattices put every voxel at the same place, within `tolerance_mm`."""
        return self.shape == other.shape and self.displacement(other.affine) <= tolerance_mm

    def displacement(self, affine: NDArray[np.float64]) -> float:
        """Return how far, in mm, `affine` would move the corner of the lattice that it moves most."""
        last = np.array(self.shape, dtype=float) - 1
        corners = np.array(np.meshgrid(*[(0.0, edge) for edge in last])).reshape(3, -1)
        shift = (self.affine - affine)[:3, :3] @ corners + (self.affine - affine)[:3, 3:]
        return float(np.sqrt((shift**2).sum(axis=0)).max())

    def describe(self) -> str:
        """Return the lattice in words, for messages."""
        size = " x ".join(f"{mm:.3g}" for mm in self.voxel_sizes)
        return f"{' x '.join(map(str, self.shape))} voxels of {size} mm, origin {np.round(self.affine[:3, 3], 2)}"
