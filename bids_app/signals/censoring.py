"""Which frames of a run are kept: head motion and frames before steady state."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.signals.confounds import MOTION
from bids_app.vocabulary.grid import Mask

HEAD_RADIUS = 50.0
"""mm; turns rotations into displacement (Power 2012, doi:10.1016/j.neuroimage.2011.10.018)."""


def framewise_displacement(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the framewise displacement of Power, (frames,) in mm; the first frame has 0.

    Parameters
    ----------
    motion : (frames, 6)
        Translations in mm, then rotations in radians.

    Notes
    -----
    Sum of absolute differences, rotations as arc length on a sphere of 50 mm
    (doi:10.1016/j.neuroimage.2011.10.018).
    """
    steps = np.abs(np.diff(motion, axis=0, prepend=motion[:1]))
    displacement: NDArray[np.float64] = steps[:, :3].sum(axis=1) + HEAD_RADIUS * steps[:, 3:].sum(axis=1)
    return displacement


LARGEST_ROTATION = np.pi / 2
"""Radians; no head turns further in a scanner, but one in degrees does."""


def displacement_of(table: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Return the framewise displacement of a confound table, else that of its six motion columns, else None.

    Volumes without a value, but the first, get that of the motion columns where these are there.

    Parameters
    ----------
    table : mapping of (n_volumes,)
        Columns by name; translations in mm, rotations in radians.

    Returns
    -------
    (n_volumes,) or None
        mm.

    Raises
    ------
    WrongDataError
        If it is below 0 anywhere, or rotations are no radians.
    """
    said = table.get("framewise_displacement")
    moved = _possible(np.stack([table[name] for name in MOTION], axis=1)) if set(MOTION) <= set(table) else None
    if said is None or not np.isfinite(said).any():
        return None if moved is None else framewise_displacement(moved)
    if (said < 0).any():
        raise WrongDataError(
            f"framewise_displacement is {np.nanmin(said):g} mm in a frame; it cannot be below 0. Copy the table again."
        )
    gaps = ~np.isfinite(said)
    gaps[0] = False
    if not gaps.any() or moved is None:
        return said
    return np.where(gaps, framewise_displacement(moved), said)


LARGEST_TRANSLATION = 200.0
"""mm; a head that moves further leaves the coil."""


def _possible(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return motion that a head can make, (frames, 6)."""
    if (far := np.nanmax(np.abs(motion[:, :3]), initial=0.0)) > LARGEST_TRANSLATION:
        raise WrongDataError(f"Translations reach {far:.3g} mm, which no head can. Copy the table of confounds again.")
    if np.nanmax(np.abs(motion[:, 3:]), initial=0.0) > LARGEST_ROTATION:
        raise WrongDataError(
            f"Rotations reach {np.nanmax(np.abs(motion[:, 3:])):.3g}; expected radians, as fMRIPrep writes them "
            "(degrees?). Convert rot_x, rot_y and rot_z."
        )
    return motion


def unjudged(values: NDArray[np.float64] | None, threshold: float, frames: int) -> Mask:
    """Return (frames,) True where motion is not known though frames are judged by it, but for the first frame."""
    if values is None or threshold <= 0:
        return np.zeros(frames, dtype=bool)
    gaps = ~np.isfinite(values)
    gaps[0] = False
    return gaps


def unsteady_frames(table: Mapping[str, NDArray[np.float64]], frames: int, dummy_scans: int = 0) -> Mask:
    """Return (frames,) True where fMRIPrep says that the signal was not steady yet, and in the first `dummy_scans`."""
    columns = [column > 0 for name, column in table.items() if name.startswith("non_steady_state")]
    return np.asarray(np.logical_or.reduce([np.arange(frames) < dummy_scans, *columns]), dtype=bool)


def above(values: NDArray[np.float64] | None, threshold: float, frames: int) -> Mask:
    """Return (frames,) True where values exceed a threshold; frames without a value and a threshold of 0 give False."""
    if values is None or threshold <= 0:
        return np.zeros(frames, dtype=bool)
    return np.nan_to_num(values, nan=0.0) > threshold


def keep_frames(moved: Mask, before: int, after: int, unsteady: Mask) -> Mask:
    """Return (frames,) True for frames to keep.

    Parameters
    ----------
    moved : (frames,) bool
        Frames that go, with `before` frames ahead of each and `after` frames behind.
    unsteady : (frames,) bool
        Frames before the signal is in steady state: they go alone.
    """
    drop = unsteady.copy()
    for lag in range(after + 1):
        drop[lag:] |= moved[: len(moved) - lag]
    for lead in range(1, before + 1):
        drop[: len(moved) - lead] |= moved[lead:]
    return ~drop
