"""What each person shows in the clusters of a result, for figures and tables beside the maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bids_app.levels.group.arm_similarity import Stacks, outcome_of
from bids_app.statistics.clusters.cluster_values import MOST, Profile, effects, means
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.result import Result


def profile(
    result: Result, stacks: Stacks, ready: Callable[[linear_model.LinearModel], linear_model.LinearModel]
) -> Profile | None:
    """Return the means of the largest clusters by stage, and their effect; None where nothing forms a cluster.

    Parameters
    ----------
    stacks : mapping of (participants, voxels)
        Maps by stage, as the result was made from.
    ready : callable
        A plain model as relabellings need it.
    """
    contrast = result.contrast
    numbers = [cluster.number for cluster in result.clusters[:MOST]]
    if not result.subject.domain.is_map or not numbers:
        return None
    small = {stage: means(stacks[stage], result.labels, numbers) for stage in contrast.asked.outcome.stages}
    before = contrast.asked.outcome.baseline
    baseline = small[before][contrast.members] if before else None
    model = linear_model.fit(outcome_of(small, contrast), contrast.tested, contrast.nuisance, baseline)
    values = {stage: np.asarray(found[contrast.members]) for stage, found in small.items()}
    return Profile(values, effects(ready(model), result.scheme))
