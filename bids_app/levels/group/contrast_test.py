"""One contrast of one kind of map: model, relabellings, and all that follows from both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.levels.group import arm_similarity, descriptives
from bids_app.levels.group import robust as robustly
from bids_app.levels.group.arm_similarity import Stacks
from bids_app.levels.group.descriptives import arm_variances, profile, symmetry
from bids_app.levels.group.equivalence import equivalence_maps, margin_of, shifted_outcomes
from bids_app.statistics.clusters import random_field_report
from bids_app.statistics.clusters.cluster_table import tabulate
from bids_app.statistics.permutation import engine, linear_model, permutation_test, wild_bootstrap
from bids_app.statistics.permutation.checkpoints import CheckpointStore
from bids_app.statistics.permutation.permutation_test import PermutationRun
from bids_app.statistics.permutation.rerandomisation import Rerandomisation, Scheme
from bids_app.statistics.permutation.schemes import Exchange, SignFlips
from bids_app.statistics.result import MapSet, Result, maps_of, peaks_of
from bids_app.vocabulary import array_allocation
from bids_app.vocabulary.contrast_sidecar import Diagnostics
from bids_app.vocabulary.design import Contrast
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.options.inference import Inference

Progress = Callable[[str, str, int, int, float], None]
Schemes = dict[tuple[object, ...], Scheme]


@dataclass(frozen=True, kw_only=True)
class GroupContext:
    """What all contrasts of a job share: job, schemes, who is told of progress, and who keeps finished parts.

    `regions` are those that are declared for equivalence.
    """

    job: GroupJob
    schemes: Schemes
    progress: Progress
    keeper: CheckpointStore
    regions: Mapping[str, Mask] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class ContrastModel:
    """One contrast of one kind of map, ready to be permuted.

    Attributes
    ----------
    outcome : callable
        Makes what is explained, (n, voxels): as large as all maps, so that it is not kept during permutation.
    baseline : (n, voxels) or None
        The voxel's own baseline if it is adjusted for.
    fitted : callable
        Model of another outcome of the same participants.
    ready : callable
        A plain model of them as permutations need it.
    """

    contrast: Contrast
    outcome: Callable[[], NDArray[np.float32]]
    baseline: NDArray[np.float32] | None
    fitted: Callable[[NDArray[np.float32]], linear_model.LinearModel]
    ready: Callable[[linear_model.LinearModel], linear_model.LinearModel]
    model: linear_model.LinearModel
    scheme: Scheme
    geometry: engine.SpatialStructure
    tell: Callable[[int, int, float], None]

    @property
    def above(self) -> engine.SpatialStructure:
        """The geometry of equivalence: positive values of single voxels alone."""
        return replace(self.geometry, enhancing=False, both=False)

    def relabellings(
        self, model: linear_model.LinearModel, geometry: engine.SpatialStructure, run: GroupContext
    ) -> PermutationRun:
        """Return the relabellings of a model of these people."""
        return PermutationRun(model, self.scheme, geometry, run.job.threads, self.tell, run.keeper)

    def labels(self, null: permutation_test.NullDistribution) -> NDArray[np.int32]:
        """Return the number of the cluster of each place."""
        geometry = self.geometry
        return geometry.neighbours.label(engine.tested_side(null.t, geometry), geometry.threshold)


def fit_contrast(map_set: MapSet, stacks: Stacks, contrast: Contrast, run: GroupContext) -> ContrastModel:
    """Fit one contrast of one map; maps with the same participants share one scheme and its permutations.

    Parameters
    ----------
    stacks : mapping of (participants, voxels)
        Maps by stage.
    """
    inference = run.job.inference
    before = contrast.asked.outcome.baseline
    baseline = array_allocation.rows_of(stacks[before], contrast.members) if before else None
    outcome = partial(arm_similarity.outcome_of, stacks, contrast)
    by_arm = inference.variances == "by-arm" and contrast.scheme == "rerandomise" and contrast.tested.shape[1] == 1
    people = tuple(map_set.design.rows[i]["participant_id"] for i in contrast.members)
    signs = contrast.scheme == "wild" or (inference.scheme == "wild" and robustly.compares_arms(contrast))
    scheme = robustly.signs_of(map_set, contrast, inference) if signs else _scheme(contrast, inference)
    scheme = run.schemes.setdefault((contrast.name, people), scheme)

    def ready(model: linear_model.LinearModel) -> linear_model.LinearModel:
        return replace(model, robust=wild_bootstrap.prepare(model)) if signs else replace(model, by_arm=by_arm)

    def fitted(maps: NDArray[np.float32]) -> linear_model.LinearModel:
        return ready(linear_model.fit(maps, contrast.tested, contrast.nuisance, baseline))

    model = fitted(outcome())
    geometry = _geometry(map_set, contrast, inference, model)
    tell = partial(run.progress, map_set.key.label, contrast.name)
    return ContrastModel(
        contrast=contrast,
        outcome=outcome,
        baseline=baseline,
        fitted=fitted,
        ready=ready,
        model=model,
        scheme=scheme,
        geometry=geometry,
        tell=tell,
    )


def fill_checkpoints(
    question: ContrastModel, map_set: MapSet, run: GroupContext, wanted: Callable[[float], bool]
) -> None:
    """Make and keep the relabellings of a contrast whose places are wanted, of equivalence and of means too."""
    again = robustly.question_of(question, map_set, run.job.inference)
    for asked in (question, again) if again else (question,):
        asked.relabellings(asked.model, asked.geometry, run).fill(wanted)
    if margin := margin_of(map_set, question.contrast, run.job.inference):
        for outcome in shifted_outcomes(question.outcome, question.contrast.tested[:, 0], margin.value):
            question.relabellings(question.fitted(outcome), question.above, run).fill(wanted)


@dataclass(frozen=True, eq=False, kw_only=True)
class Inferred:
    """A result, and every map of it but the corrected ones, (places,) each, by its `stat` entity."""

    result: Result
    maps: Mapping[str, NDArray[np.float32]]


def test_of_contrast(map_set: MapSet, stacks: Stacks, contrast: Contrast, run: GroupContext) -> Inferred:
    """Relabel one contrast of one map, and conclude what follows.

    Raises
    ------
    WrongDataError
        If there is nothing to compare, or the mean of what is above 0 by what it is would be tested against 0.
    """
    if map_set.output.above_zero and contrast.effect == "one_sample" and not contrast.is_change:
        raise WrongDataError(f"{map_set.output.noun} is above 0 by what it is: its mean is not tested against 0.")
    question, inference = fit_contrast(map_set, stacks, contrast, run), run.job.inference
    model, scheme, geometry, baseline = question.model, question.scheme, question.geometry, question.baseline
    null = question.relabellings(model, geometry, run).null()
    if not (np.isfinite(null.t) & (null.t != 0)).any():
        raise WrongDataError(
            f"{contrast.name} of {map_set.key.label} has no defined statistic at any place: the maps leave nothing to "
            "compare (are they all the same, or one session twice?)."
        )
    maps = maps_of(model, null, contrast, scheme.total, baseline)
    found_out = _diagnostics(question, map_set, null, inference) if model.rank == 1 else Diagnostics()
    if model.rank == 1 and contrast.asked.primary:
        maps |= descriptives.detectable(model, null, inference.alpha)
    if contrast.asked.primary and contrast.between_arms and model.rank == 1:
        maps |= {f"logbf_{name}": found for name, found in arm_similarity.bayes_maps(null.t, model).items()}
        found_out = replace(found_out, evidence=arm_similarity.evidence_of(maps))
    if margin := margin_of(map_set, contrast, inference):
        more, alike = equivalence_maps(question, map_set, run, margin)
        maps |= more
        found_out = replace(found_out, equivalence=alike)
    printed = None
    if contrast.asked.primary and (theory := found_out.random_field_theory):
        extent = theory.findings[0].smallest_extent
        printed = random_field_report.as_printed(null.t, model.df, map_set.neighbours, extent)
        maps["t_literature"] = np.where(printed > 0, null.t, np.float32(0))
    robust, said = robustly.robust(question, map_set, run)
    labels = question.labels(null)
    found = tabulate(null.t, labels, geometry.threshold)
    result = Result(
        map_set=map_set, contrast=contrast, scheme=scheme, df=model.df, rank=model.rank, threshold=geometry.threshold,
        null=null, labels=labels, clusters=found, peaks=peaks_of(maps, found),
        table={} if map_set.domain.is_map else maps, diagnostics=replace(found_out, robust=said),
        robust=robust, printed=printed,
    )  # fmt: skip
    return Inferred(result=replace(result, profile=profile(result, stacks, question.ready)), maps=maps)


def _diagnostics(
    question: ContrastModel, map_set: MapSet, null: permutation_test.NullDistribution, inference: Inference
) -> Diagnostics:
    """Return what is found out of a t beside its maps."""
    model, contrast, domain = question.model, question.contrast, map_set.domain
    of_arms = contrast.effect in ("ancova", "two_sample", "crossover")
    theory = None
    if inference.literature and isinstance(domain, Voxels):
        theory = random_field_report.findings(null.t, model, domain.mask, map_set.neighbours, inference.alpha)
    return Diagnostics(
        power=descriptives.power(model, null, contrast, question.baseline, inference.alpha),
        variance_of_arms=arm_variances(model, contrast) if of_arms else None,
        symmetry=symmetry(model, len(contrast.members)) if contrast.scheme == "signflip" else None,
        random_field_theory=theory,
    )


def _geometry(
    map_set: MapSet, contrast: Contrast, inference: Inference, model: linear_model.LinearModel
) -> engine.SpatialStructure:
    both = inference.sides == "both" or model.rank > 1
    threshold = permutation_test.cluster_threshold(inference.cluster_forming_p, model.df, model.rank, both=both)
    wanted = (
        inference.claim == "tfce" or inference.tfce == "all" or (inference.tfce == "primary" and contrast.asked.primary)
    )
    enhancing = wanted and map_set.domain.clustered
    return engine.SpatialStructure(neighbours=map_set.neighbours, threshold=threshold, both=both, enhancing=enhancing)


def _scheme(contrast: Contrast, inference: Inference) -> Scheme:
    seed, number = inference.random_seed, inference.n_permutations
    if contrast.labels is not None and contrast.scheme == "rerandomise":
        return Rerandomisation(contrast.labels, contrast.blocks, seed, number)
    if contrast.scheme.startswith("exchange"):
        return Exchange(contrast.blocks, seed, number, whole=contrast.scheme == "exchange_whole")
    return SignFlips(len(contrast.members), seed, number)
