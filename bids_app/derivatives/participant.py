"""Files of one session of one participant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.files import write_json, write_labels, write_map, write_table
from bids_app.derivatives.paths import participant_path, template_path
from bids_app.errors import WrongDataError
from bids_app.vocabulary.domain import Domain, Voxels
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.quality import QualityTable
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.region_request import Seed
from bids_app.vocabulary.run_state import RunState

FIRST = {
    "run": "What tells the run from the others of its session: its label, or entities; n/a where its name has none.",
}
LAST = {
    "refused": "Regions and measures that are left out of this run.",
    "refused_because": "Why they are.",
    "decision": "used or left out.",
    "reason": "Why the run, or its whole session, is left out.",
    "advice": "What would help a session that is left out.",
}
"""Columns of every quality table, before and after those of the modality."""


class SessionWriter:
    """Writes what a session has to say and remembers the files.

    Attributes
    ----------
    files : list of Path
        Everything written that belongs to the scanning session.
    """

    def __init__(self, output_dir: Path, recordings: Sequence[Recording], datatype: str) -> None:
        self._root = output_dir
        self._session = recordings[0].session
        self._datatype = datatype
        self.files: list[Path] = []

    def _path(self, entities: Mapping[str, str], suffix: str, extension: str) -> Path:
        path = participant_path(self._root, entities, suffix, extension, self._datatype)
        if path in self.files:
            raise WrongDataError(f"Two results would be called {path.name}; give one of them another name.")
        self.files.append(path)
        return path

    def feature(
        self, feature: Feature, sources: Sequence[Recording], domain: Domain, about: Mapping[str, object],
        combined: bool = False,
    ) -> None:  # fmt: skip
        """Write one feature and its sidecar."""
        output = feature.output
        entities = {**(self._session if combined else sources[0].entities), **output.entities}
        if output.entity:
            entities[output.entity] = feature.label
        sidecar = {
            "Description": output.description,
            "Units": output.units,
            **_space(entities),
            **about,
            **feature.metadata,
            "LeftRightExchanged": sources[0].flipped,
            "Sources": _sources(sources),
        }
        if isinstance(domain, Voxels) and output.is_map:
            voxels = np.asarray(feature.value)
            sidecar["VoxelsWithValue"] = int(np.isfinite(voxels).sum())
            write_map(self._path(entities, output.suffix, ".nii.gz"), voxels, domain)
        elif output.kind == "matrix":
            write_table(self._path(entities, output.suffix, ".tsv"), _matrix_table(feature))
        elif isinstance(feature.value, Mapping):
            write_table(self._path(entities, output.suffix, ".tsv"), feature.value)
        write_json(self._path(entities, output.suffix, ".json"), sidecar)

    def mask(self, domain: Voxels, sources: Sequence[Recording]) -> None:
        """Write the mask of voxels that every run of the session has."""
        entities = {**self._session, "desc": "brain"}
        write_labels(self._path(entities, "mask", ".nii.gz"), domain.mask, domain.grid)
        about = {
            "Type": "Brain",
            "Description": "Voxels of the brain masks of all runs whose series are finite and vary.",
            **_space(entities),
            "Sources": [source.uri(source.companions["mask"]) for source in sources],
        }
        write_json(self._path(entities, "mask", ".json"), about)

    def background(self, mean: NDArray[np.floating[Any]], domain: Voxels, sources: Sequence[Recording]) -> None:
        """Write the mean image that figures are drawn on."""
        entities = {**self._session, "stat": "mean"}
        write_map(self._path(entities, "statmap", ".nii.gz"), mean, domain)
        about = {"Description": "Temporal mean of the kept frames before cleaning.", "Units": "arbitrary"}
        write_json(
            self._path(entities, "statmap", ".json"), {**about, **_space(entities), "Sources": _sources(sources)}
        )

    @property
    def figures(self) -> Path:
        """Folder of the pictures of the participant."""
        return self._root / f"sub-{self._session['sub']}" / "figures"

    def table(
        self, entities: Mapping[str, str], suffix: str, columns: Mapping[str, object], about: Mapping[str, object]
    ) -> None:
        """Write a table with its sidecar."""
        write_table(self._path(entities, suffix, ".tsv"), columns)
        write_json(self._path(entities, suffix, ".json"), about)

    def quality(self, runs: Iterable[RunState], table: QualityTable, *, reason: str, advice: str, mark: str) -> None:
        """Write the quality table: one row a run.

        Parameters
        ----------
        reason, advice : str
            Why the whole session is left out, and what would help.
        mark : str
            A warning that all results of the session carry.
        """
        described = {**FIRST, **table.columns, **LAST}
        rows = [{**dict.fromkeys(described), **table.row(run), **_decision(run, reason, advice)} for run in runs]
        about: dict[str, object] = {key: {"Description": text} for key, text in described.items()}
        cells = {key: [row[key] for row in rows] for key in described}
        marked = {"ReplicationOnly": mark} if mark else {}
        self.table({**self._session, "desc": table.label}, "qc", cells, about | marked)

    def seeds(self, name: str, seeds: Sequence[Seed], image: NDArray[np.int32], grid: Grid, space: str) -> None:
        """Write a set of seeds as one label image on the grid; they belong to the dataset, not to the session."""
        entities = {"space": space, **({"res": self._session["res"]} if "res" in self._session else {})}
        entities["atlas"] = name
        write_labels(template_path(self._root, entities, ".nii.gz"), image, grid)
        labels = [f"{seed.network}.{seed.name}".lstrip(".") for seed in seeds]
        write_table(
            template_path(self._root, entities, ".tsv"), {"index": list(range(1, len(seeds) + 1)), "name": labels}
        )
        about = {"Description": "Seeds as asked for; where two overlap the first in the list shows."}
        definitions = {"Seeds": {label: seed.definition() for label, seed in zip(labels, seeds, strict=True)}}
        write_json(template_path(self._root, entities, ".json"), {**about, **_space(entities), **definitions})
        write_json(
            self._root / f"atlas-{name}_description.json",
            {"Name": f"Regions of this analysis ({name})", "License": "n/a", **definitions},
        )


def _decision(run: RunState, reason: str, advice: str) -> dict[str, object]:
    """Return what became of a run, as its quality table says it."""
    return {
        "run": run.recording.part or None,
        "refused": ",".join(run.refused),
        "refused_because": "; ".join(f"{name}: {why}" for name, why in run.refused.items()),
        "decision": "left out" if reason or run.loaded is None else "used",
        "reason": run.problem or reason,
        "advice": None if run.problem else advice or None,
    }


def _matrix_table(feature: Feature) -> dict[str, list[object]]:
    """Return a matrix as a table: one row and one column a node."""
    nodes: list[str] = list(feature.metadata["Nodes"])  # type: ignore[call-overload]
    values = np.asarray(feature.value)
    return {"node": nodes, **{node: list(column) for node, column in zip(nodes, values.T, strict=True)}}


def _space(entities: Mapping[str, str]) -> dict[str, str]:
    about = {"SpatialReference": f"Template {entities['space']}"} if "space" in entities else {}
    resolution = f"Same grid as the input series (res-{entities.get('res', 'native')})."
    return {**about, "Resolution": resolution} if about else {}


def _sources(recordings: Sequence[Recording]) -> list[str]:
    return [r.uri(p) for r in recordings for p in r.sources]
