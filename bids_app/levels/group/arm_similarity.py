"""What two arms have in common: Bayes factors of their difference, likeness of their changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics import bayes_factor
from bids_app.statistics.map_similarity import conjunction, similarity
from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.result import Result
from bids_app.vocabulary import array_allocation
from bids_app.vocabulary.contrast_sidecar import ShareOfEvidence
from bids_app.vocabulary.design import Contrast
from bids_app.vocabulary.group_sidecars import DiceAt, Likeness
from bids_app.vocabulary.options.inference import Inference

Floats = NDArray[np.float32]
Stacks = Mapping[str, Floats]


def outcome_of(stacks: Stacks, contrast: Contrast) -> Floats:
    """Return the maps that a contrast explains, (members, voxels)."""
    whole = _weighted(stacks, contrast)
    if contrast.times is None:
        return whole
    product = array_allocation.empty_array(
        (whole.shape[0], whole.shape[1])
    )  # not in place: the maps may be those of all participants
    np.multiply(whole, contrast.times[:, None].astype(np.float32), out=product)
    return product


def _weighted(stacks: Stacks, contrast: Contrast) -> Floats:
    weights = contrast.asked.outcome.weights
    if list(weights.values()) == [1]:
        return array_allocation.rows_of(stacks[next(iter(weights))], contrast.members)
    whole = array_allocation.empty_array((len(contrast.members), next(iter(stacks.values())).shape[1]))
    for rows in array_allocation.slabs(whole):
        parts = [weight * stacks[stage][contrast.members[rows]] for stage, weight in weights.items()]
        np.sum(parts, axis=0, dtype=np.float32, out=whole[rows])
    return whole


def width_name(scale: float) -> str:
    """Return the width of a prior as it stands in file names."""
    return f"r{round(100 * scale):03d}"


MIDDLE = width_name(bayes_factor.SCALES[1])


def bayes_maps(t: Floats, model: LinearModel) -> dict[str, Floats]:
    """Return log10 BF10 of the difference between two arms, by the width of the prior as it stands in file names."""
    size = model.effective_size
    return {
        width_name(scale): bayes_factor.bayes_map(t, model.df, size, scale).astype(np.float32)
        for scale in bayes_factor.SCALES
    }


def evidence_of(maps: Mapping[str, Floats]) -> ShareOfEvidence:
    """Return which share of a map has which evidence, each place by itself, at the middle width of the prior."""
    found = bayes_factor.evidence(maps[f"logbf_{MIDDLE}"])
    share = {number: float((found == number).mean()) for number in (-2, -1, 0, 1, 2)}
    return ShareOfEvidence(
        strong_for_difference=share[2], moderate_for_difference=share[1], neither=share[0],
        moderate_for_none=share[-1], strong_for_none=share[-2],
    )  # fmt: skip


def changes(results: Sequence[Result]) -> tuple[Result, Result] | None:
    """Return the changes within the active and the control arm, if a design has them."""
    arms = results[0].map_set.design.arms if results else ()
    if len(arms) < 2:
        return None
    within = [r for r in results if r.contrast.is_change]
    first = {arm: next((r for r in within if r.contrast.asked.words.arm == arm), None) for arm in (arms[0], arms[-1])}
    active, control = first[arms[0]], first[arms[-1]]
    return (active, control) if active and control else None


def common(active: Result, control: Result) -> dict[str, Floats]:
    """Return the conjunction of the changes of both arms: t, and -log10 p corrected over the map."""
    t, p = conjunction((active.null.t, control.null.t), (active.p["voxel"], control.p["voxel"]))
    return {"t": t, "logpvoxfwe": (-np.log10(p)).astype(np.float32)}


def likeness(stacks: Stacks, active: Result, control: Result, inference: Inference) -> Likeness:
    """Return how alike the mean changes of both arms are."""
    members = [active.contrast.members, control.contrast.members]
    change = array_allocation.empty_array((sum(map(len, members)), len(active.null.t)))
    change[: len(members[0])] = outcome_of(stacks, active.contrast)
    change[len(members[0]) :] = outcome_of(stacks, control.contrast)
    labels = np.repeat([1.0, 0.0], [len(rows) for rows in members])
    blocks = np.concatenate([active.contrast.blocks, control.contrast.blocks])
    scheme = Rerandomisation(labels, blocks, inference.random_seed, min(1000, inference.n_permutations))
    found = similarity(change, scheme, inference.random_seed, min(1000, inference.n_permutations))
    return Likeness(
        spatial_correlation=found.r, p_both_arms_change_alike=found.p_consistent, p_arms_differ=found.p_exchangeable,
        split_half_reliability=tuple(found.reliability),
        dice=tuple(DiceAt(absolute_t=height, dice=value, p_arms_differ=p) for height, (value, p) in found.dice.items()),
    )  # fmt: skip
