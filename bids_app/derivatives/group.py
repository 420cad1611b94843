"""Files of the group level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.clusters import cluster_table
from bids_app.derivatives.files import write_json, write_labels, write_map, write_table
from bids_app.derivatives.names import group_path
from bids_app.statistics.permutation import STATISTICS
from bids_app.statistics.result import Result
from bids_app.vocabulary.design import IT, Design
from bids_app.vocabulary.grid import Grid, GroupMask
from bids_app.vocabulary.inference import Inference
from bids_app.vocabulary.job import GroupJob

STAT_OF = {"voxel": "logpvoxfwe", "extent": "logpextentfwe", "mass": "logpmassfwe"}

STATISTICS_TEXT = {
    "effect": "Coefficient of the contrast, in the units of the outcome (Fisher z for connectivity).",
    "variance": "Variance of that coefficient.",
    "t": "t statistic.",
    "g": "Hedges g: adjusted difference over the pooled baseline SD (ANCOVA), else from t. Peaks are inflated.",
    "logpunc": "-log10 of the two-sided permutation p, not corrected.",
    "qfdr": "False discovery rate q (Benjamini-Hochberg per sign at q/2 on the parametric p).",
    "logpvoxfwe": "-log10 of the two-sided p corrected over the map by max |t|; desc-joint: over all maps too.",
    "logpextentfwe": "The same for cluster extent: each voxel of a cluster has the p of its cluster.",
    "logpmassfwe": "The same for cluster mass, the sum of |t| minus the cluster-forming |t|.",
}


class GroupWriter:
    """Writes what a group analysis has to say and remembers the files.

    Parameters
    ----------
    mark : str
        A warning that every result carries.

    Attributes
    ----------
    files : list of Path
    """

    def __init__(self, job: GroupJob, grid: Grid, mark: str = "") -> None:
        self._job = job
        self._mark = {"ReplicationOnly": mark} if mark else {}
        self._grid = grid
        self.files: list[Path] = []

    def _path(self, suffix: str, extension: str, **entities: str) -> Path:
        path = group_path(self._job.output_dir, {**self._job.entities, **entities}, suffix, extension)
        self.files.append(path)
        return path

    def mask(self, covered: GroupMask) -> None:
        """Write the mask of voxels that everybody has, and what each session cost."""
        write_labels(self._path("mask", ".nii.gz", desc="group"), covered.mask, self._grid)
        about = {
            "Type": "Brain",
            "Description": "Voxels that every session of every analysed participant covers.",
            "Voxels": int(covered.mask.sum()),
            "VoxelsOfAnySession": covered.union,
            "LostToOneSessionAlone": {name: n for name, n in covered.cost.items() if n},
        }
        write_json(self._path("mask", ".json", desc="group"), about)

    def flow(self, design: Design, notes: Sequence[str]) -> None:
        """Write who was found, who was lost at which stage and why, and who was analysed."""
        rows = [{"participant_id": f"sub-{p.participant}", "arm": p.arm, "stage": p.stage, "reason": p.reason}
                for p in design.lost]  # fmt: skip
        rows += [
            {"participant_id": row["participant_id"], "arm": row["arm"], "stage": "analysed", "reason": ""}
            for row in design.rows
        ]
        columns = {key: [row[key] for row in rows] for key in ("participant_id", "arm", "stage", "reason")}
        write_table(self._path("flow", ".tsv"), columns)
        about = {"Arms": design.arms, "Sessions": design.sessions, "Notes": notes, **self._mark}
        write_json(self._path("flow", ".json"), about)

    def result(
        self, result: Result, joint: Mapping[str, NDArray[np.float64]], inference: Inference, members: int
    ) -> None:
        """Write maps, clusters, design and null of one contrast of one seed."""
        key = result.subject.key
        names = {key.entity: key.label, "contrast": result.contrast.name}
        corrected = {"": result.p, "joint": joint}
        maps = result.maps()
        for stat, values in maps.items():
            write_map(self._path("statmap", ".nii.gz", **names, stat=stat), values, result.subject.mask, self._grid)
        for desc, p in corrected.items():
            extra = {"desc": desc} if desc else {}
            for name in STATISTICS:
                path = self._path("statmap", ".nii.gz", **names, stat=STAT_OF[name], **extra)
                write_map(path, _p_map(result, name, p[name]), result.subject.mask, self._grid)
        write_json(self._path("statmap", ".json", **names), self._about(result, joint, inference, members))
        write_table(self._path("clusters", ".tsv", **names), cluster_table(result, joint, maps["g"], self._grid))
        maxima = {f"max_{name}": result.null.maxima[name] for name in STATISTICS}
        write_table(self._path("nullmax", ".tsv", **names), maxima)
        write_table(self._path("design", ".tsv", **names), _design(result))

    def _about(
        self, result: Result, joint: Mapping[str, NDArray[np.float64]], inference: Inference, members: int
    ) -> dict[str, Any]:
        contrast, scheme, key = result.contrast, result.scheme, result.subject.key
        output = result.subject.output
        return {
            **self._mark,
            "Measure": key.measure,
            "Outcome": output.description,
            "Noun": output.noun,
            "Question": contrast.question.replace(IT, output.noun),
            "Sign": contrast.sign,
            "Primary": contrast.primary,
            "BetweenArms": contrast.between_arms,
            "Arm": contrast.arm,
            "Statistics": STATISTICS_TEXT,
            "Participants": len(contrast.members),
            "ParticipantsByArm": _by_arm(result),
            "DegreesOfFreedom": result.model.df,
            "Voxels": int(result.subject.mask.sum()),
            "Scheme": contrast.scheme,
            "Relabellings": scheme.total,
            "RelabellingsPossible": str(scheme.possible),
            "Exhaustive": scheme.exhaustive,
            "RandomSeed": scheme.seed,
            "RelabellingsHash": scheme.digest,
            "SmallestPossibleP": scheme.smallest_p,
            "ClusterFormingP": inference.cluster_forming_p,
            "ClusterFormingT": result.threshold,
            "Connectivity": inference.connectivity,
            "ClusterMass": "sum of |t| - ClusterFormingT",
            "Alpha": inference.alpha,
            "ClaimStatistic": inference.claim,
            "FamilyMembers": members,
            "SmallestP": {name: _smallest(result.p[name]) for name in STATISTICS},
            "SmallestJointP": {name: _smallest(joint[name]) for name in STATISTICS},
            "Sources": [
                f"bids::{found.maps[key].relative_to(self._job.output_dir).as_posix()}"
                for (label, session), found in sorted(self._job.sessions.items())
                if session in result.subject.design.sessions.values() and key in found.maps
                and any(row["participant_id"] == f"sub-{label}" for row in result.subject.design.rows)
            ],
        }  # fmt: skip


def _p_map(result: Result, name: str, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread p over the voxels it belongs to, as -log10; voxels in no cluster get 0."""
    if name == "voxel":
        return np.asarray(-np.log10(p))
    values = np.zeros(len(result.labels))
    for cluster, value in zip(result.clusters, p, strict=True):
        values[result.labels == cluster.number] = -np.log10(value)
    return values


def _smallest(p: NDArray[np.float64]) -> float:
    return float(np.nanmin(p, initial=1.0))


def _by_arm(result: Result) -> dict[str, int]:
    arms = [result.subject.design.rows[i]["arm"] for i in result.contrast.members]
    return {arm: arms.count(arm) for arm in sorted(set(arms), reverse=True)}


def _design(result: Result) -> dict[str, list[Any]]:
    contrast = result.contrast
    rows = [result.subject.design.rows[i] for i in contrast.members]
    columns: dict[str, list[Any]] = {key: [row[key] for row in rows] for key in ("participant_id", "arm")}
    names = contrast.columns[1:]
    columns[contrast.columns[0]] = list(contrast.regressor)
    for name, values in zip(names, contrast.nuisance.T, strict=True):
        columns[name] = list(values)
    columns["stratum"] = list(contrast.strata)
    if contrast.adjusted:
        columns["baseline"] = ["own map"] * len(rows)
    return columns
