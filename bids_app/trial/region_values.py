"""Values of people in regions: those declared beforehand, or for each person that which all others choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.cluster_table import tabulate
from bids_app.statistics.permutation import linear_model
from bids_app.trial.association import OutcomeInputs

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RegionValues:
    """Values of all participants in one region: before and after treatment, (participants,), and how it was chosen."""

    name: str
    before: Values
    after: Values
    chosen: str


def declared_regions(given: OutcomeInputs) -> Iterator[RegionValues]:
    """Yield the mean of each declared region in every person; regions without a voxel are left out."""
    for name, mask in given.regions.items():
        inside = mask[given.result.map_set.voxels.mask]
        if inside.any():
            before, after = (given.stacks[s][:, inside].mean(axis=1, dtype=np.float64) for s in ("pre", "post"))
            yield RegionValues(name, before, after, f"declared, {int(inside.sum())} voxels")


def leave_one_out(given: OutcomeInputs) -> RegionValues:
    """Return each participant's value in the largest cluster of the same contrast of all others.

    Participants whose others have no cluster get NaN.
    """
    contrast, stacks, height = given.result.contrast, given.stacks, given.result.threshold
    outcome = np.sum([w * stacks[s][contrast.members] for s, w in contrast.asked.outcome.weights.items()], axis=0)
    baseline = stacks[contrast.asked.outcome.baseline][contrast.members] if contrast.asked.outcome.baseline else None
    around = given.result.map_set.neighbours
    before, after = np.full((2, len(given.cohort.rows)), np.nan)
    for place, member in enumerate(contrast.members):
        others = np.arange(len(contrast.members)) != place
        model = linear_model.fit(
            outcome[others], contrast.tested[others], contrast.nuisance[others],
            None if baseline is None else baseline[others],
        )  # fmt: skip
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (model.effect / np.sqrt(model.variance)).astype(np.float32)
        labels = around.label(t, height)
        if found := tabulate(t, labels, height):
            inside = labels == found[0].number
            before[member], after[member] = (float(stacks[s][member, inside].mean()) for s in ("pre", "post"))
    return RegionValues("leaveOneOut", before, after, "each from the largest cluster of all others")
