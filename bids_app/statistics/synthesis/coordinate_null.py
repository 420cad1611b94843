"""What chance does with coordinates: the foci of all experiments are redrawn within the brain.

Of each redraw the largest statistic, cluster extent and cluster mass are kept, which correct over the brain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.corrections import critical, familywise_p
from bids_app.statistics.permutation.permutation_test import Progress, silent
from bids_app.statistics.permutation.schemes import raw_words
from bids_app.statistics.synthesis import coordinate_kernels as kernels
from bids_app.statistics.synthesis.coordinates import Brain, Floats, PeakLayout, Rooms, Statistic

AT_ONCE = 16
"""Redraws between two reports of progress."""

Redraw = Callable[[int], NDArray[np.int64]]
"""Voxels (foci, 3) of redraw k, which depend on k and a seed alone."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CoordinateNull:
    """Maxima of each redraw, (redraws,) float32 by name; number 0 is the observed map."""

    maxima: dict[str, NDArray[np.float32]]

    def p(self, name: str, values: NDArray[np.float32]) -> Floats:
        """Return p of voxels, or of extents or masses of clusters, corrected over the brain."""
        return familywise_p(values, self.maxima[name])

    def critical(self, name: str, alpha: float = 0.05) -> float:
        """Return the smallest value that passes."""
        return critical(self.maxima[name], alpha)


def anywhere(peaks: PeakLayout, seed: int) -> Redraw:
    """Redraw every focus uniformly in the mask; experiments keep how many they have."""
    inside = peaks.brain.indices

    def redraw(k: int) -> NDArray[np.int64]:
        words = raw_words(seed, k, len(peaks.layout.places)) >> np.uint64(11)
        return np.asarray(inside[(words * (2.0**-53 * len(inside))).astype(np.int64)])

    return redraw


def moved_whole(peaks: PeakLayout, seed: int) -> Redraw:
    """Move the foci of each experiment together, uniformly over the moves that keep in the mask what lies in it."""
    brain, layout = peaks
    moves = [_moves(brain, layout.places[a:b]) for a, b in zip(layout.first, layout.first[1:], strict=False)]
    counts = np.diff(layout.first)

    def redraw(k: int) -> NDArray[np.int64]:
        words = (raw_words(seed, k, len(moves)) >> np.uint64(11)).astype(np.float64) * 2.0**-53
        chosen = np.array([own[int(word * len(own))] for own, word in zip(moves, words, strict=True)])
        return np.asarray(layout.places + np.repeat(chosen.reshape(-1, 3), counts, axis=0), dtype=np.int64)

    return redraw


def _moves(brain: Brain, places: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return all moves (moves, 3), in voxels, after which the foci that lie in the mask still do."""
    inside = places[brain.holds(places)]
    if not len(inside):
        return np.zeros((1, 3), dtype=np.int64)
    moves = brain.indices - inside[0]
    for place in inside[1:]:
        moves = moves[brain.holds(moves + place)]
    return np.asarray(moves)


@dataclass(frozen=True, kw_only=True)
class Redraws:
    """How often and how foci are redrawn; results do not depend on the number of threads."""

    redraw: Redraw
    total: int
    threads: int = 1
    progress: Progress = silent


def redrawn(statistic: Statistic, peaks: PeakLayout, threshold: float, how: Redraws) -> CoordinateNull:
    """Return the largest statistic, cluster extent and cluster mass of each map, the observed one first.

    Parameters
    ----------
    threshold : float
        Statistic that forms clusters.
    """
    total = how.total
    rooms, first = Rooms(peaks.brain, statistic), peaks.layout.first
    found = {name: np.zeros(total, dtype=np.float32) for name in ("voxel", "extent", "mass")}

    def some(start: int) -> None:
        for k in range(start, min(start + AT_ONCE, total)):
            places = how.redraw(k) if k else peaks.layout.places
            statistic.fill(PeakLayout(peaks.brain, kernels.Layout(places, first)), rooms)
            found["voxel"][k] = rooms.out.max()
            found["extent"][k], found["mass"][k] = rooms.clusters.largest(rooms.out, threshold)

    with ThreadPoolExecutor(how.threads) as pool:
        starts: Sequence[int] = range(0, total, AT_ONCE)
        for start, _ in zip(starts, pool.map(some, starts), strict=True):
            done = min(start + AT_ONCE, total)
            how.progress(done, total, critical(found["voxel"][:done], 0.05))
    return CoordinateNull(maxima=found)
