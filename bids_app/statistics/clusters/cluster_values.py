"""The mean of each cluster in each participant, and the effect there with its confidence limits.

Clusters are chosen because their effect is large, so effects of these means are too large on average and their limits
too narrow (Kriegeskorte 2009, doi:10.1038/nn.2303): they describe, they do not test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.statistics.permutation import engine
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.rerandomisation import Scheme
from bids_app.vocabulary.array_allocation import slabs

MOST = 12
"""Clusters, the largest mass first, whose means are kept."""


@dataclass(frozen=True, eq=False)
class Profile:
    """What participants show in the clusters of one contrast.

    Attributes
    ----------
    values : mapping of (n, clusters) float32
        Mean of each cluster in each member of the contrast, by stage.
    effects : (3, clusters)
        Effect and its 95 % limits, not corrected for the choice of the cluster; NaN for F, which has no sign.
    """

    values: Mapping[str, NDArray[np.float32]]
    effects: NDArray[np.float64]


def means(maps: NDArray[np.float32], labels: NDArray[np.int32], numbers: Sequence[int]) -> NDArray[np.float32]:
    """Return the mean of each cluster in each map, (n, clusters).

    Parameters
    ----------
    maps : (n, voxels)
    labels : (voxels,)
    numbers : sequence of int
        Clusters wanted, by their number in `labels`.
    """
    found = np.empty((len(maps), len(numbers)), dtype=np.float32)
    inside = [np.flatnonzero(labels == number) for number in numbers]
    for some in slabs(maps):
        for i, voxels in enumerate(inside):
            found[some, i] = maps[some, voxels].mean(axis=1, dtype=np.float64)
    return found


def effects(model: LinearModel, scheme: Scheme) -> NDArray[np.float64]:
    """Return the effect of each outcome of a model and its 95 % limits, (3, outcomes)."""
    if model.rank > 1:
        return np.full((3, model.tested.shape[1]), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.abs(model.effect / engine.statistic(model, scheme).astype(np.float64))
    margin = scipy.stats.t.isf(0.025, model.df) * error
    return np.stack([model.effect, model.effect - margin, model.effect + margin])
