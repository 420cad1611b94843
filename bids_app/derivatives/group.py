"""Files of the group level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.characteristics import characteristics_table
from bids_app.derivatives.clusters import Namer, cluster_table, value_table
from bids_app.derivatives.contrast import BEFORE, COMMON, Family, about_result, by_arm, design_table, spread
from bids_app.derivatives.edges import EDGE_COLUMNS, edge_table
from bids_app.derivatives.files import write_json, write_labels, write_map, write_table
from bids_app.derivatives.names import STAT_OF, group_path
from bids_app.statistics.heterogeneity import heterogeneity
from bids_app.statistics.result import Result
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.grid import Grid, GroupMask
from bids_app.vocabulary.inference import Inference
from bids_app.vocabulary.job import GroupJob


class GroupWriter:
    """Writes what a group analysis has to say and remembers the files.

    Parameters
    ----------
    mark : str
        A warning that every result carries.
    name : callable
        Names the place at x, y, z in mm.

    Attributes
    ----------
    files : list of Path
    """

    def __init__(self, job: GroupJob, grid: Grid, mark: str, name: Namer) -> None:
        self._job = job
        self._name = name
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
        rows += [{"participant_id": row["participant_id"], "arm": row["arm"], "stage": "analysed", "reason": ""}
                 for row in design.rows]  # fmt: skip
        columns = {key: [row[key] for row in rows] for key in ("participant_id", "arm", "stage", "reason")}
        write_table(self._path("flow", ".tsv"), columns)
        about = {"Arms": list(design.arms), "Sessions": design.sessions, "Notes": notes, **self._mark}
        write_json(self._path("flow", ".json"), about)

    def characteristics(self, design: Design) -> None:
        """Write who is in each arm: every column known before randomisation, described and not tested."""
        own = {"participant_id", "arm", "stages", *self._job.later}
        columns = [key for key in design.rows[0] if key not in own and any(r[key] != r["arm"] for r in design.rows)]
        write_table(self._path("characteristics", ".tsv"), characteristics_table(design, columns))

    def about(self, result: Result, suffix: str, said: Mapping[str, Any]) -> None:
        """Write what is known of a result beside its maps."""
        write_json(self._path(suffix, ".json", **_names(result)), {**self._mark, **said})

    def maps(self, result: Result) -> None:
        """Write every map of a result but those that its family decides, and let go of them."""
        _ = result.peaks  # read while the maps are there
        for name, values in result.maps.items():
            stat, _, variant = name.partition("_")
            self._map(result, stat, values, **({"desc": variant} if variant else {}))
        result.maps.clear()
        for name, p in result.p.items():
            self._map(result, STAT_OF[name], spread(result, name, p))

    def _map(self, result: Result, stat: str, values: NDArray[np.floating[Any]], **extra: str) -> None:
        path = self._path("statmap", ".nii.gz", **_names(result), stat=stat, **extra)
        write_map(path, values, result.subject.mask, self._grid)

    def conclusion(
        self, result: Result, joint: Mapping[str, NDArray[np.float64]], inference: Inference, family: Family
    ) -> None:
        """Write what the family decides, clusters, design and null of one contrast of one map."""
        names = _names(result)
        for name, p in joint.items():
            self._map(result, STAT_OF[name], spread(result, name, p), desc="joint")
        about = {**self._mark, **about_result(result, joint, inference, family), "Sources": self._sources(result)}
        write_json(self._path("statmap", ".json", **names), about)
        write_table(self._path("clusters", ".tsv", **names), cluster_table(result, joint, self._grid, self._name))
        if result.profile:
            write_table(self._path("clustermeans", ".tsv", **names), value_table(result))
        self._null_and_design(result)

    def edges(
        self, result: Result, joint: Mapping[str, NDArray[np.float64]], inference: Inference, family: Family
    ) -> None:
        """Write the table of edges, or of other values that are no maps, of one contrast."""
        names = _names(result)
        write_table(self._path("edges", ".tsv", **names), edge_table(result, joint))
        about = about_result(result, joint, replace(inference, claim="voxel"), family)
        sidecar = {**self._mark, **about, "Columns": EDGE_COLUMNS, "Sources": self._sources(result)}
        write_json(self._path("edges", ".json", **names), sidecar)
        self._null_and_design(result)

    def _null_and_design(self, result: Result) -> None:
        names = _names(result)
        maxima = {f"max_{name}": values for name, values in result.null.maxima.items()}
        write_table(self._path("nullmax", ".tsv", **names), maxima)
        write_table(self._path("design", ".tsv", **names), design_table(result))

    def heterogeneity(self, primary: Result, parts: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> None:
        """Write how the effect of the primary contrast differs between parts of the people, such as sites."""
        effects, variances = (np.stack(values) for values in zip(*parts.values(), strict=True))
        q, share = heterogeneity(effects, variances)
        names = _names(primary)
        about = {
            "Description": "Cochran's Q and I2 (share of the variation between parts beyond chance) of the effect.",
            "Parts": list(parts),
            "MedianI2": float(np.nanmedian(share)),
        }
        if primary.subject.graph:
            columns = {"edge": primary.subject.graph.names, "Q": q, "I2": share}
            write_table(self._path("heterogeneity", ".tsv", **names), columns)
        else:
            for stat, values in {"Q": q, "I2": share}.items():
                self._map(primary, stat, values)
        write_json(self._path("heterogeneity", ".json", **names), {**self._mark, **about})

    def common(
        self, active: Result, control: Result, maps: Mapping[str, NDArray[Any]], about: Mapping[str, Any]
    ) -> None:
        """Write what the changes of two arms have in common."""
        names = {**_names(active), "contrast": "commonChange"}
        for stat, values in maps.items():
            write_map(self._path("statmap", ".nii.gz", **names, stat=stat), values, active.subject.mask, self._grid)
        said = {
            "Description": COMMON,
            "Arms": [active.contrast.asked.words.arm, control.contrast.asked.words.arm],
            "SmallestP": 10 ** -float(np.nanmax(maps["logpvoxfwe"])),
            "Voxels": int((maps["t"] != 0).sum()),
        }
        write_json(self._path("overlap", ".json", **names), {**self._mark, **said, **about})

    def before(self, primary: Result, contrast: str, maps: Mapping[str, NDArray[Any]]) -> None:
        """Write how the arms of the primary contrast differed before treatment."""
        names = {**_names(primary), "contrast": contrast}
        for stat, values in maps.items():
            write_map(self._path("statmap", ".nii.gz", **names, stat=stat), values, primary.subject.mask, self._grid)
        about = {
            "Description": BEFORE,
            "MedianAbsoluteG": float(np.nanmedian(np.abs(maps["g"]))),
            "ParticipantsByArm": by_arm(primary),
        }
        write_json(self._path("baseline", ".json", **names), {**self._mark, **about})

    def association(
        self, primary: Result, name: str, tables: Mapping[str, Sequence[Mapping[str, Any]]], about: Mapping[str, Any]
    ) -> None:
        """Write what an association found beside a contrast: a table for each label, and a sidecar."""
        for label, rows in tables.items():
            if rows:
                path = self._path("association", ".tsv", **_names(primary), desc=label)
                write_table(path, {key: [row[key] for row in rows] for key in rows[0]})
        said = {**self._mark, "Association": name, "Map": primary.subject.key.label, **about}
        write_json(self._path("association", ".json", **_names(primary), desc=as_label(name.replace("_", " "))), said)

    def _sources(self, result: Result) -> list[str]:
        key, sessions = result.subject.key, result.subject.design.sessions.values()
        people = {row["participant_id"] for row in result.subject.design.rows}
        return [
            f"bids::{found.maps[key].relative_to(self._job.output_dir).as_posix()}"
            for (label, session), found in sorted(self._job.sessions.items())
            if session in sessions and key in found.maps and f"sub-{label}" in people
        ]


def _names(result: Result) -> dict[str, str]:
    return {result.subject.key.entity: result.subject.key.label, "contrast": result.contrast.name}
