"""Maps of the participant level, brought together for a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.seeds import parse_seeds, seed_image
from bids_app.dataset.tables import read_json, stands
from bids_app.dataset.volumes import read_map, read_mask
from bids_app.errors import WrongDataError
from bids_app.statistics.map_stacks import stacks_of
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Coverage, Voxels
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.job import MapKey, SessionMaps

SMALL_RADIUS = 6.0
"""mm; of spheres of a small volume that do not say."""

Sessions = Mapping[tuple[str, str], SessionMaps]


def group_mask(sessions: Sessions, design: Design) -> Coverage:
    """Intersect the masks of all sessions of a design.

    Raises
    ------
    WrongDataError
        If grids differ between participants (the message names who), or no voxel is left.
    """
    count: NDArray[np.int32] | None = None
    grid: Grid | None = None
    first, names = "", list[str]()
    lacking: NDArray[np.int64] | None = None
    for key in _keys(design):
        name = "sub-{}_ses-{}".format(*key)
        path = sessions[key].mask
        assert path is not None  # a session without one has no maps
        mask, own = read_mask(path)
        if grid is None or count is None or lacking is None:
            grid, count, first = own, np.zeros(mask.shape, dtype=np.int32), name
            lacking = np.zeros(mask.shape, dtype=np.int64)
        if not own.matches(grid):
            raise WrongDataError(
                f"Grids differ: {first} lies on {grid.describe()}, {name} on {own.describe()}. Run fMRIPrep with one "
                "--output-spaces for all participants, or exclude some with --participant-label."
            )
        count += mask
        lacking[~mask] += len(names)
        names.append(name)
    assert grid is not None
    assert count is not None
    assert lacking is not None
    common = count == len(names)
    if not common.any():
        raise WrongDataError("No voxel is covered by all sessions; look at the masks for people who lie elsewhere.")
    # Where one alone lacks a voxel, the sum of the numbers of those who lack it is the number of that one.
    alone = np.bincount(lacking[count == len(names) - 1], minlength=len(names))
    cost = dict(zip(names, alone.tolist(), strict=True))
    worst = max(cost, key=lambda name: cost[name])
    union = int((count > 0).sum())
    notes = []
    if common.sum() < 0.8 * union:
        notes.append(
            f"The common mask keeps {common.sum() / union:.0%} of the voxels that any has; "
            f"{worst} alone costs {cost[worst]}."
        )
    return Coverage(domain=Voxels(grid, common), union=union, cost=cost, notes=tuple(notes))


def restricted(covered: Coverage, words: Sequence[str], space: str) -> Coverage:
    """Return a group mask cut down to regions, before anything is computed; the same mask if none are named.

    Raises
    ------
    UsageError
        For a word that means nothing.
    WrongDataError
        If the regions and the mask share no voxel.
    """
    if not words:
        return covered
    domain = covered.domain
    regions = seed_image(parse_seeds(words, SMALL_RADIUS), domain.grid, space) > 0
    mask = domain.mask & regions
    if not mask.any():
        raise WrongDataError(
            f"No voxel of {', '.join(words)} is covered in all participants: the small volume is empty."
        )
    note = f"The analysis is restricted to {', '.join(words)}: {int(mask.sum())} of {int(regions.sum())} voxels."
    return replace(covered, domain=Voxels(domain.grid, mask), notes=(*covered.notes, note))


def region_masks(words: Sequence[str], grid: Grid, space: str) -> dict[str, Mask]:
    """Return the voxels of each region that is named in the grammar of seeds, by its name."""
    seeds = parse_seeds(words, SMALL_RADIUS) if words else ()
    return {seed.name: seed_image([seed], grid, space) > 0 for seed in seeds}


def load_maps(
    sessions: Sessions, design: Design, key: MapKey, domain: Voxels
) -> tuple[dict[str, NDArray[np.float32]], Voxels]:
    """Return the maps of one kind by stage, (n, voxels) each, and the voxels that have values.

    Rows follow the rows of the design; those of participants without the stage are NaN. Voxels where any map has no
    value (the seed itself), or where no participant differs from another, are left out.

    Raises
    ------
    WrongDataError
        If no voxel is left.
    """

    def read(person: str, session: str) -> NDArray[np.float32]:
        path = sessions[person, session].maps[key]
        values, grid = read_map(path)
        if not grid.matches(domain.grid):
            raise WrongDataError(
                f"{path} lies on {grid.describe()}, the masks on {domain.describe()}. Remove it, and run the "
                "participant level again."
            )
        return values[domain.mask]

    stacks, kept = stacks_of(design, domain.size, read)
    if not kept.any():
        raise WrongDataError(f"{key.label}: no voxel has a value in every map.")
    return stacks, domain.restrict(kept)


def smoothing_of(path: Path) -> float:
    """Return the smoothing kernel (FWHM, mm) that the sidecar of a map tells, 0 if it tells none."""
    sidecar = path.with_name(path.name.removesuffix(".nii.gz") + ".json")
    return float(read_json(sidecar).get("SmoothingFWHM", 0.0)) if stands(sidecar) else 0.0


def _keys(design: Design) -> list[tuple[str, str]]:
    return [
        (row["participant_id"].removeprefix("sub-"), session)
        for row in design.rows
        for stage, session in design.sessions.items()
        if stage in row.stages
    ]
