"""The comparison of arms tested once more, by signs of residuals: whether means differ, whatever the variances."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bids_app.errors import WrongDataError
from bids_app.statistics.clusters.cluster_table import tabulate
from bids_app.statistics.permutation import wild_bootstrap
from bids_app.statistics.permutation.schemes import ResidualSigns
from bids_app.statistics.result import MapSet, Robust
from bids_app.vocabulary.contrast_sidecar import RobustTest
from bids_app.vocabulary.design import Contrast
from bids_app.vocabulary.options.inference import Inference

if TYPE_CHECKING:
    from bids_app.levels.group.contrast_test import ContrastModel, GroupContext

FEWEST, FEWEST_VOXEL = 5, 8
"""Participants of the smallest arm that the p of clusters, and of single voxels, needs (docs/validation.md)."""


def compares_arms(contrast: Contrast) -> bool:
    """Tell whether a contrast compares arms that were drawn."""
    return contrast.between_arms and contrast.scheme == "rerandomise"


def arms_of(map_set: MapSet, contrast: Contrast) -> Counter[str]:
    """Return how many participants each arm of a contrast has."""
    return Counter(str(map_set.design.rows[i]["arm"]) for i in contrast.members)


def why_not(map_set: MapSet, contrast: Contrast) -> str:
    """Return why there is no robust p, or nothing."""
    few = [f"{arm} has {count}" for arm, count in arms_of(map_set, contrast).items() if count < FEWEST]
    return f"robust p needs {FEWEST} in each arm, {', '.join(few)}" if few else ""


def signs_of(map_set: MapSet, contrast: Contrast, inference: Inference) -> ResidualSigns:
    """Return the patterns of signs of the participants of a contrast.

    Raises
    ------
    WrongDataError
        If an arm has too few participants.
    """
    reason = why_not(map_set, contrast)
    if reason and compares_arms(contrast):  # an exploratory slope has a least number of its own
        raise WrongDataError(f"{contrast.name} of {map_set.key.label}: {reason}.")
    people = tuple(str(map_set.design.rows[i]["participant_id"]) for i in contrast.members)
    both = inference.sides == "both" or contrast.tested.shape[1] > 1
    return ResidualSigns(people, inference.random_seed, inference.n_permutations, both)


def question_of(question: ContrastModel, map_set: MapSet, inference: Inference) -> ContrastModel | None:
    """Return the question that is asked of means beside a primary contrast of arms; None where it cannot be asked."""
    contrast = question.contrast
    asked = contrast.asked.confirmatory and compares_arms(contrast) and not isinstance(question.scheme, ResidualSigns)
    if not asked or why_not(map_set, contrast):
        return None
    model = replace(question.model, by_arm=False)
    model = replace(model, robust=wild_bootstrap.prepare(model))
    enhancing = question.geometry.enhancing and inference.claim == "tfce"
    return replace(
        question, model=model, scheme=signs_of(map_set, contrast, inference),
        geometry=replace(question.geometry, enhancing=enhancing),
    )  # fmt: skip


def robust(question: ContrastModel, map_set: MapSet, run: GroupContext) -> tuple[Robust | None, RobustTest | None]:
    """Return the robust test of a primary contrast between arms, and what its sidecar says, why there is none too."""
    contrast, inference = question.contrast, run.job.inference
    if not (contrast.asked.confirmatory and compares_arms(contrast)):
        return None, None
    if reason := why_not(map_set, contrast):
        return None, RobustTest(absent=reason)
    again = question_of(question, map_set, inference)
    if again is None:
        return None, None
    assert again.model.robust
    determined = again.model.robust.determined
    if determined > wild_bootstrap.MOST:
        reason = f"at {determined:.0%} of the voxels one participant determines the fit alone"
        return None, RobustTest(absent=f"no robust p: {reason}")
    null = again.relabellings(again.model, again.geometry, run).null()
    least = min(arms_of(map_set, contrast).values())
    scheme = again.scheme
    about = RobustTest(
        scheme="wild",
        residuals="of the model with arm, strata, covariates and baseline, over sqrt(1 - leverage); HC2 variance",
        patterns=scheme.total, exhaustive=scheme.exhaustive, seed=scheme.seed, patterns_hash=scheme.digest,
        determined_by_one_participant=determined, too_small_for_voxels=least < FEWEST_VOXEL,
    )  # fmt: skip
    labels = again.labels(null)
    found = Robust(
        scheme=scheme, threshold=again.geometry.threshold, null=null, labels=labels,
        clusters=tabulate(null.t, labels, again.geometry.threshold), small=least < FEWEST_VOXEL,
    )  # fmt: skip
    return found, about
