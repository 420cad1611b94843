"""The table of clusters of a label map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """Return the clusters of a label map, the largest mass first; t and labels are (voxels,)."""
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
