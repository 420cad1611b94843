"""What the files of one contrast of one map say beside its maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.joint_p import JointP
from bids_app.statistics.permutation.corrections import monte_carlo_limits
from bids_app.statistics.permutation.rerandomisation import Scheme
from bids_app.statistics.permutation.schemes import ResidualSigns
from bids_app.statistics.result import MAY_DIFFER, OF_CLUSTERS, Result
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar, RobustTest
from bids_app.vocabulary.design import IT, OWN
from bids_app.vocabulary.domain import Sites
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.preregistration import OF_MAPS, Preregistration, plan_status

STATISTICS_TEXT = {
    "effect": "Coefficient of the contrast in units of the outcome (Fisher z for connectivity); of F: share explained.",
    "variance": "Variance of that coefficient.",
    "t": "t statistic.",
    "F": "F statistic of several columns.",
    "t_literature": "desc-literature: t in the clusters that random field theory would report at p .001; not a result.",
    "g": "Hedges g: adjusted difference over the pooled baseline SD (ANCOVA), else from t. Peaks are inflated.",
    "gLower": "Lower 95 % confidence limit of g; gUpper: the upper one.",
    "detectable": "Smallest effect with 80 % power: desc-voxel at a place named beforehand, desc-brain anywhere.",
    "partialr": "Partial correlation with the value of interest; partialrLower and partialrUpper: 95 % limits.",
    "logbf": "log10 of the Bayes factor for any difference (JZS), by the width of its prior (desc-r071: 0.71).",
    "logptost": "-log10 p that arms differ by less than the margin, at the voxel; logptostfwe: corrected over the map.",
    "logpunc": "-log10 of the permutation p, not corrected.",
    "qfdr": "False discovery rate q (Benjamini-Hochberg per sign at q/2 on the parametric p).",
    "logpvoxfwe": "-log10 of p corrected over the map by max |t| (one side: max t); desc-joint: over all maps too.",
    "logpextentfwe": "The same for cluster extent: each voxel of a cluster has the p of its cluster.",
    "logprobustmassfwe": "-log10 of p of means alone by signs of residuals (robust), corrected as logpmassfwe; so are "
    "logprobustvoxfwe, logprobustextentfwe, logprobusttfcefwe.",
    "tfce": "Threshold-free cluster enhancement of t, exact, E = 0.5, H = 2 (Smith & Nichols 2009).",
    "logptfcefwe": "The same as logpvoxfwe for TFCE.",
    "logpmassfwe": "The same for cluster mass, the sum of |t| minus the cluster-forming |t|.",
}


COMMON = (
    "Conjunction of the changes within both arms: the smaller |t| where signs agree, else 0; p is the larger of both, "
    "corrected over the map (Nichols 2005)."
)
BEFORE = (
    "Difference of the arms before treatment, described and not tested: of randomised arms chance alone made it. g is "
    "Hedges g with 95 % limits."
)


@dataclass(frozen=True)
class Family:
    """What a result is corrected together with: how many maps, and Holm's p over the families of its contrast."""

    members: int
    families: int
    holm: float


