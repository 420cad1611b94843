"""The table of one contrast of values that are no images: edges, regions, sensors by frequency; one row a place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.joint_p import JointP
from bids_app.statistics.result import Result
from bids_app.vocabulary.domain import Domain

Column = dict[str, str]
Values = Sequence[object] | NDArray[np.generic]


def columns_of(domain: Domain, scale: str) -> Column:
    """Return what the columns of a table say: what tells the places apart, effects, and the p that there are."""
    unit = domain.unit
    sets = _clusters(unit) if domain.clustered else _components(unit)
    return {**_told_apart(domain), **_effects(unit, scale), **sets}


def _told_apart(domain: Domain) -> Column:
    if domain.unit == "edge":
        return {"edge": "Two regions or networks, or one network with itself."}
    return dict.fromkeys(domain.columns(), f"What tells the {domain.unit} from the others.")


def _effects(unit: str, scale: str) -> Column:
    return {
        "effect": f"Coefficient of the contrast in {scale}.",
        "percent": "The same as a ratio: how many percent more, or less.",
        "t": "t statistic (F of several columns).",
        "g": "Hedges g; g_lower and g_upper are 95 % limits.",
        "partial_r": "Partial correlation, in place of g where a slope is tested; likewise with limits.",
        "p_uncorrected": f"Permutation p of this {unit} alone.",
        "q_fdr": f"False discovery rate over the {unit}s, per sign.",
        "p_fwe": f"Corrected over all {unit}s by the largest |t|.",
        "p_fwe_joint": "Corrected over the family as well.",
        "p_robust_fwe": f"Of means alone, by signs of residuals: corrected over all {unit}s.",
        "p_robust_fwe_joint": "Corrected over the family as well.",
    }


def _components(unit: str) -> Column:
    return {
        "component": f"Set of {unit}s above the threshold that share nodes; empty outside (network-based statistic).",
        "p_component_extent": f"p of that set by its number of {unit}s: exploratory, "
        f"of the set and of no single {unit}.",
        "p_component_mass": "The same by the sum of |t| above the threshold.",
    }


def _clusters(unit: str) -> Column:
    return {
        "p_tfce_fwe": f"Of threshold-free cluster enhancement, corrected over all {unit}s.",
        "p_tfce_fwe_joint": "Corrected over the family as well.",
        "cluster": f"Set of neighbouring {unit}s above the threshold; empty outside.",
        "p_cluster_extent": f"p of that cluster by its number of {unit}s: of the cluster and of no single {unit}.",
        "p_cluster_mass": "The same by the sum of |t| above the threshold.",
        "p_cluster_mass_joint": "Corrected over the family as well.",
        "p_robust_cluster_mass": f"p of means of the cluster by signs of residuals that has the {unit}.",
    }


def place_table(result: Result, joint: JointP) -> dict[str, list[object]]:
    """Return one row a place, those of the smallest p first, of equal ones that of the largest |t|."""
    maps, domain, base = result.table, result.map_set.domain, result.map_set.output.base
    nothing = np.full(domain.size, np.nan)
    standard, name = ("partialr", "partial_r") if "partialr" in maps else ("g", "g")
    columns: dict[str, Values] = {
        **domain.columns(),
        "effect": maps["effect"],
        **({"percent": 100 * (base ** np.asarray(maps["effect"], dtype=np.float64) - 1)} if base else {}),
        "t": result.null.t,
        name: maps.get(standard, nothing),
        f"{name}_lower": maps.get(f"{standard}Lower", nothing),
        f"{name}_upper": maps.get(f"{standard}Upper", nothing),
        "p_uncorrected": 10.0 ** -maps["logpunc"],
        "q_fdr": maps.get("qfdr", nothing),
        "p_fwe": result.p["voxel"],
        "p_fwe_joint": joint.own["voxel"],
        "p_robust_fwe": result.robust.p["voxel"] if result.robust else nothing,
        "p_robust_fwe_joint": joint.robust.get("voxel", nothing),
        **_sets(result, joint),
    }
    # Places of which nothing is claimed come last, whatever their p.
    order = np.lexsort((-np.abs(result.null.t), np.asarray(columns["p_uncorrected"]), result.not_claimed))
    return {name: [values[i] for i in order] for name, values in columns.items()}


def _sets(result: Result, joint: JointP) -> dict[str, Values]:
    """Return the columns of sets of places above the threshold."""
    number = {cluster.number: i for i, cluster in enumerate(result.clusters)}
    place = [number.get(int(label)) for label in result.labels]

    def spread(p: NDArray[np.float64]) -> list[object]:
        return [None if i is None else p[i] for i in place]

    name = "cluster" if result.map_set.domain.clustered else "component"
    found: dict[str, Values] = {
        name: [None if i is None else i + 1 for i in place],
        f"p_{name}_extent": spread(result.p["extent"]),
        f"p_{name}_mass": spread(result.p["mass"]),
    }
    if not result.map_set.domain.clustered:
        return found
    nothing = np.full(result.map_set.domain.size, np.nan)
    robust = result.robust
    means = 10.0 ** -robust.spread("mass", robust.p["mass"]) if robust else nothing
    return {
        "p_tfce_fwe": result.p.get("tfce", nothing),
        "p_tfce_fwe_joint": joint.own.get("tfce", nothing),
        **found,
        "p_cluster_mass_joint": spread(joint.own["mass"]),
        "p_robust_cluster_mass": means,
    }
