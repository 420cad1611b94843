"""Files of one session of one participant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.files import write_json, write_labels, write_map, write_picture, write_table
from bids_app.derivatives.names import VOLUME_ENTITIES, participant_path, template_path
from bids_app.derivatives.pictures import carpet_picture
from bids_app.derivatives.quality import QUALITY, quality_row
from bids_app.errors import WrongDataError
from bids_app.vocabulary.domain import Domain, Voxels
from bids_app.vocabulary.entities import join, without
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.seed import Seed
from bids_app.vocabulary.signals import Carpet

FRAMES: dict[str, dict[str, Any]] = {
    "framewise_displacement": {"Description": "Framewise displacement (Power 2012).", "Units": "mm"},
    "censored": {"Description": "Frame left out of every estimate.", "Levels": {"0": "kept", "1": "left out"}},
    "dvars_before": {
        "Description": "Root mean square step from the frame before, over 300 voxels of the brain, before cleaning.",
        "Units": "percent of the voxel's mean",
    },
    "dvars_after": {"Description": "The same after cleaning.", "Units": "percent of the voxel's mean"},
}


class SessionWriter:
    """Writes what a session has to say and remembers the files.

    Attributes
    ----------
    files : list of Path
        Everything written that belongs to the scanning session.
    """

    def __init__(self, output_dir: Path, recordings: Sequence[Recording]) -> None:
        self._root = output_dir
        self._session = recordings[0].session
        self.files: list[Path] = []

    def _path(self, entities: Mapping[str, str], suffix: str, extension: str) -> Path:
        path = participant_path(self._root, entities, suffix, extension)
        if path in self.files:
            raise WrongDataError(f"Two results would be called {path.name}; give one of them another name.")
        self.files.append(path)
        return path

    def feature(
        self, feature: Feature, sources: Sequence[Recording], domain: Domain, about: Mapping[str, Any],
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
            "Sources": [source.uri(source.mask) for source in sources],
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

    def frames(self, recording: Recording, plan: Any, carpet: Carpet | None) -> None:
        """Write what is known of each frame of a run, the confounds regressed out, and a picture of the series."""
        entities = {**without(recording.entities, *VOLUME_ENTITIES), "desc": "denoised"}
        displacement = np.full(len(plan.kept), np.nan) if plan.displacement is None else plan.displacement
        columns = {"framewise_displacement": displacement, "censored": (~plan.kept).astype(int)}
        if carpet:
            columns |= {"dvars_before": carpet.dvars_before, "dvars_after": carpet.dvars_after}
            picture = carpet_picture(carpet, plan.kept)
            name = join({**recording.entities, "desc": "carpet"}, "bold", ".png")
            write_picture(self._root / f"sub-{recording.entities['sub']}" / "figures" / name, picture)
        write_table(self._path(entities, "outliers", ".tsv"), columns)
        sources = {"Sources": [recording.uri(path) for path in (recording.confounds, *recording.more_confounds)]}
        write_json(self._path(entities, "outliers", ".json"), {**{c: FRAMES[c] for c in columns}, **sources})
        if plan.regressors:
            write_table(self._path(entities, "design", ".tsv"), plan.regressors)
            text = "Confounds that were regressed out, beside drift and stop-band terms (see the sidecars of the maps)."
            write_json(self._path(entities, "design", ".json"), {"Description": text, **sources})

    def quality(self, runs: Iterable[Any], reason: str, advice: str, mark: str) -> None:
        """Write the quality table: one row a run; `mark` is a warning that all results of the session carry."""
        rows = [quality_row(one, reason, advice) for one in runs]
        entities = {**self._session, "desc": "fc"}
        write_table(self._path(entities, "qc", ".tsv"), {key: [row[key] for row in rows] for key in rows[0]})
        about = {key: {"Description": text} for key, text in QUALITY.items()}
        marked = {"ReplicationOnly": mark} if mark else {}
        write_json(self._path(entities, "qc", ".json"), {**about, **marked})

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


def _matrix_table(feature: Feature) -> dict[str, list[Any]]:
    """Return a matrix as a table: one row and one column a node."""
    nodes: list[str] = list(feature.metadata["Nodes"])  # type: ignore[call-overload]
    values = np.asarray(feature.value)
    return {"node": nodes, **{node: list(column) for node, column in zip(nodes, values.T, strict=True)}}


def _space(entities: Mapping[str, str]) -> dict[str, str]:
    about = {"SpatialReference": f"Template {entities['space']}"} if "space" in entities else {}
    return {**about, "Resolution": f"Same grid as the input series (res-{entities.get('res', 'native')})."}


def _sources(recordings: Sequence[Recording]) -> list[str]:
    return [r.uri(p) for r in recordings for p in (r.series, r.mask, r.confounds, *r.more_confounds)]
