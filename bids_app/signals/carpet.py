"""A few hundred voxels of a run before and after cleaning: what a reader looks at to see whether cleaning worked.

Rows are ordered by how much a voxel correlates with the mean of all, so that what the whole brain shares lies together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.signals import Carpet

ROWS = 300
"""Voxels, spread evenly over the brain."""


class CarpetSample:
    """Takes its voxels out of a stream of volumes.

    Parameters
    ----------
    voxels : int
        Voxels of the brain mask, in the order of the file.
    """

    def __init__(self, voxels: int) -> None:
        self.places = np.unique(np.linspace(0, voxels - 1, min(ROWS, voxels)).astype(np.intp))
        self._taken: list[NDArray[np.float32]] = []

    def take(self, block: NDArray[np.float32]) -> None:
        """Keep the voxels of the next volumes, (n, voxels)."""
        self._taken.append(block[:, self.places])

    def carpet(
        self, basis: NDArray[np.float64], coordinates: NDArray[np.float32], chosen: NDArray[np.intp], kept: Mask
    ) -> Carpet:
        """Return the sample before and after cleaning.

        Parameters
        ----------
        basis : (kept frames, n)
        coordinates : (n, usable voxels)
            The cleaned series are basis @ coordinates.
        chosen : (usable voxels,)
            Where each usable voxel stands in the order of the file.
        kept : (frames,) bool
        """
        _, columns, rows = np.intersect1d(chosen, self.places, assume_unique=True, return_indices=True)
        before = np.concatenate(self._taken)[:, rows].astype(np.float64)
        mean, spread = before.mean(axis=0), before.std(axis=0)
        before -= mean
        after = basis @ coordinates[:, columns].astype(np.float64)
        percent = 100 / np.where(mean > 0, mean, np.nan)
        swing = {"dvars_before": _swings(before * percent, kept), "dvars_after": _swings(after * percent, kept)}
        before, after = before / spread, after / spread
        together = before.mean(axis=1)
        order = np.argsort(-(before.T @ together) / np.linalg.norm(before, axis=0), kind="stable")
        return Carpet(before[:, order].astype(np.float32), after[:, order].astype(np.float32), **swing)


def _swings(percent: NDArray[np.float64], kept: Mask) -> NDArray[np.float64]:
    """Return DVARS of every frame: the root mean square, over voxels, of its step from the frame before, in percent.

    NaN where either frame is censored.
    """
    found = np.full(len(kept), np.nan)
    frames = np.flatnonzero(kept)
    steps = np.sqrt(np.nanmean(np.diff(percent, axis=0) ** 2, axis=1)) if percent.shape[1] else np.array([])
    next_to = np.diff(frames) == 1
    found[frames[1:][next_to]] = steps[next_to]
    return found
