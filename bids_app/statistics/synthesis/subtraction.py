"""Whether peaks of two contrasts converge at different places: labels exchanged within trials, or between them.

Both sets are mapped as in `coordinates`; the difference of likelihoods is compared with those of all (or many) ways to
exchange the two labels. Where trials report both contrasts, labels are exchanged within each trial, for trials differ
in much and their labels alone do not. Where the sets are of different trials, whole experiments change sides (Laird
2005, doi:10.1002/hbm.20136); what differs may then be anything in which the trials differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.permutation_test import Progress, silent
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis.coordinate_null import AT_ONCE
from bids_app.statistics.synthesis.coordinate_statistics import Likelihood
from bids_app.statistics.synthesis.coordinates import Brain, Experiment, Floats32, Rooms, statistic_map

LEAST = 6
"""Trials without which no two-sided p can fall below .05: 2^5 patterns have .0625."""

Pair = tuple[Experiment, Experiment]

Sides = tuple[Sequence[Experiment], Sequence[Experiment]]

Exchanged = Callable[[int], Sides]
"""Experiments of both contrasts in pattern k; number 0 is the observed one."""


def within_trials(pairs: Sequence[Pair], scheme: SignFlips) -> Exchanged:
    """Exchange both labels of a trial where its sign is -1."""

    def exchanged(k: int) -> Sides:
        signs = scheme.draw(k, k + 1)[0]
        turned = [pair if sign > 0 else pair[::-1] for pair, sign in zip(pairs, signs, strict=True)]
        return [first for first, _ in turned], [second for _, second in turned]

    return exchanged


def between_trials(experiments: Sequence[Experiment], scheme: Rerandomisation) -> Exchanged:
    """Give experiments of different trials other labels; each contrast keeps how many it has."""

    def exchanged(k: int) -> Sides:
        labels = scheme.draw(k, k + 1)[0]
        first, second = (
            [one for one, label in zip(experiments, labels, strict=True) if label == side] for side in (0, 1)
        )
        return first, second

    return exchanged


def difference(sides: Sides, brain: Brain, rooms: Rooms | None = None) -> Floats32:
    """Return the difference of the likelihoods of two contrasts, (voxels,)."""
    found = []
    for chosen in sides:
        statistic = Likelihood([one.people for one in chosen], brain.edge)
        found.append(statistic_map(statistic, brain.layout(chosen), rooms).copy())
    return np.asarray(found[0] - found[1])


def subtracted(
    exchanged: Exchanged, total: int, brain: Brain, threads: int = 1, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return the largest |difference| of each pattern of exchanged labels, (patterns,), the observed one first.

    Parameters
    ----------
    total : int
        Patterns.
    threads : int
        Patterns done side by side; results do not depend on it.
    """
    rooms = Rooms(brain, Likelihood([], brain.edge))
    found = np.zeros(total, dtype=np.float32)

    def some(start: int) -> None:
        for k in range(start, min(start + AT_ONCE, total)):
            found[k] = np.abs(difference(exchanged(k), brain, rooms)).max()

    starts = range(0, total, AT_ONCE)
    with ThreadPoolExecutor(threads) as pool:
        for start, _ in zip(starts, pool.map(some, starts), strict=True):
            progress(min(start + AT_ONCE, total), total, float("inf"))
    return found
