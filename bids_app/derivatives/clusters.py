"""The table of clusters of one group map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.result import Result
from bids_app.vocabulary.grid import Grid

CLUSTER_COLUMNS = (
    "cluster", "sign", "x", "y", "z", "peak_t", "voxels", "mm3", "mass", "peak_effect", "peak_g",
    "p_voxel_fwe", "p_extent_fwe", "p_mass_fwe", "p_voxel_fwe_joint", "p_extent_fwe_joint", "p_mass_fwe_joint",
    "next_to_seed",
)  # fmt: skip


def cluster_table(
    result: Result, joint: Mapping[str, NDArray[np.float64]], g: NDArray[np.float64], grid: Grid
) -> dict[str, list[Any]]:
    """Return one row a cluster: where, how large, and every p that it has."""
    where = np.argwhere(result.subject.mask)
    columns: dict[str, list[Any]] = {key: [] for key in CLUSTER_COLUMNS}
    volume = float(np.prod(grid.voxel_sizes))
    for i, cluster in enumerate(result.clusters):
        x, y, z = grid.affine[:3, :3] @ where[cluster.peak] + grid.affine[:3, 3]
        values = (
            i + 1, "positive" if cluster.positive else "negative", x, y, z, cluster.peak_t, cluster.extent,
            cluster.extent * volume, cluster.mass, float(result.model.effect[cluster.peak]),
            float(g[cluster.peak]), float(result.p["voxel"][cluster.peak]),
            float(result.p["extent"][i]), float(result.p["mass"][i]), float(joint["voxel"][cluster.peak]),
            float(joint["extent"][i]), float(joint["mass"][i]), cluster.number in result.next_to_seed,
        )  # fmt: skip
        for key, value in zip(CLUSTER_COLUMNS, values, strict=True):
            columns[key].append(value)
    return columns
