"""Associations of a contrast's map with references: the map by regions, under the relabellings of its inference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from bids_app import plugs
from bids_app.dataset.atlases.images import atlas_file, atlas_values, on_grid
from bids_app.dataset.atlases.parcels import atlas_regions
from bids_app.errors import DeqiError, UsageError, WrongDataError, suggest
from bids_app.levels.group import contrast_test
from bids_app.levels.group.arm_similarity import Stacks
from bids_app.spatial import result_columns
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.regional_map import RegionalContrast
from bids_app.statistics.result import Result
from bids_app.statistics.spatial.regional_null import regional
from bids_app.trial.association import AssociationResult
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.job import GroupJob


def reference_options(job: GroupJob) -> dict[str, RegionalOptions]:
    """Return the associations of a job that look at regions."""
    return {name: o for name, o in job.associations.items() if isinstance(o, RegionalOptions)}


def require_contrasts(job: GroupJob, design: Design) -> None:
    """Refuse associations of contrasts that the design does not have.

    Raises
    ------
    UsageError
        The message names the nearest.
    """
    names = [contrast.name for contrast in design.contrasts if not contrast.asked.association]
    for association, options in reference_options(job).items():
        if options.contrast and options.contrast not in names:
            raise UsageError(f"associations.{association}.contrast = {options.contrast!r}; "
                             f"{suggest(options.contrast, names)}")  # fmt: skip


def require_maps(jobs: Sequence[GroupJob]) -> tuple[str, ...]:
    """Refuse associations of maps that no job has; return notes where there are no maps at all, but tables.

    Raises
    ------
    UsageError
        The message names the nearest.
    """
    keys = {key for job in jobs for found in job.sessions.values() for key in found.maps}
    labels, notes = sorted({key.label for key in keys if plugs.measure(key.measure).compared.is_map}), dict[str, None]()
    for name, options in (item for job in jobs for item in reference_options(job).items()):
        if not labels:
            notes[
                f"{name}: only tables of regions or networks are compared; there is no map to set beside anything."
            ] = None
        for label in options.maps:
            if labels and label not in labels:
                raise UsageError(f"associations.{name}.maps has {label!r}; {suggest(label, labels)}")
    return tuple(notes)


@dataclass(frozen=True, eq=False, kw_only=True)
class ReferenceAssociations:
    """One kind of map, its results, and what was averaged by regions so far."""

    run: contrast_test.GroupContext
    results: Sequence[Result]
    stacks: Stacks
    made: dict[tuple[str, str], RegionalContrast] = field(default_factory=dict)

    def associations(self) -> Iterator[tuple[Result, str, AssociationResult | DeqiError]]:
        """Yield each association with the contrast that it is of, or why there is none."""
        for name, options in reference_options(self.run.job).items():
            result = self._chosen(options)
            label = self.results[0].map_set.key.label if self.results else ""
            if options.maps and label not in options.maps:
                continue
            if result is None:
                if self.results:
                    yield self.results[0], name, WrongDataError(f"{options.contrast or 'the contrast'} has no result.")
                continue
            try:
                found: AssociationResult = plugs.association(name).associate(self._given(result, options), options)
                about = {**found.about, "Columns": result_columns.describe_columns(found.tables)}
                yield result, name, replace(found, about=about)
            except DeqiError as error:
                yield result, name, error

    def _chosen(self, options: RegionalOptions) -> Result | None:
        def fits(result: Result) -> bool:
            return result.contrast.name == options.contrast if options.contrast else result.contrast.asked.primary

        return next((result for result in self.results if fits(result)), None)

    def _given(self, result: Result, options: RegionalOptions) -> RegionalContrast:
        place = result.contrast.name, options.atlas
        if place not in self.made:
            self.made[place] = self._averaged(result, options.atlas)
        return self.made[place]

    def _averaged(self, result: Result, atlas: str) -> RegionalContrast:
        if result.rank > 1:
            raise WrongDataError(f"{result.contrast.name} compares several arms at once: its map has no direction.")
        job = self.run.job
        question = contrast_test.fit_contrast(result.map_set, self.stacks, result.contrast, self.run)
        path = atlas_file(atlas, job.entities["space"])
        known = atlas_regions(path)
        domain = result.map_set.voxels
        number = np.rint(on_grid(path, domain.grid)).astype(np.int64)[domain.mask]
        index: dict[object, int] = {place.number: i for i, place in enumerate(known)}
        regions = np.array([index.get(value, -1) for value in number.tolist()], dtype=np.intp)
        tell = partial(self.run.progress, result.map_set.key.label, f"{result.contrast.name} by regions")
        means, voxels = regional(question.model, question.scheme, regions, job.threads, tell)
        every = len(known)
        if means.shape[1] < every:  # the last regions of the atlas have no voxel here
            means = np.pad(means, ((0, 0), (0, every - means.shape[1])), constant_values=np.nan)
            voxels = np.pad(voxels, (0, every - len(voxels)))
        size = np.prod(atlas_values(path)[1].voxel_sizes) / np.prod(domain.grid.voxel_sizes)
        expected = np.maximum(np.rint([place.voxels * size for place in known]), 1).astype(np.int64)
        return RegionalContrast(
            contrast=result.contrast,
            places=known,
            voxels=voxels.astype(np.int64),
            expected=expected,
            maps=means,
            space=job.entities["space"],
            alpha=job.inference.alpha,
            seed=job.inference.random_seed,
            smallest_p=result.smallest_p,
        )
