"""Files of the group level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.cluster_tables import (
    characteristics_table,
    cluster_table,
    passing_shares,
    printed_table,
    value_table,
)
from bids_app.derivatives.contrast_sidecar import Family, contrast_sidecar, design_table
from bids_app.derivatives.files import write_json, write_labels, write_map, write_table
from bids_app.derivatives.paths import STAT_OF, group_path, robust_stat, table_suffix
from bids_app.derivatives.place_tables import columns_of, place_table
from bids_app.statistics.joint_p import JointP
from bids_app.statistics.result import MapSet, Result
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Coverage
from bids_app.vocabulary.grid import Namer
from bids_app.vocabulary.group_sidecars import FlowSidecar, MaskSidecar
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.preregistration import plan_status

FLOW = ("participant_id", "arm", "stage", "reason")

ALWAYS = frozenset({"effect", "variance", "t", "F"})
"""Maps of every contrast, beside the p that decides: what pages, and a meta-analysis, need."""


class GroupWriter:
    """Writes what a group analysis has to say and remembers the files.

    Parameters
    ----------
    datatype : str
        Which modality the results are of.
    mark : str
        A warning that every result carries.
    name : callable
        Names the place at x, y, z in mm.

    Attributes
    ----------
    files : list of Path
    """

    def __init__(self, job: GroupJob, datatype: str, mark: str, name: Namer) -> None:
        self._job = job
        self._datatype = datatype
        self._name = name
        self._mark = mark
        self.mark_of: dict[str, object] = {"ReplicationOnly": mark} if mark else {}
        if job.sealed:
            self.mark_of["Plan"] = plan_status(job.sealed, declared=False)
        self.files: list[Path] = []

    def path(self, suffix: str, extension: str, **entities: str) -> Path:
        """Return where a file lies, and remember it."""
        path = group_path(self._job.output_dir, {**self._job.entities, **entities}, suffix, extension, self._datatype)
        self.files.append(path)
        return path

    def mask(self, covered: Coverage) -> None:
        """Write the mask of voxels that all participants have, and what each session cost."""
        domain = covered.domain
        write_labels(self.path("mask", ".nii.gz", desc="group"), domain.mask, domain.grid)
        cost = {name: n for name, n in covered.cost.items() if n}
        about = MaskSidecar(voxels=domain.size, voxels_of_any_session=covered.union, lost_to_one_session_alone=cost)
        write_json(self.path("mask", ".json", desc="group"), about.to_json())

    def flow(self, design: Design, notes: Sequence[str]) -> None:
        """Write who was found, who was lost at which stage and why, and who was analysed."""
        rows = [(f"sub-{p.participant}", p.arm, p.stage, p.reason) for p in design.lost]
        rows += [(row["participant_id"], row["arm"], "analysed", "") for row in design.rows]
        write_table(self.path("flow", ".tsv"), dict(zip(FLOW, map(list, zip(*rows, strict=True)), strict=True)))
        about = FlowSidecar(arms=design.arms, stage=self._job.stage, sessions=design.sessions, notes=tuple(notes))
        write_json(self.path("flow", ".json"), {**about.to_json(), **self.mark_of})

    def characteristics(self, design: Design) -> None:
        """Write who is in each arm: every column known before randomisation, described and not tested."""
        own = {"participant_id", "arm", *self._job.later}
        columns = [key for key in design.rows[0] if key not in own and any(r[key] != r["arm"] for r in design.rows)]
        write_table(self.path("characteristics", ".tsv"), characteristics_table(design, columns))

    def maps(self, result: Result, maps: Mapping[str, NDArray[np.float32]]) -> None:
        """Write every map of a result but those that its family decides; a table waits for these."""
        if not result.map_set.domain.is_map:
            return
        whole = self._wants_all(result)
        for name, values in maps.items():
            stat, _, variant = name.partition("_")
            if whole or name in ALWAYS:
                self.map(result, stat, values, **({"desc": variant} if variant else {}))
        for name, p in self._wanted_p(result, result.p).items():
            self.map(result, STAT_OF[name], result.spread(name, p))
        if robust := result.robust:
            for name, p in robust.p.items():
                self.map(result, robust_stat(name), robust.spread(name, p))

    def _wants_all(self, result: Result) -> bool:
        return self._job.inference.maps == "all" or result.contrast.asked.confirmatory

    def _wanted_p(self, result: Result, p: Mapping[str, NDArray[np.float64]]) -> Mapping[str, NDArray[np.float64]]:
        """Return the p by statistic that are written: all, or the one that decides."""
        claim = result.map_set.claim(self._job.inference.claim)
        return p if self._wants_all(result) or claim not in p else {claim: p[claim]}

    def map(self, result: Result, stat: str, values: NDArray[np.floating[Any]], **extra: str) -> None:
        """Write one map of a result, (voxels,); `extra` entities win over its own."""
        path = self.path("statmap", ".nii.gz", **{**names_of(result), "stat": stat, **extra})
        write_map(path, values, result.map_set.voxels)

    def conclusion(self, result: Result, joint: JointP, inference: Inference, family: Family) -> None:
        """Write what the family decides of one contrast: maps and clusters, or a table; its design and its null."""
        said = contrast_sidecar(result, joint, inference, family, self._job.sealed)
        said = replace(said, replication_only=self._mark or None, sources=self._sources(result))
        if result.map_set.domain.clustered:
            clusters = cluster_table(result, joint, self._name, inference.alpha)
            write_table(self.path("clusters", ".tsv", **names_of(result)), clusters)
            said = replace(said, differs_at_least=tuple(passing_shares(clusters, inference)))
        if result.profile:
            write_table(self.path("clustermeans", ".tsv", **names_of(result)), value_table(result))
        (self._of_maps if result.map_set.domain.is_map else self._of_table)(result, joint, said)
        maxima = {f"max_{name}": values for name, values in result.null.maxima.items()}
        write_table(self.path("nullmax", ".tsv", **names_of(result)), maxima)
        write_table(self.path("design", ".tsv", **names_of(result)), design_table(result))

    def _of_maps(self, result: Result, joint: JointP, said: ContrastSidecar) -> None:
        names = names_of(result)
        for name, p in self._wanted_p(result, joint.own).items():
            self.map(result, STAT_OF[name], result.spread(name, p), desc="joint")
        for name, p in joint.robust.items():
            assert result.robust
            self.map(result, robust_stat(name), result.robust.spread(name, p), desc="joint")
        write_json(self.path("statmap", ".json", **names), said.to_json())
        if result.printed is not None:
            write_table(self.path("clusters", ".tsv", **names, desc="literature"), printed_table(result, self._name))

    def _of_table(self, result: Result, joint: JointP, said: ContrastSidecar) -> None:
        names, domain = names_of(result), result.map_set.domain
        suffix = table_suffix(domain.unit)
        write_table(self.path(suffix, ".tsv", **names), place_table(result, joint))
        said = replace(said, columns=columns_of(domain, result.map_set.output.scale))
        write_json(self.path(suffix, ".json", **names), said.to_json())

    def _sources(self, result: Result) -> tuple[str, ...]:
        key, sessions = result.map_set.key, result.map_set.design.sessions.values()
        people = {row["participant_id"] for row in result.map_set.design.rows}
        return tuple(
            f"bids::{found.maps[key].relative_to(self._job.output_dir).as_posix()}"
            for (label, session), found in sorted(self._job.sessions.items())
            if session in sessions and key in found.maps and f"sub-{label}" in people
        )


def names_of(result: Result) -> dict[str, str]:
    """Return the entities of a result in file names."""
    return {**maps_named(result.map_set), "contrast": result.contrast.name}


def maps_named(map_set: MapSet) -> dict[str, str]:
    """Return the entities of one kind of map or table in file names: what of, where that is told, and its label."""
    fixed = {name: value for name, value in map_set.output.entities.items() if name == "seg"}
    return {**fixed, map_set.key.entity: map_set.key.label}
