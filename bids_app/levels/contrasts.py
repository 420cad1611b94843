"""One contrast of one kind of map: model, relabellings, and all that follows from both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.levels import overlap, power
from bids_app.levels.overlap import Stacks
from bids_app.levels.profiles import profile
from bids_app.statistics import linear_model, literature, network, permutation, sweep, terrain
from bids_app.statistics.allocation import Rerandomisation, Scheme
from bids_app.statistics.clusters import label, neighbourhood
from bids_app.statistics.network import Graph
from bids_app.statistics.parts import Keeper
from bids_app.statistics.relabelling import Exchange, SignFlips
from bids_app.statistics.result import Result, Subject, maps_of
from bids_app.vocabulary.design import Contrast
from bids_app.vocabulary.inference import Inference
from bids_app.vocabulary.job import GroupJob

Progress = Callable[[str, int, int, float], None]
Schemes = dict[tuple[Any, ...], Scheme]


@dataclass(frozen=True)
class Run:
    """What all contrasts of a job share: job, schemes, who is told of progress, and who keeps finished parts."""

    job: GroupJob
    schemes: Schemes
    progress: Progress
    keeper: Keeper


def infer(subject: Subject, stacks: Stacks, contrast: Contrast, run: Run) -> Result:
    """Relabel one contrast of one map; maps with the same participants share one scheme and its relabellings.

    Parameters
    ----------
    stacks : mapping of (participants, voxels)
        Maps by stage.
    """
    job, schemes = run.job, run.schemes
    before = contrast.asked.outcome.baseline
    baseline = stacks[before][contrast.members] if before else None
    outcome = overlap.outcome_of(stacks, contrast)
    by_arm = job.inference.variances == "by-arm" and contrast.scheme == "rerandomise" and contrast.tested.shape[1] == 1
    people = tuple(subject.design.rows[i]["participant_id"] for i in contrast.members)
    scheme = schemes.setdefault((contrast.name, people), _scheme(contrast, job.inference))
    tell = partial(run.progress, f"{subject.key.label}, {contrast.name}")

    def fitted(maps: NDArray[np.float32]) -> linear_model.LinearModel:
        return replace(linear_model.fit(maps, contrast.tested, contrast.nuisance, baseline), by_arm=by_arm)

    model = fitted(outcome)
    geometry = _geometry(subject, contrast, job.inference, model)
    null = permutation.run(model, scheme, geometry, job.threads, tell, run.keeper)
    maps = maps_of(model, null, contrast, scheme.total, baseline)
    about: dict[str, object] = {}
    if model.rank == 1:
        about["Power"] = power.power(model, null, contrast, baseline, job.inference.alpha)
        if contrast.asked.primary:
            maps |= power.detectable(model, null, job.inference.alpha)
        if contrast.effect in ("ancova", "two_sample", "crossover"):
            about["VarianceOfArms"] = _spread(model, contrast, job.inference.claim)
        if job.inference.literature and not isinstance(geometry.around, Graph):
            alpha = job.inference.alpha
            about["RandomFieldTheory"] = literature.findings(null.t, model, subject.mask, geometry.around, alpha)
    if contrast.asked.primary and contrast.between_arms:
        maps |= {f"logbf_{name}": found for name, found in overlap.bayes_maps(null.t, model.df, contrast).items()}
        if margin := job.inference.equivalence_margin:
            above = replace(geometry, land=None, both=False)
            maps |= overlap.equivalence(
                outcome, contrast.tested[:, 0], margin,
                lambda maps: permutation.run(fitted(maps), scheme, above, job.threads, tell, run.keeper),
            )  # fmt: skip
    result = Result(
        subject, contrast, scheme, model.df, model.rank, geometry.threshold, null, _labels(null, geometry), maps, about
    )
    return replace(result, profile=profile(result, stacks, by_arm=by_arm))


def _labels(null: permutation.Null, geometry: sweep.Geometry) -> NDArray[np.int32]:
    t = sweep.shown(null.t, geometry)
    if isinstance(geometry.around, Graph):
        return network.label(t, geometry.around, geometry.threshold)
    return label(t, geometry.around, geometry.threshold)


SMALL_ARM = 20
"""People below whom variances of arms are known too badly for the largest |t| (docs/validation.md)."""


def _spread(model: linear_model.LinearModel, contrast: Contrast, claim: str) -> dict[str, object]:
    """Return how much more one arm varies than the other, and a warning where that and unequal arms distort p."""
    left = linear_model.residuals(model)
    arm = contrast.tested[:, 0] == 1
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.nanmedian(left[arm].var(axis=0, ddof=1) / left[~arm].var(axis=0, ddof=1)))
    share = arm.sum() / (~arm).sum()
    distorted = not 0.8 <= share <= 1.25 and not 2 / 3 <= ratio <= 1.5 and not model.by_arm
    warning = (
        f"The arms differ in size ({arm.sum()} and {(~arm).sum()}) and in variance (ratio {ratio:.2f}): pooled "
        "variances give wrong p values then. Set inference.variances = 'by-arm'."
    )
    if model.by_arm and min(arm.sum(), (~arm).sum()) < SMALL_ARM and claim in ("voxel", "tfce"):
        distorted = True
        warning = (
            f"An arm has fewer than {SMALL_ARM} people: with variances of their own the largest |t| and TFCE then find "
            "too much. Set inference.claim = 'mass'."
        )
    return {"MedianRatio": ratio, "Warning": warning if distorted else ""}


def _geometry(
    subject: Subject, contrast: Contrast, inference: Inference, model: linear_model.LinearModel
) -> sweep.Geometry:
    both = inference.sides == "both" or model.rank > 1
    threshold = permutation.cluster_threshold(inference.cluster_forming_p, model.df, model.rank, both=both)
    if subject.graph:
        return sweep.Geometry(subject.graph, None, threshold, both)
    wanted = (
        inference.claim == "tfce" or inference.tfce == "all" or (inference.tfce == "primary" and contrast.asked.primary)
    )
    land = terrain.terrain(subject.mask, inference.tfce_connectivity) if wanted else None
    return sweep.Geometry(neighbourhood(subject.mask, inference.connectivity), land, threshold, both)


def _scheme(contrast: Contrast, inference: Inference) -> Scheme:
    seed, number = inference.random_seed, inference.n_permutations
    if contrast.labels is not None and contrast.scheme == "rerandomise":
        return Rerandomisation(contrast.labels, contrast.blocks, seed, number)
    if contrast.scheme.startswith("exchange"):
        return Exchange(contrast.blocks, seed, number, whole=contrast.scheme == "exchange_whole")
    return SignFlips(len(contrast.members), seed, number)