def contrast_sidecar(
    result: Result, joint: JointP, inference: Inference, family: Family, sealed: Preregistration | None,
) -> ContrastSidecar:  # fmt: skip
    """Return the sidecar of a result."""
    contrast, words, scheme, output = result.contrast, result.contrast.asked.words, result.scheme, result.map_set.output
    own = "each voxel's own" if result.map_set.domain.is_map else "its own"
    question, found, absent = (
        said.replace(IT, output.noun).replace(OWN, own) for said in (words.question, words.found, words.absent)
    )
    p = {name: _smallest(values) for name, values in result.p.items()}
    p_joint = _smallest_of(result, joint.own)
    return ContrastSidecar(
        **vars(replace(result.diagnostics, robust=_robust(result, joint))),
        measure=result.map_set.key.measure,
        outcome=output.description,
        units=output.units,
        scale=output.scale,
        labels=inference.labels,
        noun=output.noun,
        definite=output.definite,
        question=question,
        found=found,
        absent=absent,
        compared=words.compares,
        sign=words.sign,
        primary=contrast.asked.primary,
        step=contrast.asked.step,
        association=contrast.asked.association,
        plan=plan_status(sealed, *OF_MAPS, declared=contrast.asked.primary and not output.exploratory),
        between_arms=contrast.between_arms,
        arm=words.arm,
        change=contrast.is_change,
        statistics=STATISTICS_TEXT,
        standardised="partial correlation" if contrast.effect == "slope" else "Hedges g",
        statistic="t" if result.rank == 1 else "F",
        participants=len(contrast.members),
        participants_by_arm=by_arm(result),
        degrees_of_freedom=result.df if result.rank == 1 else [result.rank, result.df],
        voxels=result.map_set.domain.size,
        restricted_to=inference.small_volume,
        scheme="wild" if isinstance(scheme, ResidualSigns) else contrast.scheme,
        relabellings=scheme.total,
        relabellings_possible=str(scheme.possible),
        exhaustive=scheme.exhaustive,
        random_seed=scheme.seed,
        relabellings_hash=scheme.digest,
        smallest_possible_p=result.smallest_p,
        sides="both" if result.null.both else "positive",
        cluster_forming_p=inference.cluster_forming_p,
        cluster_forming_t=result.threshold,
        connectivity=inference.connectivity,
        cluster_mass="sum of |t| - ClusterFormingT",
        connectivity_tfce=inference.tfce_connectivity if "tfce" in result.null.maxima else None,
        alpha=inference.alpha,
        claim_statistic=result.map_set.claim(inference.claim),
        family=inference.family,
        family_members=family.members,
        smallest_p=p,
        smallest_p_limits={name: _limits(value, scheme) for name, value in p.items()},
        smallest_joint_p=p_joint,
        smallest_joint_p_limits={name: _limits(value, scheme) for name, value in p_joint.items()},
        families_of_this_contrast=family.families,
        holm_p=family.holm,
        exploratory=output.exploratory or None,
        tested_first=_tested_first(result) or None,
        not_claimed=_not_claimed(result),
    )


def _tested_first(result: Result) -> str:
    domain = result.map_set.domain
    return domain.first if isinstance(domain, Sites) else ""


def _smallest_of(result: Result, p: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return the smallest p of each statistic, without that of the place that is tested before the others."""
    domain, first = result.map_set.domain, _tested_first(result)
    if not (isinstance(domain, Sites) and first):
        return {name: _smallest(values) for name, values in p.items()}
    others = np.array([name != first for name in domain.names])
    return {
        name: _smallest(values if name in OF_CLUSTERS else values[others]) for name, values in p.items()
    }  # fmt: skip


def _not_claimed(result: Result) -> str | None:
    """Return why nothing is claimed of places whatever their p; nothing where that is not so."""
    domain = result.map_set.domain
    if not (isinstance(domain, Sites) and result.not_claimed.any()):
        return None
    if domain.first not in domain.names:
        return f"{domain.first} is not known for all participants, and it is tested first."
    p = result.p_first(domain.names.index(domain.first))
    return (
        f"{domain.first} is tested first and may itself differ (uncorrected p = {p:.2g}, below {MAY_DIFFER:g}): of the "
        f"other {domain.unit}s nothing is claimed, and their p_fwe_joint is 1."
    )


def _robust(result: Result, joint: JointP) -> RobustTest | None:
    """Return what the sidecar says of the robust p, if anything is to be said."""
    said = result.diagnostics.robust
    if said is None or result.robust is None:
        return said
    own = {name: _smallest(values) for name, values in result.robust.p.items()}
    return replace(said, smallest_p=own, smallest_joint_p=_smallest_of(result, joint.robust))


def _limits(p: float, scheme: Scheme) -> list[float]:
    """Return what other relabellings would have given in 95 of 100 cases."""
    return list(monte_carlo_limits(p, scheme.total, exhaustive=scheme.exhaustive))


def _smallest(p: NDArray[np.float64]) -> float:
    return float(np.nanmin(p, initial=1.0))


def by_arm(result: Result) -> dict[str, int]:
    """Return how many participants of each arm are in a result."""
    arms = [result.map_set.design.rows[i]["arm"] for i in result.contrast.members]
    return {arm: arms.count(arm) for arm in result.map_set.design.arms if arm in arms}


def design_table(result: Result) -> dict[str, list[object]]:
    """Return the design matrix of a contrast with the people in its rows."""
    contrast = result.contrast
    rows = [result.map_set.design.rows[i] for i in contrast.members]
    columns: dict[str, list[object]] = {key: [row[key] for row in rows] for key in ("participant_id", "arm")}
    matrix = np.column_stack([contrast.tested, contrast.nuisance])
    columns |= {name: list(values) for name, values in zip(contrast.columns, matrix.T, strict=True)}
    columns["block"] = list(contrast.blocks)
    if before := contrast.asked.outcome.baseline:
        columns["baseline"] = [f"own map, {before}"] * len(rows)
    return columns
