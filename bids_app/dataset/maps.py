"""Maps of the participant level, brought together for a group."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import read_json
from bids_app.dataset.volumes import read_map, read_mask
from bids_app.errors import WrongDataError
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.grid import Grid, GroupMask, Mask
from bids_app.vocabulary.job import MapKey, SessionMaps

Sessions = Mapping[tuple[str, str], SessionMaps]


def group_mask(sessions: Sessions, design: Design) -> GroupMask:
    """Intersect the masks of all sessions of a design.

    Raises
    ------
    WrongDataError
        If grids differ between people (the message names who), or no voxel is left.
    """
    count: NDArray[np.int32] | None = None
    grid: Grid | None = None
    first = ""
    masks: dict[str, Mask] = {}
    for key in _keys(design):
        name = "sub-{}_ses-{}".format(*key)
        mask, own = read_mask(sessions[key].mask)
        if grid is None or count is None:
            grid, count, first = own, np.zeros(mask.shape, dtype=np.int32), name
        if not own.matches(grid):
            raise WrongDataError(
                f"Grids differ: {first} lies on {grid.describe()}, {name} on {own.describe()}. Run fMRIPrep with one "
                "--output-spaces for everybody, or leave people out with --participant-label."
            )
        count += mask
        masks[name] = mask
    assert grid is not None
    assert count is not None
    common = count == len(masks)
    if not common.any():
        raise WrongDataError("No voxel is covered by all sessions; look at the masks for people who lie elsewhere.")
    alone = count == len(masks) - 1
    cost = {name: int((alone & ~mask).sum()) for name, mask in masks.items()}
    worst = max(cost, key=lambda name: cost[name])
    union = int((count > 0).sum())
    notes = []
    if common.sum() < 0.8 * union:
        notes.append(
            f"The common mask keeps {common.sum() / union:.0%} of the voxels that anybody has; "
            f"{worst} alone costs {cost[worst]}."
        )
    return GroupMask(common, grid, union, cost, tuple(notes))


def load_maps(
    sessions: Sessions, design: Design, key: MapKey, covered: GroupMask
) -> tuple[NDArray[np.float32], NDArray[np.float32], Mask]:
    """Return the maps of one kind before and after, (n, voxels) each, and their mask.

    Rows follow the rows of the design. Voxels where any map has no value (the seed itself), or where nobody
    differs from anybody, are left out of the mask.

    Raises
    ------
    WrongDataError
        If no voxel is left.
    """
    stacks = []
    for stage in ("pre", "post"):
        session = design.sessions[stage]
        stack = np.empty((len(design.rows), int(covered.mask.sum())), dtype=np.float32)
        for i, row in enumerate(design.rows):
            found = sessions[row["participant_id"].removeprefix("sub-"), session]
            stack[i] = read_map(found.maps[key])[0][covered.mask]
        stacks.append(stack)
    pre, post = stacks
    keep = np.isfinite(pre).all(axis=0) & np.isfinite(post).all(axis=0)
    keep &= (np.ptp(post, axis=0) > 0) & (np.ptp(post - pre, axis=0) > 0)
    if not keep.any():
        raise WrongDataError(f"{key.label}: no voxel has a value in every map.")
    mask = covered.mask.copy()
    mask[covered.mask] = keep
    return pre[:, keep], post[:, keep], mask


def smoothing_of(path: Path) -> float:
    """Return the smoothing kernel (FWHM, mm) that the sidecar of a map tells, 0 if it tells none."""
    sidecar = path.with_name(path.name.removesuffix(".nii.gz") + ".json")
    return float(read_json(sidecar).get("SmoothingFWHM", 0.0)) if sidecar.exists() else 0.0


def _keys(design: Design) -> list[tuple[str, str]]:
    people = [row["participant_id"].removeprefix("sub-") for row in design.rows]
    return [(label, design.sessions[stage]) for label in people for stage in ("pre", "post")]
