"""Relabellings as one would write them by hand: everything in double precision, a padded box, no room spared.

The same statistics as the product's, by other code: unit vectors in double precision, two products a tile, clusters by
union and find, exact TFCE by visiting voxels from the top. Only what is needed for largest values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numba import njit

TILE = 2048
U = np.uint64


def compiled(function: Callable[..., object]) -> Callable[..., object]:
    return njit(nogil=True, error_model="numpy")(function)


class Twin:
    """Outcome and baseline of (n, voxels), nuisance columns (n, k) with the constant among them."""

    def __init__(self, outcome: np.ndarray, baseline: np.ndarray, nuisance: np.ndarray) -> None:
        self.basis = np.linalg.qr(nuisance)[0]
        y, b = (values - self.basis @ (self.basis.T @ values) for values in (outcome.astype(float), baseline))
        b /= np.linalg.norm(b, axis=0)
        y -= b * (y * b).sum(axis=0)
        self.y, self.b = y / np.linalg.norm(y, axis=0), b
        self.df = len(outcome) - nuisance.shape[1] - 2

    def fill(self, labels: np.ndarray, t: np.ndarray) -> None:
        """Fill t of relabellings, (relabellings, voxels)."""
        rows = labels - (labels @ self.basis) @ self.basis.T
        rows /= np.linalg.norm(rows, axis=1)[:, None]
        for start in range(0, t.shape[1], TILE):
            tile = slice(start, start + TILE)
            _fill(rows @ self.y[:, tile], rows @ self.b[:, tile], float(self.df), t[:, tile])


@compiled
def _fill(c, r, df, t):
    for k in range(len(c)):
        x, y, row = c[k], r[k], t[k]
        for v in range(row.size):
            row[v] = x[v] * np.sqrt(df / (1.0 - y[v] * y[v] - x[v] * x[v]))


class Box:
    """A mask in a box with a border of one voxel; neighbours by 6 or 26."""

    def __init__(self, mask: np.ndarray, neighbours: int) -> None:
        where = [axis - axis.min() + 1 for axis in np.nonzero(mask)]
        shape = [int(axis.max()) + 2 for axis in where]
        self.strides = np.array([shape[1] * shape[2], shape[2], 1])
        self.places = sum(axis * step for axis, step in zip(where, self.strides, strict=True)).astype(np.int64)
        corners = np.array(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij")).reshape(3, -1).T
        self.steps = corners @ self.strides
        reach = np.abs(corners).sum(axis=1)
        self.near = np.uint32(sum(1 << i for i in range(27) if 0 < reach[i] <= (1 if neighbours == 6 else 3)))
        # Neighbours of each of the 27 within the cube, and those that share a face with the centre.
        apart = np.abs(corners[:, None] - corners[None])
        touch = (apart.max(axis=2) <= 1) & (apart.sum(axis=2) <= (1 if neighbours == 6 else 3))
        self.touch = np.array([sum(1 << j for j in range(27) if touch[i, j]) for i in range(27)], dtype=np.uint32)
        self.size, n = int(np.prod(shape)), len(self.places) + 1
        self.label, self.parent = np.zeros(self.size, np.int64), np.zeros(n, np.int64)
        self.extent, self.mass = np.zeros(n), np.zeros(n)
        self.level, self.seen = np.zeros(n), np.zeros(self.size, np.uint8)
        self.keys = np.zeros((2, n), np.uint64)

    def clusters(self, t: np.ndarray, threshold: float) -> tuple[float, float]:
        """Return extent and mass of the largest clusters."""
        earlier = self.steps[:13]
        return _clusters(t, self.places, earlier, threshold, self.label, self.parent, self.extent, self.mass)

    def enhance(self, t: np.ndarray) -> float:
        """Return the largest TFCE of E = 0.5 and H = 2."""
        bits = int(self.size).bit_length()
        count, top = _sort(t, self.places, self.keys, bits)
        return _enhance(
            self.keys[0, :count], bits, top, self.strides, self.steps, self.near, self.touch, self.seen, self.label,
            self.parent, self.extent, self.level, self.mass,
        )  # fmt: skip


@compiled
def _root(parent, one):
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one


@compiled
def _clusters(t, places, earlier, threshold, label, parent, extent, mass):
    count = 0
    for v in range(t.size):
        if abs(t[v]) > threshold:
            count += 1
            here, own = places[v], count if t[v] > 0 else -count
            parent[count], extent[count], mass[count] = count, 0.0, 0.0
            root = count
            for step in earlier:
                other = label[here + step]
                if other != 0 and (other > 0) == (own > 0):
                    found = _root(parent, abs(other))
                    low, high = min(found, root), max(found, root)
                    parent[high], root = low, low
            label[here] = own
    number, most, largest = 0, 0.0, 0.0
    for v in range(t.size):
        if abs(t[v]) > threshold:
            number += 1
            root = _root(parent, number)
            extent[root] += 1
            mass[root] += abs(t[v]) - threshold
            most, largest = max(most, extent[root]), max(largest, mass[root])
            label[places[v]] = 0
    return most, largest


@compiled
def _sort(t, places, keys, bits):
    """Keys of depth, sign and place, sorted by their 22 highest bits; return how many, and the largest |t|."""
    top = 0.0
    for v in range(t.size):
        top = max(top, abs(t[v]))
    depth = float((1 << (62 - bits)) - 1)
    counts, scale, count = np.zeros((2, 2048), np.int64), depth / top, 0
    low, high = U(41), U(52)
    for v in range(t.size):
        if t[v] != 0.0:
            key = (U(np.int64((top - abs(t[v])) * scale)) << U(bits + 1)) | (U(t[v] < 0) << U(bits)) | U(places[v])
            keys[0, count] = key
            counts[0, (key >> low) & U(2047)] += 1
            counts[1, (key >> high) & U(2047)] += 1
            count += 1
    for digit in range(2):
        start, shift = 0, (low, high)[digit]
        for bucket in range(2048):
            start, counts[digit, bucket] = start + counts[digit, bucket], start
        for i in range(count):
            bucket = (keys[digit, i] >> shift) & U(2047)
            keys[1 - digit, counts[digit, bucket]] = keys[digit, i]
            counts[digit, bucket] += 1
    return count, top


@compiled
def _around(seen, here, sign, strides):
    """Return which of the 27 were visited before, as bits; mark this one in `seen`."""
    around = np.uint32(0)
    for k in range(9):
        row = here + (k // 3 - 1) * strides[0] + (k % 3 - 1) * strides[1]
        around |= ((np.uint32(seen[row]) >> sign) & np.uint32(7)) << np.uint32(3 * k)
    seen[here] |= np.uint8(np.uint32(2) << sign)
    seen[here - 1] |= np.uint8(np.uint32(4) << sign)
    seen[here + 1] |= np.uint8(np.uint32(1) << sign)
    return around


@compiled
def _flood(touch, i, around):
    """Return those that touch one of the 27, and those that touch these: all are of one component."""
    flood = touch[i] & around
    wide = flood
    for j in range(27):
        if (flood >> np.uint32(j)) & np.uint32(1):
            wide |= touch[j]
    return wide


@compiled
def _join(one, own, parent, extent, found):
    """Let the smaller of two components end in the larger; return that."""
    if own < 0 or own == one:
        return one
    if extent[one] > extent[own]:
        own, one = one, own
    parent[one], extent[own] = own, extent[own] + extent[one]
    found[own] = max(found[own], found[one])
    return own


@compiled
def _enhance(keys, bits, top, strides, steps, near, touch, seen, label, parent, extent, level, found):
    """Visit voxels from the top; `seen` has of each place the bits of it and of both its neighbours along z."""
    seen[:] = 0
    unit, components = top / float((1 << (62 - bits)) - 1), 0
    for key in keys:
        here = np.int64(key & U((1 << bits) - 1))
        height = top - float(np.int64(key >> U(bits + 1))) * unit
        at = height * height * height / 3.0
        around = _around(seen, here, np.uint32(3) * np.uint32((key >> U(bits)) & U(1)), strides)
        left, own = around & near, -1
        for i in range(27):
            if (left >> np.uint32(i)) & np.uint32(1):
                left &= ~_flood(touch, i, around)
                one = _root(parent, label[here + steps[i]])
                found[one] += np.sqrt(extent[one]) * (level[one] - at)
                level[one] = at
                own = _join(one, own, parent, extent, found)
        if own < 0:
            own, components = components, components + 1
            parent[own], extent[own], found[own], level[own] = own, 0.0, 0.0, at
        extent[own] += 1
        label[here] = own
    label[:] = 0
    return _largest(components, parent, extent, level, found)


@compiled
def _largest(components, parent, extent, level, found):
    largest = 0.0
    for one in range(components):
        if parent[one] == one:
            largest = max(largest, found[one] + np.sqrt(extent[one]) * level[one])
    return largest
