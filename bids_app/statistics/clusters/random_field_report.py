"""What the parametric cluster correction of the literature would say of a result, for comparison alone."""

from __future__ import annotations

import numpy as np
from scipy import stats

from bids_app.statistics.clusters import random_field
from bids_app.statistics.clusters.neighbours import Neighbours
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.residuals import residuals
from bids_app.vocabulary.contrast_sidecar import RandomFieldFinding, RandomFieldTheory
from bids_app.vocabulary.grid import Mask

VOXEL_P = (0.001, 0.01)
"""Two-sided cluster-forming thresholds of the literature."""

WARNING = (
    "Comparison with the literature only. Random field theory presumes Gaussian smoothness that brain images do not "
    "have: at a cluster-forming p of .01 its familywise error is several times the nominal 5 % (Eklund 2016). No claim "
    "rests on it."
)


def as_printed(t: np.ndarray, df: int, around: Neighbours, extent: int | None) -> np.ndarray:
    """Return the clusters that a paper would print, (voxels,) int32: numbers of those that are large enough, else 0.

    Parameters
    ----------
    t : (voxels,) float32
    extent : int or None
        Voxels from which on a cluster is large enough at the first threshold, as `findings` has it; None: none can be.
    """
    labels = around.label(t, float(stats.t.isf(VOXEL_P[0] / 2, df)))
    large = np.bincount(labels) >= (np.inf if extent is None else extent)
    large[0] = False
    return np.where(large[labels], labels, 0).astype(np.int32)


def findings(t: np.ndarray, model: LinearModel, mask: Mask, around: Neighbours, alpha: float) -> RandomFieldTheory:
    """Return what DPABI's two-tailed correction finds, each tail at half of alpha.

    Parameters
    ----------
    t : (voxels,) float32
    """
    field = random_field.smoothness(residuals(model), mask, model.df)
    found = []
    for p in VOXEL_P:
        height = float(stats.t.isf(p / 2, model.df))
        extent = random_field.smallest_extent(float(stats.norm.isf(p / 2)), field, alpha / 2)
        sizes = np.bincount(around.label(t, height))[1:]
        passing = 0 if extent is None else int((sizes >= extent).sum())
        spm = random_field.cluster_p_t(sizes, height, model.df, field)
        large = sorted((int(size) for size in sizes if extent and size >= extent), reverse=True)
        found.append(
            RandomFieldFinding(
                cluster_forming_p=p, smallest_extent=extent, clusters_large_enough=passing,
                clusters_by_spm=int((spm < alpha / 2).sum()), voxels=tuple(large),
            )
        )  # fmt: skip
    return RandomFieldTheory(
        warning=WARNING, fwhm_in_voxels=tuple(field.fwhm), resels=field.resels, findings=tuple(found)
    )
