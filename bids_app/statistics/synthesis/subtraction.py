"""Whether peaks of two contrasts of the same trials converge at different places: labels exchanged within trials.

Both sets are mapped as in `coordinates`; the difference of likelihoods is compared with those of all (or many) ways to
exchange the two labels within each trial. Trials differ in much, their labels alone do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.permutation_test import Progress, silent
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis.coordinate_null import AT_ONCE
from bids_app.statistics.synthesis.coordinate_statistics import Likelihood
from bids_app.statistics.synthesis.coordinates import Brain, Experiment, Floats32, Rooms, statistic_map

LEAST = 6
"""Trials without which no two-sided p can fall below .05: 2^5 patterns have .0625."""

Pair = tuple[Experiment, Experiment]


def difference(pairs: Sequence[Pair], signs: Sequence[float], brain: Brain, rooms: Rooms | None = None) -> Floats32:
    """Return the difference of the likelihoods of two contrasts, (voxels,); a sign of -1 exchanges those of a trial."""
    sides = []
    for side in (0, 1):
        chosen = [pair[side if sign > 0 else 1 - side] for pair, sign in zip(pairs, signs, strict=True)]
        statistic = Likelihood([one.people for one in chosen], brain.edge)
        sides.append(statistic_map(statistic, brain.layout(chosen), rooms).copy())
    return np.asarray(sides[0] - sides[1])


def subtracted(
    pairs: Sequence[Pair], brain: Brain, scheme: SignFlips, threads: int = 1, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return the largest |difference| of each pattern of exchanged labels, (patterns,), the observed one first.

    Parameters
    ----------
    pairs : sequence of pairs
        The experiment of each contrast, of every trial that has both.
    threads : int
        Patterns done side by side; results do not depend on it.
    """
    rooms, total = Rooms(brain, Likelihood([], brain.edge)), scheme.total
    found = np.zeros(total, dtype=np.float32)

    def some(start: int) -> None:
        for k in range(start, min(start + AT_ONCE, total)):
            found[k] = np.abs(difference(pairs, scheme.draw(k, k + 1)[0].tolist(), brain, rooms)).max()

    starts = range(0, total, AT_ONCE)
    with ThreadPoolExecutor(threads) as pool:
        for start, _ in zip(starts, pool.map(some, starts), strict=True):
            progress(min(start + AT_ONCE, total), total, float("inf"))
    return found
