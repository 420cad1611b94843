"""Clusters of converging peaks: where they are, what chance does, and which experiments carry them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.cluster_table import Cluster, tabulate
from bids_app.statistics.synthesis.coordinate_null import CoordinateNull
from bids_app.statistics.synthesis.coordinates import PeakLayout

ONE, TWO = 0.5, 0.8
"""Shares of the peak beyond which a cluster is that of one experiment, or of two, and no claim."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Convergence:
    """One cluster.

    Attributes
    ----------
    p : dict of float
        Corrected over the brain: of its extent, its mass and the height of its peak.
    shares : (experiments,)
        Share of the statistic at the peak that is lost without each experiment.
    """

    cluster: Cluster
    p: dict[str, float]
    shares: NDArray[np.float64]

    @property
    def carried_by_few(self) -> bool:
        """True if one experiment, or two, make it."""
        largest = np.sort(self.shares)[::-1]
        return bool(largest[0] > ONE or largest[:2].sum() > TWO)

    def passes(self, alpha: float) -> bool:
        """Tell whether its extent passes and it is not that of one or two experiments."""
        return self.p["extent"] <= alpha and not self.carried_by_few


def convergences(
    values: NDArray[np.float32],
    peaks: PeakLayout,
    threshold: float,
    null: CoordinateNull,
    shares: Callable[[int], NDArray[np.float64]],
) -> tuple[NDArray[np.int32], list[Convergence]]:
    """Return the clusters of a map, (voxels,), numbered in the order of their table, and what is known of each.

    Parameters
    ----------
    shares : callable
        Share of the statistic at a voxel that is lost without each experiment, (experiments,).
    """
    labels = peaks.brain.lattice.label(values, threshold)
    found = [_centred(one, values, labels, peaks) for one in tabulate(values, labels, threshold)]
    found = sorted(found, key=lambda one: (-one.extent, -one.mass))
    ordered = np.zeros(int(labels.max(initial=0)) + 1, dtype=np.int32)
    ordered[[one.number for one in found]] = np.arange(1, len(found) + 1)
    return np.asarray(ordered[labels]), [_convergence(one, null, shares(one.peak)) for one in found]


def _centred(one: Cluster, values: NDArray[np.float32], labels: NDArray[np.int32], peaks: PeakLayout) -> Cluster:
    """Return a cluster whose peak is the middle one of those voxels that are highest: densities have plateaus."""
    highest = np.flatnonzero((labels == one.number) & (values == values[one.peak]))
    where = peaks.brain.indices[highest]
    return replace(one, peak=int(highest[np.linalg.norm(where - where.mean(axis=0), axis=1).argmin()]))


def _convergence(one: Cluster, null: CoordinateNull, shares: NDArray[np.float64]) -> Convergence:
    sizes = {"extent": one.extent, "mass": one.mass, "voxel": one.peak_t}
    p = {name: float(null.p(name, np.array([value], dtype=np.float32))[0]) for name, value in sizes.items()}
    return Convergence(cluster=one, p=p, shares=shares)


def spread_p(labels: NDArray[np.int32], p: Sequence[float]) -> NDArray[np.float32]:
    """Return the -log10 p of the cluster of each voxel, (voxels,), 0 outside clusters; `p` has one a cluster."""
    found: NDArray[np.float32] = np.append([0.0], -np.log10(p))[labels].astype(np.float32)
    return found
