"""What a group analysis reads: who takes part, the voxels that all have, and the maps or tables of one kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bids_app import plugs
from bids_app.dataset.participant_maps import group_mask, load_maps, restricted, smoothing_of
from bids_app.derivatives.permutation_checkpoints import Files
from bids_app.levels.group import design, tables
from bids_app.levels.group.loaded_maps import LoadedMaps
from bids_app.statistics.clusters.domain_neighbours import neighbours_of
from bids_app.statistics.result import Subject
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Coverage, Voxels
from bids_app.vocabulary.job import GroupJob, MapKey

Floats = NDArray[np.float32]


def everybody_of(job: GroupJob) -> tuple[Design, Coverage | None]:
    """Return the design of all participants, and the voxels that all have; None where they have no voxels."""
    everybody = design.build(job)
    if not all(maps.mask for maps in job.sessions.values()):
        return everybody, None
    covered = group_mask(job.sessions, everybody)
    return everybody, restricted(covered, job.inference.small_volume, job.entities["space"])


def keys_of(job: GroupJob) -> list[MapKey]:
    """Return the kinds of maps that anybody has, in the order of analysis."""
    return sorted({key for maps in job.sessions.values() for key in maps.maps})


def kept_of(job: GroupJob) -> Files:
    """Return where finished relabellings of a job are kept."""
    return Files(job.output_dir / "logs" / "parts" / job.label, needed=job.share is not None)


def read(job: GroupJob, key: MapKey, covered: Coverage | None) -> LoadedMaps:
    """Read the maps, or the tables, of one kind."""
    if covered and plugs.measure(key.measure).compared.is_map:
        return _read_maps(job, key, covered.domain)
    return tables.read_tables(job, key)


def _read_maps(job: GroupJob, key: MapKey, covered: Voxels) -> LoadedMaps:
    """Read every map of one kind, on the voxels where all of them have a value."""
    chosen = design.build(job, [key])
    stacks, domain = load_maps(job.sessions, chosen, key, covered)
    maps = next(found.maps for found in job.sessions.values() if key in found.maps)
    near = distance = None
    if key.entity == "seed":
        far = _from_seed(covered, domain)
        near, distance = np.asarray(far <= 2 * smoothing_of(maps[key]))[domain.mask], far[domain.mask]
    subject = Subject(
        key=key, output=plugs.measure(key.measure).compared, design=chosen, domain=domain,
        neighbours=neighbours_of(domain, job.inference.connectivity, job.inference.tfce_connectivity),
        near=near, distance=distance,
    )  # fmt: skip
    return LoadedMaps(subject=subject, stacks=stacks)


def _from_seed(covered: Voxels, domain: Voxels) -> Floats:
    """Return the distance (mm) of each voxel from the seed: which has no value though all is measured."""
    seed = covered.mask & ~domain.mask
    if not seed.any():
        return np.full(domain.mask.shape, np.inf, dtype=np.float32)
    distance = ndimage.distance_transform_edt(~seed, sampling=covered.grid.voxel_sizes)
    return np.asarray(distance, dtype=np.float32)
