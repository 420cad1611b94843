"""What the files of one contrast of one map say beside its maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.corrections import monte_carlo_limits
from bids_app.statistics.permutation.rerandomisation import Scheme
from bids_app.statistics.permutation.schemes import ResidualSigns
from bids_app.statistics.result import JointP, Result
from bids_app.vocabulary.design import IT, OWN
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
) -> dict[str, Any]:  # fmt: skip
    """Return the sidecar of a result."""
    contrast, words, scheme, output = result.contrast, result.contrast.asked.words, result.scheme, result.map_set.output
    own = "each voxel's own" if result.map_set.domain.is_map else "its own"
    names = ("question", "found", "absent")
    said = {name: getattr(words, name).replace(IT, output.noun).replace(OWN, own) for name in names}
    return {
        "Measure": result.map_set.key.measure,
        "Outcome": output.description,
        "Units": output.units,
        "Labels": inference.labels,
        "Noun": output.noun,
        "Definite": output.definite,
        "Question": said["question"],
        "Found": said["found"],
        "Absent": said["absent"],
        "Compared": list(words.compares),
        "Sign": words.sign,
        "Primary": contrast.asked.primary,
        "Step": contrast.asked.step,
        "Association": contrast.asked.association,
        "Plan": plan_status(sealed, *OF_MAPS, declared=contrast.asked.primary),
        "BetweenArms": contrast.between_arms,
        "Arm": words.arm,
        "Change": contrast.is_change,
        "Statistics": STATISTICS_TEXT,
        "Standardised": "partial correlation" if contrast.effect == "slope" else "Hedges g",
        "Statistic": "t" if result.rank == 1 else "F",
        "Participants": len(contrast.members),
        "ParticipantsByArm": by_arm(result),
        "DegreesOfFreedom": result.df if result.rank == 1 else [result.rank, result.df],
        "Voxels": result.map_set.domain.size,
        "RestrictedTo": list(inference.small_volume),
        "Scheme": "wild" if isinstance(scheme, ResidualSigns) else contrast.scheme,
        "Relabellings": scheme.total,
        "RelabellingsPossible": str(scheme.possible),
        "Exhaustive": scheme.exhaustive,
        "RandomSeed": scheme.seed,
        "RelabellingsHash": scheme.digest,
        "SmallestPossibleP": result.smallest_p,
        "Sides": "both" if result.null.both else "positive",
        "ClusterFormingP": inference.cluster_forming_p,
        "ClusterFormingT": result.threshold,
        "Connectivity": inference.connectivity,
        "ClusterMass": "sum of |t| - ClusterFormingT",
        **({"ConnectivityTFCE": inference.tfce_connectivity} if "tfce" in result.null.maxima else {}),
        "Alpha": inference.alpha,
        "ClaimStatistic": result.map_set.claim(inference.claim),
        "Family": inference.family,
        "FamilyMembers": family.members,
        "SmallestP": {name: _smallest(p) for name, p in result.p.items()},
        "SmallestPLimits": {name: _limits(_smallest(p), scheme) for name, p in result.p.items()},
        "SmallestJointP": {name: _smallest(p) for name, p in joint.own.items()},
        "SmallestJointPLimits": {name: _limits(_smallest(p), scheme) for name, p in joint.own.items()},
        "FamiliesOfThisContrast": family.families,
        "HolmP": family.holm,
        **result.about,
        **_robust(result, joint),
    }


def _robust(result: Result, joint: JointP) -> dict[str, dict[str, Any]]:
    """Return what the sidecar says of the robust p, if anything is to be said."""
    said = result.about.get("Robust")
    if not isinstance(said, Mapping):
        return {}
    found = {"SmallestP": result.robust.p, "SmallestJointP": joint.robust} if result.robust else {}
    least = {key: {name: _smallest(p) for name, p in values.items()} for key, values in found.items()}
    return {"Robust": {**said, **least}}


def _limits(p: float, scheme: Scheme) -> list[float]:
    """Return what other relabellings would have given in 95 of 100 cases."""
    return list(monte_carlo_limits(p, scheme.total, exhaustive=scheme.exhaustive))


def _smallest(p: NDArray[np.float64]) -> float:
    return float(np.nanmin(p, initial=1.0))


def by_arm(result: Result) -> dict[str, int]:
    """Return how many participants of each arm are in a result."""
    arms = [result.map_set.design.rows[i]["arm"] for i in result.contrast.members]
    return {arm: arms.count(arm) for arm in result.map_set.design.arms if arm in arms}


def design_table(result: Result) -> dict[str, list[Any]]:
    """Return the design matrix of a contrast with the people in its rows."""
    contrast = result.contrast
    rows = [result.map_set.design.rows[i] for i in contrast.members]
    columns: dict[str, list[Any]] = {key: [row[key] for row in rows] for key in ("participant_id", "arm")}
    matrix = np.column_stack([contrast.tested, contrast.nuisance])
    columns |= {name: list(values) for name, values in zip(contrast.columns, matrix.T, strict=True)}
    columns["block"] = list(contrast.blocks)
    if before := contrast.asked.outcome.baseline:
        columns["baseline"] = [f"own map, {before}"] * len(rows)
    return columns
