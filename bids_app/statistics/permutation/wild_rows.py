"""The inner loops of signs of residuals (`wild_bootstrap`), compiled: rows of the products, and variances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.kernels import compiled

Floats = NDArray[np.float32]

HIGHEST = 0.999
"""Leverage above which a participant determines the fit of a voxel alone, and adds nothing there."""


class Axes(NamedTuple):
    """Orthonormal axes of the whole model, without the voxel's own baseline.

    Attributes
    ----------
    nuisance : (k, n)
    tested : (rank, n)
        Beyond the nuisance.
    """

    nuisance: Floats
    tested: Floats


class Shared(NamedTuple):
    """What no pattern of signs changes, voxel by voxel.

    Attributes
    ----------
    across : (rank, voxels)
        Products of the tested axes with the unit baseline.
    stretch : (voxels,)
        Makes the tested axes units beyond the baseline: I + stretch r r' is the inverse root of I - r r'.
    slope : (rank, voxels)
        Coefficients of those.
    """

    across: Floats
    stretch: Floats
    slope: Floats


class WildInputs(NamedTuple):
    """Some voxels of a model: its axes, what is shared, outcome and baseline (n, voxels); no baseline has no rows."""

    axes: Axes
    shared: Shared
    outcome: Floats
    before: Floats


class Moments(NamedTuple):
    """Sums over participants.

    Attributes
    ----------
    squares : (pairs, voxels)
        sum(w f^2) of each pair of tested axes, (0, 0), (0, 1), (1, 1) ...
    gram : (pairs, m (m + 1) / 2, voxels)
        A, its rows up to the diagonal.
    observed : (pairs, voxels)
        HC2 variances of the observed coefficients.
    determined : (voxels,)
        Participants whose leverage is above `HIGHEST`.
    """

    squares: Floats
    gram: Floats
    observed: Floats
    determined: Floats


class RowBuffers(NamedTuple):
    """One participant in some voxels: axes, weights of pairs, residual / sqrt(1 - h), residual, and 1 / (1 - h)."""

    axes: Floats
    weights: Floats
    left: Floats
    plain: Floats
    free: Floats


@compiled
def fill_participant(i: int, given: WildInputs, person: RowBuffers) -> None:
    """Fill the buffers of participant i; who determines a voxel alone has nothing but zeros there."""
    fixed, tested, own = given.axes.nuisance, given.axes.tested, person.axes
    first = own.shape[0] - tested.shape[0]
    explained = np.float32(0)
    for j in range(fixed.shape[0]):
        own[j, :] = fixed[j, i]
        explained += fixed[j, i] * fixed[j, i]
    for a in range(tested.shape[0]):
        own[first + a, :] = tested[a, i]
    person.free[:] = np.float32(1) - explained
    person.plain[:] = given.outcome[i]
    if given.before.shape[0] > 0:
        own[first - 1] = given.before[i]
        _beyond_baseline(own[first - 1], given.shared, person, first)
    _left(given.shared, person, first)


@compiled
def _beyond_baseline(one: Floats, shared: Shared, person: RowBuffers, first: int) -> None:
    """Make the tested axes, from `first` on, orthogonal to the baseline and to each other."""
    product, free, stretch = person.left, person.free, shared.stretch
    for v in range(one.size):
        product[v] = np.float32(0)
        free[v] -= one[v] * one[v]
    for a in range(shared.across.shape[0]):
        axis, r = person.axes[first + a], shared.across[a]
        for v in range(one.size):
            axis[v] -= r[v] * one[v]
            product[v] += r[v] * axis[v]
    for a in range(shared.across.shape[0]):
        axis, r = person.axes[first + a], shared.across[a]
        for v in range(one.size):
            axis[v] += stretch[v] * r[v] * product[v]


@compiled
def _left(shared: Shared, person: RowBuffers, first: int) -> None:
    """Fill residuals, what is left of leverage, and weights of pairs."""
    free, plain, left, weights = person.free, person.plain, person.left, person.weights
    rank = shared.slope.shape[0]
    for a in range(rank):
        axis, slope = person.axes[first + a], shared.slope[a]
        for v in range(left.size):
            free[v] -= axis[v] * axis[v]
            plain[v] -= slope[v] * axis[v]
    for v in range(left.size):
        free[v] = np.float32(1) / free[v] if free[v] >= np.float32(1 - HIGHEST) else np.float32(0)
        left[v] = plain[v] * np.sqrt(free[v])
    place = 0
    for b in range(rank):
        for a in range(b + 1):
            one, other, weight = person.axes[first + a], person.axes[first + b], weights[place]
            for v in range(left.size):
                weight[v] = one[v] * other[v] * free[v]
            place += 1


@compiled
def buffers(given: WildInputs) -> RowBuffers:
    """Return buffers for one participant in some voxels."""
    rank, voxels = given.axes.tested.shape[0], given.outcome.shape[1]
    size = given.axes.nuisance.shape[0] + int(given.before.shape[0] > 0) + rank
    shapes = (size, voxels), (rank * (rank + 1) // 2, voxels)
    alone = np.empty((3, voxels), np.float32)
    return RowBuffers(np.empty(shapes[0], np.float32), np.empty(shapes[1], np.float32), alone[0], alone[1], alone[2])


@compiled
def add_moments(given: WildInputs, moments: Moments) -> None:
    """Add up the moments of some voxels."""
    person = buffers(given)
    own, left, plain = person.axes, person.left, person.plain
    for i in range(given.outcome.shape[0]):
        fill_participant(i, given, person)
        for p in range(person.weights.shape[0]):
            weight, squares, observed = person.weights[p], moments.squares[p], moments.observed[p]
            for v in range(left.size):
                squares[v] += weight[v] * left[v] * left[v]
                observed[v] += weight[v] * plain[v] * plain[v]
            place = 0
            for j in range(own.shape[0]):
                for k in range(j + 1):
                    gram, one, other = moments.gram[p, place], own[j], own[k]
                    for v in range(left.size):
                        gram[v] += weight[v] * one[v] * other[v]
                    place += 1
        for v in range(left.size):
            moments.determined[v] += np.float32(left[v] == 0 and plain[v] != 0)
