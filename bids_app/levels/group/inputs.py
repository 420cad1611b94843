"""What a group analysis reads: the design, the voxels that all have, and the maps or tables of one kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bids_app import plugs
from bids_app.dataset.participant_maps import group_mask, load_maps, restricted, smoothing_of
from bids_app.dataset.tables import read_tsv
from bids_app.derivatives.permutation_checkpoints import CheckpointFiles
from bids_app.errors import DeqiError, WrongDataError
from bids_app.levels.group.arm_similarity import Stacks
from bids_app.levels.group.outcome_associations import with_associations
from bids_app.levels.group.reference_associations import require_contrasts
from bids_app.levels.group.sensor_layout import located
from bids_app.plugs.protocols import Measure
from bids_app.statistics.clusters.domain_neighbours import neighbours_of
from bids_app.statistics.map_stacks import stacks_of
from bids_app.statistics.result import MapSet
from bids_app.trial.cohort import Table
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Coverage, Label, Values, Voxels
from bids_app.vocabulary.job import GroupJob, MapKey
from bids_app.vocabulary.near_matches import require_distinct


@dataclass(frozen=True, eq=False, kw_only=True)
class LoadedMaps:
    """The maps, or tables, of one kind.

    Attributes
    ----------
    map_set : MapSet
        Whose they are and where they have values.
    stacks : mapping of (participants, voxels)
        Maps by stage.
    notes : tuple of str
        What was left out on the way.
    """

    map_set: MapSet
    stacks: Stacks
    notes: tuple[str, ...] = ()


def build_design(job: GroupJob, keys: Sequence[MapKey] = ()) -> Design:
    """Return the design over participants who have any of the maps in question, or any map at all.

    Raises
    ------
    DeqiError
        If it cannot be built; the message names the analysis.
    """
    available: dict[str, set[str]] = {}
    reasons = dict(job.reasons)
    for (participant, session), found in job.sessions.items():
        if not keys or any(key in found.maps for key in keys):
            available.setdefault(participant, set()).add(session)
        else:
            reasons[participant, session] = "; ".join(found.why_without(key) for key in keys)
    table = Table(job.participants, available, reasons, frozenset(job.coded))
    try:
        design: Design = plugs.design(job.design.name).design(table, job.design.options)
    except DeqiError as error:
        where = " ".join([*(f"{key}-{value}" for key, value in job.entities.items()), *(key.label for key in keys)])
        raise type(error)(f"{where}: {error}") from error
    require_contrasts(job, design)
    whole = with_associations(job, design)
    require_distinct(((contrast.name, contrast.name) for contrast in whole.contrasts), "Contrasts")
    return whole


NAMED = 8


"""Values left out that a note names; the table has the others."""


def read_tables(job: GroupJob, key: MapKey) -> LoadedMaps:
    """Read every table of one kind; the notes say which values are left out because a participant lacks them.

    Raises
    ------
    WrongDataError
        If no value is known for all participants, or tables do not match.
    """
    plug = plugs.measure(key.measure)
    chosen = build_design(job, [key])
    # What the first participant lacks cannot be known for all.
    example = next(who for who, maps in job.sessions.items() if key in maps.maps)
    files = [job.sessions[example].maps[key], *(maps.maps[key] for maps in job.sessions.values() if key in maps.maps)]
    first = located(_read(job, key, plug, example), files, job.inference.sensor_neighbours)
    more = set[Label]()

    def read(person: str, session: str) -> NDArray[np.float64]:
        own = _read(job, key, plug, (person, session))
        if not own.domain.matches(first.domain):
            raise WrongDataError(
                f"{job.sessions[person, session].maps[key]} has {own.domain.describe()}, others have "
                f"{first.domain.describe()}. Remove it, and run the participant level again with one set of options."
            )
        if own.domain.labels == first.domain.labels:
            return own.values
        more.update(set(own.domain.labels).difference(first.domain.labels))
        values = dict(zip(own.domain.labels, own.values, strict=True))
        return np.array([values.get(label, np.nan) for label in first.domain.labels])

    stacks, known = stacks_of(chosen, first.domain.size, read)
    if not known.any():
        raise WrongDataError(f"{key.label}: no value is known for all participants.")
    domain = first.domain.restrict(known)
    map_set = MapSet(key=key, output=plug.compared, design=chosen, domain=domain, neighbours=neighbours_of(domain))
    lacking = [label for label, use in zip(first.domain.labels, known, strict=True) if not use]
    lost = [" ".join(map(str, label)) for label in (*lacking, *sorted(more, key=str))]
    others = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    said = (
        f"{key.entity} {key.label}: {', '.join(lost[:NAMED])}{others} are not known for all participants and excluded."
    )
    return LoadedMaps(map_set=map_set, stacks=stacks, notes=(said,) if lost else ())


def _read(job: GroupJob, key: MapKey, plug: Measure, who: tuple[str, str]) -> Values:
    path = job.sessions[who].maps[key]
    try:
        return plug.group_values(read_tsv(path))
    except (ValueError, KeyError) as error:
        raise WrongDataError(f"{path} is damaged ({error}). Remove it, and run the participant level again.") from error


Floats = NDArray[np.float32]


def participants_of(job: GroupJob) -> tuple[Design, Coverage | None]:
    """Return the design of all participants, and the voxels that all have; None where they have no voxels."""
    everyone = build_design(job)
    if not all(maps.mask for maps in job.sessions.values()):
        return everyone, None
    covered = group_mask(job.sessions, everyone)
    return everyone, restricted(covered, job.inference.small_volume, job.entities["space"])


def map_keys(job: GroupJob) -> list[MapKey]:
    """Return the kinds of maps that any has, in the order of analysis."""
    return sorted({key for maps in job.sessions.values() for key in maps.maps})


def checkpoints_of(job: GroupJob) -> CheckpointFiles:
    """Return where finished relabellings of a job are kept."""
    return CheckpointFiles(job.output_dir / "logs" / "parts" / job.label, needed=job.share is not None)


def load_kind(job: GroupJob, key: MapKey, covered: Coverage | None) -> LoadedMaps:
    """Read the maps, or the tables, of one kind."""
    if covered and plugs.measure(key.measure).compared.is_map:
        return _read_maps(job, key, covered.domain)
    return read_tables(job, key)


def _read_maps(job: GroupJob, key: MapKey, covered: Voxels) -> LoadedMaps:
    """Read every map of one kind, on the voxels where all of them have a value."""
    chosen = build_design(job, [key])
    stacks, domain = load_maps(job.sessions, chosen, key, covered)
    maps = next(found.maps for found in job.sessions.values() if key in found.maps)
    near = distance = None
    if key.entity == "seed":
        far = _from_seed(covered, domain)
        near, distance = np.asarray(far <= 2 * smoothing_of(maps[key]))[domain.mask], far[domain.mask]
    map_set = MapSet(
        key=key, output=plugs.measure(key.measure).compared, design=chosen, domain=domain,
        neighbours=neighbours_of(domain, job.inference.connectivity, job.inference.tfce_connectivity),
        near=near, distance=distance,
    )  # fmt: skip
    return LoadedMaps(map_set=map_set, stacks=stacks)


def _from_seed(covered: Voxels, domain: Voxels) -> Floats:
    """Return the distance (mm) of each voxel from the seed: which has no value though all is measured."""
    seed = covered.mask & ~domain.mask
    if not seed.any():
        return np.full(domain.mask.shape, np.inf, dtype=np.float32)
    distance = ndimage.distance_transform_edt(~seed, sampling=covered.grid.voxel_sizes)
    return np.asarray(distance, dtype=np.float32)
