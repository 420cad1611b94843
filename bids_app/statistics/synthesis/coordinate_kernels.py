"""The inner loops of coordinate meta-analysis, compiled. Each has a slow twin in the tests."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.kernels import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Layout(NamedTuple):
    """Where the foci of experiments are.

    Attributes
    ----------
    places : (foci, 3) int64
        Nearest voxel of each focus; it may lie outside the grid.
    first : (experiments + 1,) int64
        Where the foci of each experiment begin.
    """

    places: Ints
    first: Ints


class Room(NamedTuple):
    """Buffers of one thread, as large as the grid (x, y, z) and the same between calls.

    Attributes
    ----------
    one : float64 array
        Of one experiment: all 0.
    joined : float64 array
        Of all: 1 for likelihoods, 0 for densities.
    """

    one: Floats
    joined: Floats


@compiled
def _bounds(place: int, reach: int, size: int) -> tuple[int, int]:
    """Return where along an axis what a focus reaches begins and ends; nothing where it lies far outside."""
    low = max(place - reach, 0)
    return low, max(min(place + reach + 1, size), low)


@compiled
def _activate(one: Floats, place: Ints, line: Floats) -> None:
    """Raise an experiment, on the whole grid, to the Gaussian of a focus."""
    reach = line.size // 2
    x, y, z = place
    low, high = _bounds(z, reach, one.shape[2])
    own = line[low - z + reach : high - z + reach]
    for i in range(*_bounds(x, reach, one.shape[0])):
        for j in range(*_bounds(y, reach, one.shape[1])):
            base = line[i - x + reach] * line[j - y + reach]
            row = one[i, j, low:high]
            for k in range(own.size):
                value = base * own[k]
                row[k] = max(row[k], value)


@compiled
def _join(one: Floats, silent: Floats, place: Ints, reach: int) -> None:
    """Take an experiment around a focus into the chance that none is active; what two foci share counts once."""
    x, y, z = place
    low, high = _bounds(z, reach, one.shape[2])
    for i in range(*_bounds(x, reach, one.shape[0])):
        for j in range(*_bounds(y, reach, one.shape[1])):
            row, still = one[i, j, low:high], silent[i, j, low:high]
            for k in range(row.size):
                still[k] *= 1.0 - row[k]
                row[k] = 0.0


@compiled
def likelihood(layout: Layout, lines: Floats, voxels: Ints, room: Room, out: NDArray[np.float32]) -> None:
    """Fill the activation likelihood of each voxel of the mask: 1 - Π (1 - MA) over experiments.

    Parameters
    ----------
    lines : (experiments, 2 r + 1)
        Gaussian of each experiment along one axis; that of a focus is the product of three.
    voxels : (voxels,) int64
        Places of the mask in the flat grid.
    out : (voxels,) float32
    """
    for e in range(layout.first.size - 1):
        for f in range(layout.first[e], layout.first[e + 1]):
            _activate(room.one, layout.places[f], lines[e])
        for f in range(layout.first[e], layout.first[e + 1]):
            _join(room.one, room.joined, layout.places[f], lines.shape[1] // 2)
    flat = room.joined.reshape(-1)
    for v in range(voxels.size):
        out[v] = np.float32(1.0 - flat[voxels[v]])
    flat[:] = 1.0


@compiled
def _count(one: Floats, total: Floats, place: Ints, half: Ints, weight: float, stamp: float) -> None:
    """Add the weight of an experiment around a focus, but where its stamp says that another focus of it has."""
    reach = half.shape[0] // 2
    x, y, z = place
    for i in range(*_bounds(x, reach, one.shape[0])):
        for j in range(*_bounds(y, reach, one.shape[1])):
            length = half[i - x + reach, j - y + reach]
            if length >= 0:
                for k in range(*_bounds(z, length, one.shape[2])):
                    total[i, j, k] += weight * (one[i, j, k] != stamp)
                    one[i, j, k] = stamp


@compiled
def density(layout: Layout, half: Ints, weights: Floats, voxels: Ints, room: Room, out: NDArray[np.float32]) -> None:
    """Fill the sum of the weights of those experiments that have a focus near each voxel of the mask.

    Parameters
    ----------
    half : (2 r + 1, 2 r + 1) int64
        Half length of a sphere along z at each step in x and y; -1 outside it.
    weights : (experiments,)
    voxels : (voxels,) int64
        Places of the mask in the flat grid.
    out : (voxels,) float32
    """
    for e in range(layout.first.size - 1):
        for f in range(layout.first[e], layout.first[e + 1]):
            _count(room.one, room.joined, layout.places[f], half, weights[e], e + 1.0)
    flat = room.joined.reshape(-1)
    for v in range(voxels.size):
        out[v] = np.float32(flat[voxels[v]])
    flat[:] = 0.0
    room.one.reshape(-1)[:] = 0.0


@compiled
def joined(chances: Floats, own: Floats, step: float) -> Floats:
    """Return the chances of 1 - (1 - a)(1 - b), (bins,), from those of a and of b, by bins of a width.

    Parameters
    ----------
    chances, own : (bins,) and (fewer bins,)
        Bin i holds values nearest to i times the step.
    """
    found = np.zeros_like(chances)
    for b in range(own.size):
        if own[b] == 0.0:
            continue
        for a in range(chances.size):
            if chances[a] != 0.0:
                value = 1.0 - (1.0 - a * step) * (1.0 - b * step)
                found[int(np.rint(value / step))] += chances[a] * own[b]
    return found
