"""Files of the group level that stand beside a contrast and test no arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.contrast_sidecar import BEFORE, COMMON, by_arm
from bids_app.derivatives.files import write_json, write_table
from bids_app.derivatives.group import GroupWriter, maps_named, names_of
from bids_app.derivatives.paths import table_suffix
from bids_app.statistics.result import MapSet, Result
from bids_app.statistics.synthesis.pooling import heterogeneity
from bids_app.vocabulary.domain import Sensors
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.group_sidecars import Likeness, OverlapSidecar, PairingSidecar
from bids_app.vocabulary.json_record import JsonRecord


class GroupDescriptivesWriter:
    """Writes what stands beside contrasts; the group's writer remembers the files."""

    def __init__(self, writer: GroupWriter) -> None:
        self._writer = writer

    def about(self, result: Result, suffix: str, said: JsonRecord) -> None:
        """Write what is known of a result beside its maps."""
        write_json(self._writer.path(suffix, ".json", **names_of(result)), {**self._writer.mark_of, **said.to_json()})

    def pairings(self, primary: Result, said: PairingSidecar, table: Mapping[str, Sequence[object]]) -> None:
        """Write how alike all pairs of members of dyads are, and what pairings exchanged within arms say of it."""
        names = {**maps_named(primary.map_set), "desc": as_label(f"pairings {said.session}")}
        if table:
            write_table(self._writer.path("relmat", ".tsv", **names), table)
        write_json(self._writer.path("relmat", ".json", **names), {**self._writer.mark_of, **said.to_json()})

    def heterogeneity(self, primary: Result, parts: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]) -> None:
        """Write how the effect of the primary contrast differs between parts of the people, such as sites."""
        if len(parts) < 2:
            said = f"Not computed: {len(parts)} part has people enough of each arm; how parts differ needs two."
            path = self._writer.path("heterogeneity", ".json", **names_of(primary))
            write_json(path, {**self._writer.mark_of, "Description": said, "Parts": list(parts), "MedianI2": None})
            return
        effects, variances = (np.stack(values) for values in zip(*parts.values(), strict=True))
        q, share = heterogeneity(effects, variances)
        names = names_of(primary)
        about = {
            "Description": "Cochran's Q and I2 (share of the variation between parts beyond chance) of the effect.",
            "Parts": list(parts),
            "MedianI2": float(np.nanmedian(share)),
        }
        if primary.map_set.domain.is_map:
            for stat, values in {"Q": q, "I2": share}.items():
                self._writer.map(primary, stat, values)
        else:
            columns = {**primary.map_set.domain.columns(), "Q": q, "I2": share}
            write_table(self._writer.path("heterogeneity", ".tsv", **names), columns)
        write_json(self._writer.path("heterogeneity", ".json", **names), {**self._writer.mark_of, **about})

    def means(self, map_set: MapSet, stacks: Mapping[str, NDArray[np.floating[Any]]]) -> None:
        """Write mean and SD of every arm at every stage, one row a point; to look at, not tested."""
        design, domain = map_set.design, map_set.domain
        arms = {arm: [i for i, row in enumerate(design.rows) if row["arm"] == arm] for arm in design.arms}
        columns, groups = dict[str, object](domain.columns()), []
        for arm, people in (arms or {"": list(range(len(design.rows)))}).items():
            for stage, values in stacks.items():
                own = np.asarray(values[people], dtype=np.float64)
                own = own[np.isfinite(own).all(axis=1)]
                name = as_label(f"{arm} {stage}")
                columns |= {f"mean_{name}": own.mean(axis=0), f"sd_{name}": own.std(axis=0, ddof=1)}
                groups.append({"Arm": arm, "Stage": stage, "Columns": name, "Participants": len(own)})
        names = {**maps_named(map_set), "desc": "means"}
        suffix = table_suffix(domain.unit)
        write_table(self._writer.path(suffix, ".tsv", **names), columns)
        about = {"Description": "Mean and standard deviation of each arm at each stage; not tested.", "Groups": groups}
        write_json(self._writer.path(suffix, ".json", **names), {**self._writer.mark_of, **about})

    def sensors(self, domain: Sensors) -> None:
        """Write where sensors lie and who is next to whom: one for all participants."""
        beside: dict[int, list[str]] = {i: [] for i in range(len(domain.names))}
        for first, second in domain.near:
            beside[first].append(domain.names[second])
            beside[second].append(domain.names[first])
        at = np.full((len(domain.names), 3), np.nan) if domain.positions is None else domain.positions
        axes = {axis: at[:, i].round(1) for i, axis in enumerate("xyz")}
        columns = {"channel": list(domain.names), **axes, "neighbours": [" ".join(own) for own in beside.values()]}
        write_table(self._writer.path("adjacency", ".tsv"), columns)
        about = {"Description": "Sensors, where they lie (mm; x right, y front, z up), and neighbours in clusters."}
        write_json(self._writer.path("adjacency", ".json"), {**self._writer.mark_of, **about})

    def common(self, active: Result, control: Result, maps: Mapping[str, NDArray[Any]], alike: Likeness) -> None:
        """Write what the changes of two arms have in common."""
        names = {**names_of(active), "contrast": "commonChange"}
        for stat, values in maps.items():
            self._writer.map(active, stat, values, **names)
        said = OverlapSidecar(
            **vars(alike), description=COMMON, arms=(active.contrast.asked.words.arm, control.contrast.asked.words.arm),
            smallest_p=10 ** -float(np.nanmax(maps["logpvoxfwe"])), voxels=int((maps["t"] != 0).sum()),
        )  # fmt: skip
        write_json(self._writer.path("overlap", ".json", **names), {**self._writer.mark_of, **said.to_json()})

    def before(self, primary: Result, contrast: str, maps: Mapping[str, NDArray[Any]]) -> None:
        """Write how the arms of the primary contrast differed before treatment."""
        names = {**names_of(primary), "contrast": contrast}
        for stat, values in maps.items():
            self._writer.map(primary, stat, values, **names)
        about = {
            "Description": BEFORE,
            "MedianAbsoluteG": float(np.nanmedian(np.abs(maps["g"]))),
            "ParticipantsByArm": by_arm(primary),
        }
        write_json(self._writer.path("baseline", ".json", **names), {**self._writer.mark_of, **about})

    def association(
        self,
        primary: Result,
        name: str,
        tables: Mapping[str, Sequence[Mapping[str, object]]],
        about: Mapping[str, object],
    ) -> None:
        """Write what an association found beside a contrast: a table for each label, and a sidecar."""
        for label, rows in tables.items():
            if rows:
                path = self._writer.path("association", ".tsv", **names_of(primary), desc=label)
                write_table(path, {key: [row[key] for row in rows] for key in rows[0]})
        said = {**self._writer.mark_of, "Association": name, "Map": primary.map_set.key.label, **about}
        write_json(
            self._writer.path("association", ".json", **names_of(primary), desc=as_label(name.replace("_", " "))), said
        )
