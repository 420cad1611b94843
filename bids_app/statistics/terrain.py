"""A mask laid out for threshold-free cluster enhancement, and the buffers of one thread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask

# A voxel and its neighbours as 27 bits: bit 9 (dx + 1) + 3 (dy + 1) + dz + 1.
_STEPS = np.array(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij")).reshape(3, -1).T
_REACH = np.abs(_STEPS).sum(axis=1)


def _bits(which: NDArray[np.bool_]) -> int:
    return int(sum(1 << int(i) for i in np.flatnonzero(which)))


ALL = (1 << 27) - 1
FACES = _bits(_REACH == 1)
LOW_Z, HIGH_Z = ALL ^ _bits(_STEPS[:, 2] == -1), ALL ^ _bits(_STEPS[:, 2] == 1)
LOW_Y, HIGH_Y = ALL ^ _bits(_STEPS[:, 1] == -1), ALL ^ _bits(_STEPS[:, 1] == 1)
ALLOWED = {6: _bits(_REACH == 1), 18: _bits((_REACH > 0) & (_REACH < 3)), 26: _bits(_REACH > 0)}


class Terrain(NamedTuple):
    """A mask laid out for the visit.

    Attributes
    ----------
    places : (voxels,) int64
        Index of each voxel in its box padded by one voxel.
    row, column : int
        Steps to the next x and y; z is the next voxel.
    near : int
        Bits of the neighbours that join voxels, of 6, 18 or 26.
    steps : (37,) int64
        Step to the neighbour of a single bit b, at place b modulo 37.
    box : int
        Voxels of the padded box.
    """

    places: NDArray[np.int64]
    row: int
    column: int
    near: int
    steps: NDArray[np.int64]
    box: int


class Room(NamedTuple):
    """Buffers of one thread: `visited` is zero between calls, the rest holds anything."""

    visited: NDArray[np.uint8]
    owner: NDArray[np.int32]
    keys: NDArray[np.uint64]
    parent: NDArray[np.int32]
    extent: NDArray[np.float64]
    level: NDArray[np.float64]
    sums: NDArray[np.float64]
    merged: NDArray[np.int32]
    offset: NDArray[np.float64]
    events: NDArray[np.int64]


def terrain(mask: Mask, neighbours: int) -> Terrain:
    """Lay out a mask for neighbours that share a face (6), an edge (18) or a corner (26)."""
    where = np.nonzero(mask)
    low = [int(axis.min()) for axis in where]
    x, y, z = (int(axis.max()) - start + 3 for axis, start in zip(where, low, strict=True))
    strides = np.array([y * z, z, 1])
    places = sum((axis - start + 1) * step for axis, start, step in zip(where, low, strides, strict=True))
    steps = np.zeros(37, dtype=np.int64)
    for bit, step in enumerate(_STEPS @ strides):
        steps[(1 << bit) % 37] = step
    return Terrain(np.asarray(places, dtype=np.int64), y * z, z, ALLOWED[neighbours], steps, x * y * z)


def room(land: Terrain) -> Room:
    """Return fresh buffers for one thread."""
    n = len(land.places) + 1
    return Room(
        np.zeros((2, land.box), dtype=np.uint8), np.zeros(land.box, dtype=np.int32), np.zeros((2, n), dtype=np.uint64),
        np.zeros(n, dtype=np.int32), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros((2, n), dtype=np.int32),
        np.zeros(n), np.zeros(1, dtype=np.int64),
    )  # fmt: skip
