"""Refits of residuals with signs (`wild_bootstrap`), compiled: products of signs with rows, and variances."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.kernels import compiled
from bids_app.statistics.permutation.wild_rows import Floats, Moments, Shared, WildInputs, buffers, fill_participant

STRIP = 256
"""Voxels whose sums stay in the cache between they are made and used."""


class Patterns(NamedTuple):
    """Signs of participants in fours: which of eight sums of four serves, and the sign of the first of them.

    Attributes
    ----------
    which : (permutations, fours) int64
        Bits 2, 1 and 0 tell that the second, third and fourth sign differs from the first.
    first : (permutations, fours) float32
    """

    which: NDArray[np.int64]
    first: Floats


class WildEstimates(NamedTuple):
    """What the signs of residuals give: coefficients of tested axes, and variances of their pairs.

    Attributes
    ----------
    slope : (rank, permutations, voxels)
    variance : (pairs, permutations, voxels)
    """

    slope: NDArray[np.float32]
    variance: NDArray[np.float32]


@compiled
def refit(given: WildInputs, moments: Moments, patterns: Patterns, fitted: WildEstimates) -> None:
    """Fit the residuals of some voxels with the signs of every pattern.

    Of four participants there are eight sums up to a sign, so that a product with signs is a quarter of the additions,
    in an order that does not depend on how many permutations are made together.
    """
    rank, pairs = fitted.slope.shape[0], fitted.variance.shape[0]
    size = given.axes.nuisance.shape[0] + int(given.before.shape[0] > 0) + rank
    relabellings, fours = patterns.which.shape
    for start in range(0, given.outcome.shape[1], STRIP):
        own = _strip(given, start)
        voxels = own.outcome.shape[1]
        rows = np.zeros(((1 + pairs) * size, 4 * fours, voxels), np.float32)
        _fill_rows(own, rows)
        sums = np.empty((rows.shape[0], relabellings, voxels), np.float32)
        table, variance = np.empty((fours, 8, voxels), np.float32), np.empty((relabellings, voxels), np.float32)
        for column in range(rows.shape[0]):
            _eight(rows[column], table)
            _add(table, patterns, sums[column])
        for a in range(rank):
            fitted.slope[a, :, start : start + voxels] = sums[size - rank + a]
        for p in range(pairs):
            square = np.ascontiguousarray(moments.squares[p, start : start + voxels])
            gram = np.ascontiguousarray(moments.gram[p, :, start : start + voxels])
            _variance(sums, size * (1 + p), square, gram, variance)
            fitted.variance[p, :, start : start + voxels] = variance


@compiled
def _strip(given: WildInputs, start: int) -> WildInputs:
    """Return the next voxels; a kernel runs over them at full speed only where they lie beside each other."""
    stop = min(start + STRIP, given.outcome.shape[1])
    across = np.ascontiguousarray(given.shared.across[:, start:stop])
    stretch = np.ascontiguousarray(given.shared.stretch[start:stop])
    shared = Shared(across, stretch, np.ascontiguousarray(given.shared.slope[:, start:stop]))
    outcome, before = given.outcome[:, start:stop], given.before[:, start:stop]
    return WildInputs(given.axes, shared, np.ascontiguousarray(outcome), np.ascontiguousarray(before))


@compiled
def _fill_rows(given: WildInputs, rows: NDArray[np.float32]) -> None:
    """Fill what signs are multiplied with, ((1 + pairs) m, n, voxels): axes times f, then these times each weight."""
    person = buffers(given)
    own, left = person.axes, person.left
    size = own.shape[0]
    for i in range(given.outcome.shape[0]):
        fill_participant(i, given, person)
        for j in range(size):
            one = rows[j, i]
            for v in range(left.size):
                one[v] = own[j, v] * left[v]
            for p in range(person.weights.shape[0]):
                weight, other = person.weights[p], rows[(1 + p) * size + j, i]
                for v in range(left.size):
                    other[v] = one[v] * weight[v]


@compiled
def _eight(rows: Floats, table: NDArray[np.float32]) -> None:
    """Fill the eight sums of every four rows, (fours, 8, voxels), the first of which is always added."""
    for g in range(table.shape[0]):
        for which in range(8):
            p, q, r = _sign(which & 4), _sign(which & 2), _sign(which & 1)
            for v in range(rows.shape[1]):
                one = rows[4 * g, v] + p * rows[4 * g + 1, v]
                table[g, which, v] = one + (q * rows[4 * g + 2, v] + r * rows[4 * g + 3, v])


@compiled
def _sign(differs: int) -> np.float32:
    return np.float32(-1) if differs else np.float32(1)


@compiled
def _add(table: NDArray[np.float32], patterns: Patterns, out: NDArray[np.float32]) -> None:
    """Add up the sums that each pattern takes, (relabellings, voxels)."""
    which, first, fours = patterns.which, patterns.first, table.shape[0]
    for k in range(out.shape[0]):
        for v in range(out.shape[1]):
            out[k, v] = np.float32(0)
        for g in range(0, fours - 3, 4):  # four at a time: a sum is fetched and put away for each
            a, b, c, d = which[k, g], which[k, g + 1], which[k, g + 2], which[k, g + 3]
            p, q, r, s = first[k, g], first[k, g + 1], first[k, g + 2], first[k, g + 3]
            for v in range(out.shape[1]):
                one = p * table[g, a, v] + q * table[g + 1, b, v]
                out[k, v] += one + (r * table[g + 2, c, v] + s * table[g + 3, d, v])
        for g in range(fours - fours % 4, fours):
            a, p = which[k, g], first[k, g]
            for v in range(out.shape[1]):
                out[k, v] += p * table[g, a, v]


@compiled
def _variance(sums: Floats, first: int, square: Floats, gram: Floats, out: NDArray[np.float32]) -> None:
    """Fill the variance of a pair of axes, (permutations, voxels).

    Parameters
    ----------
    sums : ((1 + pairs) m, permutations, voxels)
        Products of signs with the axes, and from `first` on with the axes weighted for the pair.
    """
    size = int((np.sqrt(8 * gram.shape[0] + 1) - 1) / 2)
    for k in range(out.shape[0]):
        row = out[k]
        for v in range(row.size):
            row[v] = square[v]
        place = 0
        for j in range(size):
            one, other = sums[j, k], sums[first + j, k]
            for i in range(j):
                third, both = sums[i, k], gram[place]
                for v in range(row.size):
                    row[v] += np.float32(2) * one[v] * third[v] * both[v]
                place += 1
            both = gram[place]
            for v in range(row.size):
                row[v] += one[v] * (both[v] * one[v] - np.float32(2) * other[v])
            place += 1
