"""Whether experiments report one direction of a contrast more than the other: signs of whole experiments flipped.

At each voxel an experiment counts 1 if it has a focus of the first direction within a radius, -1 for the second, and 0
if it has both or none. The weighted mean of that is compared with those of flipped signs, under which each experiment
would as likely have reported the opposite. It says nothing of whether peaks converge.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.permutation_test import Progress, silent
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis.coordinate_statistics import Density
from bids_app.statistics.synthesis.coordinates import Brain, Experiment, Floats

LEAST = 6
"""Experiments without which no two-sided p can fall below .05."""

AT_ONCE = 64
"""Patterns of signs that are done together."""

STEP = 2.0**-40
"""Of weights: sums of so rounded numbers are exact in any order, so that ties are ties."""


def signs_near(
    first: Sequence[Experiment], second: Sequence[Experiment], brain: Brain, radius: float
) -> NDArray[np.int8]:
    """Return which direction each experiment reports near each voxel, (experiments, voxels): 1, -1, or 0.

    Parameters
    ----------
    first, second : sequences of Experiment
        Foci of each direction, those of one experiment at one place; without foci where there are none.
    radius : float
        In mm.
    """
    near = [Density([1.0] * len(some), brain.edge, radius).apart(brain.layout(some)) > 0 for some in (first, second)]
    return near[0].astype(np.int8) - near[1].astype(np.int8)


def mean_sign(signs: NDArray[np.int8], weights: Sequence[float]) -> Floats:
    """Return the weighted mean of signs, (voxels,), of signs (experiments, voxels)."""
    return np.asarray(_shares(weights) @ signs.astype(np.float64))


def flipped(
    signs: NDArray[np.int8], weights: Sequence[float], scheme: SignFlips, threads: int = 1, progress: Progress = silent
) -> Floats:
    """Return the largest |mean sign| of each pattern of flipped experiments, (patterns,), the observed one first.

    Parameters
    ----------
    signs : (experiments, voxels)
    threads : int
        Patterns done side by side; results do not depend on it.
    """
    # Voxels near the same foci have the same mean in every pattern.
    distinct = np.unique(signs, axis=1).astype(np.float64)
    found, shares = np.zeros(scheme.total), _shares(weights)

    def some(start: int) -> None:
        stop = min(start + AT_ONCE, scheme.total)
        found[start:stop] = np.abs((scheme.draw(start, stop) * shares) @ distinct).max(axis=1)

    starts = range(0, scheme.total, AT_ONCE)
    with ThreadPoolExecutor(threads) as pool:
        for start, _ in zip(starts, pool.map(some, starts), strict=True):
            progress(min(start + AT_ONCE, scheme.total), scheme.total, float("inf"))
    return found


def _shares(weights: Sequence[float]) -> Floats:
    shares = np.asarray(weights, dtype=np.float64)
    return np.asarray(np.rint(shares / shares.sum() / STEP) * STEP)
