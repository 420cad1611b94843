"""Which frames of a run are kept: head motion and frames before steady state."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

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


def displacement_of(table: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Return the framewise displacement of a confound table, else that of its six motion columns, else None."""
    if "framewise_displacement" in table and np.isfinite(table["framewise_displacement"]).any():
        return table["framewise_displacement"]
    if set(MOTION) <= set(table):
        return framewise_displacement(np.stack([table[name] for name in MOTION], axis=1))
    return None


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
