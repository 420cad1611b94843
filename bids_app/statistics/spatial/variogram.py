"""Surrogate maps that keep the variogram of a map: shuffled, smoothed, and scaled until differences grow alike.

Burt 2020, doi:10.1016/j.neuroimage.2020.117038. Of several widths of smoothing the one that fits best is taken, for
each surrogate by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

NEAR = 25.0
"""Percentile of distances up to which differences are fitted."""

STEPS = 25
"""Distances at which they are."""

WIDTHS = tuple(round(0.1 * k, 1) for k in range(1, 10))
"""Shares of all regions that a map is smoothed over."""

AT_ONCE = 4_000_000
"""Differences held at once."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of regions that are near each other.

    Attributes
    ----------
    first, second : (pairs,) int
    weights : (pairs, steps)
        What each pair counts at each distance; columns add up to one.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    weights: Matrix


def pairs_of(distance: Matrix) -> Pairs:
    """Return the near pairs of regions at these distances (regions, regions), with Gaussian weights of width 3 steps.

    The Gaussian falls to 1/36 at one width (2.68 standard deviations), as in the paper.
    """
    first, second = np.triu_indices(len(distance), 1)
    lengths = distance[first, second]
    near = lengths <= np.percentile(lengths, NEAR)
    lengths = lengths[near]
    at = np.linspace(lengths.min(), lengths.max(), STEPS)
    width = max(3 * (at[1] - at[0]), 1e-9)
    weights = np.exp(-0.5 * (2.68 * (lengths[:, None] - at) / width) ** 2)
    return Pairs(first[near], second[near], weights / weights.sum(axis=0))


def variogram(maps: Matrix, pairs: Pairs) -> Matrix:
    """Return half the squared difference of near regions by distance, (B, regions) -> (B, steps)."""
    return np.asarray((0.5 * (maps[:, pairs.first] - maps[:, pairs.second]) ** 2) @ pairs.weights)


def smoothers(distance: Matrix, widths: Sequence[float] = WIDTHS) -> list[Matrix]:
    """Return matrices (regions, regions) that average each region's nearest ones, weighted by exp(-d / the furthest).

    One a width: the share of regions that is averaged over; a region is not among its own neighbours.
    """
    count = len(distance)
    order = np.argsort(distance + np.diag(np.full(count, -1.0)), axis=1, kind="stable")[:, 1:]
    rows = np.arange(count)[:, None]
    found = []
    for width in widths:
        nearest = order[:, : max(int(width * count), 1)]
        lengths = distance[rows, nearest]
        weights = np.exp(-lengths / np.maximum(lengths.max(axis=1, keepdims=True), 1e-9))
        matrix = np.zeros((count, count))
        matrix[rows, nearest] = weights / weights.sum(axis=1, keepdims=True)
        found.append(matrix)
    return found


def surrogates(values: Matrix, distance: Matrix, number: int, rng: np.random.Generator) -> Matrix:
    """Return maps, (number, regions), whose variogram is that of a map (regions,)."""
    pairs, averages = pairs_of(distance), smoothers(distance)
    target = variogram(values[None], pairs)[0]
    step = max(1, AT_ONCE // len(pairs.first))
    found = np.empty((number, len(values)))
    for start in range(0, number, step):
        size = min(step, number - start)
        shuffled = values[np.argsort(rng.random((size, len(values))), axis=1)]
        found[start : start + size] = _fitted(shuffled, averages, pairs, target, rng)
    return found


def _fitted(
    shuffled: Matrix, averages: Sequence[Matrix], pairs: Pairs, target: Matrix, rng: np.random.Generator
) -> Matrix:
    """Return the best fitting surrogate of each shuffled map."""
    best = np.full(len(shuffled), np.inf)
    found = np.empty_like(shuffled)
    for average in averages:
        smooth = shuffled @ average.T
        own = variogram(smooth, pairs)
        centred, wanted = own - own.mean(axis=1, keepdims=True), target - target.mean()
        slope = centred @ wanted / np.maximum((centred**2).sum(axis=1), 1e-300)
        start = target.mean() - slope * own.mean(axis=1)
        noise = rng.standard_normal(shuffled.shape)
        made = np.sqrt(np.abs(slope))[:, None] * smooth + np.sqrt(np.abs(start))[:, None] * noise
        misfit = ((variogram(made, pairs) - target) ** 2).sum(axis=1)
        better = misfit < best
        found[better], best[better] = made[better], misfit[better]
    return found
