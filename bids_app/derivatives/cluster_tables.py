"""Tables of the group level: clusters, values by participant, and who is in each arm."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bids_app.statistics.clusters.cluster_table import Cluster
from bids_app.statistics.clusters.true_discoveries import hommel, true_discoveries, voxel_p
from bids_app.statistics.joint_p import JointP
from bids_app.statistics.result import Result
from bids_app.statistics.table_one import table_one
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Sensors
from bids_app.vocabulary.grid import Mask, Namer, Points
from bids_app.vocabulary.options.inference import Inference

PLACES = {"voxel": ("x", "y", "z", "voxels", "mm3", "place"), "point": ("peak_channel", "channels", "points")}
"""Columns that say where a cluster is; those of points have the ends and the peak of each further axis besides."""

CLUSTER_COLUMNS = (
    "cluster", "sign", "x", "y", "z", "peak_t", "voxels", "mm3", "mass", "peak_effect", "peak_g",
    "peak_partial_r",
    "p_voxel_fwe", "p_extent_fwe", "p_mass_fwe", "p_tfce_fwe", "p_voxel_fwe_joint", "p_extent_fwe_joint",
    "p_mass_fwe_joint", "p_tfce_fwe_joint", "next_to_seed", "place", "mean_effect", "mean_effect_lower",
    "mean_effect_upper", "p_robust_voxel_fwe", "p_robust_extent_fwe", "p_robust_mass_fwe", "p_robust_tfce_fwe",
    "p_robust_voxel_fwe_joint", "p_robust_extent_fwe_joint", "p_robust_mass_fwe_joint", "p_robust_tfce_fwe_joint",
    "differs_at_least",
)  # fmt: skip


MEANS = "mean_effect", "mean_effect_lower", "mean_effect_upper"


def cluster_table(result: Result, joint: JointP, named: Namer, alpha: float) -> dict[str, list[Any]]:
    """Return one row a cluster: where, how large, and every p that it has.

    Of statistics of places that is the smallest; a robust p of clusters is that of the cluster by signs of residuals
    which has most of its places, and 1 without any. Of voxels, at least a share `differs_at_least` differs, with
    confidence 1 - alpha for all clusters at once (`true_discoveries`).
    """
    robust = result.robust
    where = _voxels_of(result, named, alpha) if result.map_set.domain.is_map else _points_of(result)
    standardised = "peak_partial_r" if result.contrast.effect == "slope" else "peak_g"
    rows = []
    for i, cluster in enumerate(result.clusters):
        members = result.labels == cluster.number
        row = {
            "cluster": i + 1, "sign": "positive" if cluster.positive else "negative", "peak_t": cluster.peak_t,
            "mass": cluster.mass, "peak_effect": result.peaks[i].effect, standardised: result.peaks[i].standardised,
            **where(cluster, members),
        }  # fmt: skip
        for ending, found, again in (("", result.p, robust.p if robust else {}), ("_joint", joint.own, joint.robust)):
            row |= {f"p_{name}_fwe{ending}": result.at(members, name, p) for name, p in found.items()}
            row |= {f"p_robust_{name}_fwe{ending}": robust.at(members, name, p) for name, p in again.items() if robust}
        if result.profile and i < result.profile.effects.shape[1]:
            row |= dict(zip(MEANS, result.profile.effects[:, i].tolist(), strict=True))
        rows.append(row)
    return {key: [row.get(key) for row in rows] for key in _columns_of(result)}


def _columns_of(result: Result) -> tuple[str, ...]:
    domain = result.map_set.domain
    if not isinstance(domain, Sensors):
        return CLUSTER_COLUMNS
    axes = [f"{axis.name}_{end}" for axis in domain.axes for end in ("low", "high", "peak")]
    absent = {*PLACES["voxel"], "next_to_seed", "differs_at_least"}
    first, *others = (key for key in CLUSTER_COLUMNS if key not in absent)
    return (first, others[0], *PLACES["point"], *axes, *others[1:])


Where = Callable[[Cluster, Mask], dict[str, object]]


def _voxels_of(result: Result, named: Namer, alpha: float) -> Where:
    """Return what says where a cluster of voxels is, and how much of it differs."""
    domain = result.map_set.voxels
    positions, volume = domain.positions, float(np.prod(domain.grid.voxel_sizes))
    p = voxel_p(result.null.t, result.df, result.rank, both=result.null.both)
    largest = hommel(p[np.isfinite(p)], alpha)

    def where(cluster: Cluster, members: Mask) -> dict[str, object]:
        x, y, z = positions[cluster.peak]
        return {
            "x": x, "y": y, "z": z, "voxels": cluster.extent, "mm3": cluster.extent * volume,
            "next_to_seed": cluster.number in result.next_to_seed,
            "place": _named(named, positions, cluster.peak, members),
            "differs_at_least": true_discoveries(p[members], largest, alpha) / cluster.extent,
        }  # fmt: skip

    return where


def _points_of(result: Result) -> Where:
    """Return what says where a cluster of channels by frequency or time is: the channels with most of it first."""
    channels, *axes = [np.array(values) for values in result.map_set.domain.columns().values()]
    names = [axis.name for axis in result.map_set.domain.axes] if isinstance(result.map_set.domain, Sensors) else []

    def where(cluster: Cluster, members: Mask) -> dict[str, object]:
        own, counts = np.unique(channels[members], return_counts=True)
        row = {
            "peak_channel": str(channels[cluster.peak]), "points": cluster.extent,
            "channels": " ".join(own[np.argsort(-counts, kind="stable")]),
        }  # fmt: skip
        for name, axis in zip(names, axes, strict=True):
            row |= {f"{name}_low": axis[members].min(), f"{name}_high": axis[members].max()}
            row[f"{name}_peak"] = axis[cluster.peak]
        return row

    return where


def _named(named: Namer, where: Points, peak: int, inside: Mask) -> str | None:
    members = np.flatnonzero(inside)
    return named(np.vstack([where[peak], where[members[members != peak]]])) or None


PRINTED_COLUMNS = ("cluster", "sign", "x", "y", "z", "peak_t", "voxels", "mm3", "place")


def printed_table(result: Result, named: Namer) -> dict[str, list[object]]:
    """Return the clusters that a paper would list by random field theory, the largest first; no result."""
    assert result.printed is not None
    domain, t = result.map_set.voxels, result.null.t
    where, volume = domain.positions, float(np.prod(domain.grid.voxel_sizes))
    found = [result.printed == number for number in np.unique(result.printed[result.printed > 0])]
    rows = []
    for i, members in enumerate(sorted(found, key=np.count_nonzero, reverse=True)):
        peak = int(np.argmax(np.where(members, np.abs(t), -1)))
        sign, count = "positive" if t[peak] > 0 else "negative", int(members.sum())
        place = _named(named, where, peak, members)
        rows.append((i + 1, sign, *where[peak], float(t[peak]), count, count * volume, place))
    return {name: [row[i] for row in rows] for i, name in enumerate(PRINTED_COLUMNS)}


def passing_shares(clusters: Mapping[str, Sequence[Any]], inference: Inference) -> list[float]:
    """Return in how much of each cluster that passes something differs at least, in the order of their table."""
    if "differs_at_least" not in clusters:
        return []
    p = clusters[f"p_{inference.claim}_fwe_joint"]
    pairs = zip(p, clusters["differs_at_least"], strict=True)
    return [share for value, share in pairs if value is not None and value <= inference.alpha]


def value_table(result: Result) -> dict[str, list[object]]:
    """Return the mean of each of the largest clusters in each person: one row a person, one column a session."""
    assert result.profile is not None
    people = [result.map_set.design.rows[i] for i in result.contrast.members]
    count = result.profile.effects.shape[1]
    columns: dict[str, list[object]] = {key: [row[key] for row in people] * count for key in ("participant_id", "arm")}
    columns["cluster"] = [number + 1 for number in range(count) for _ in people]
    for stage, values in result.profile.values.items():
        columns[stage] = [*values.T.ravel()]
    return columns


def characteristics_table(design: Design, columns: Sequence[str]) -> dict[str, list[object]]:
    """Return one row a number (mean and SD of each arm) and one a level (count and percent)."""
    found = table_one(design.rows, design.arms or ("all",), columns)
    table: dict[str, list[object]] = {
        "characteristic": [row.name for row in found],
        "level": [row.level or None for row in found],
    }
    for i, arm in enumerate(design.arms or ("all",)):
        table[f"{arm}_mean_or_count"] = [row.cells[i][0] for row in found]
        table[f"{arm}_sd_or_percent"] = [row.cells[i][1] for row in found]
    return {
        **table,
        "standardised_difference": [row.difference for row in found],
        "missing": [row.missing for row in found],
    }
