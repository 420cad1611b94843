"""A mask laid out for threshold-free cluster enhancement, and the buffers of one thread.

Which voxels were visited is kept as one bit each, so that it stays in the fastest cache. A word of 64 bits holds 62
voxels along z between copies of its neighbours' last and first; what lies around a voxel is then nine shifted words.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.neighbourhood_bits import NEAR, STEPS
from bids_app.vocabulary.grid import Mask

BITS = 62
"""Voxels of a word; those at its ends, 1 and 62, have a copy in the word beside, at 63 and 0."""

DE_BRUIJN = np.uint64(0x077CB531)
"""Times a power of two it has other five bits on top for each."""


class TFCELayout(NamedTuple):
    """A mask laid out for the visit; all integers are unsigned, which spares looking for negative indices.

    Attributes
    ----------
    places : (voxels,) uint64
        Place of each voxel: 64 times its word, plus its bit.
    row, column : uint64
        Words to the next x and y.
    near : uint64
        Bits of the neighbours that join voxels, of 6, 18 or 26.
    steps : (32,) uint64
        Step to the place of the neighbour of a single bit b, at the five highest of the 32 bits of b * `DE_BRUIJN`.
    words : uint64
        Words of the mask's padded box.
    """

    places: NDArray[np.uint64]
    row: np.uint64
    column: np.uint64
    near: np.uint64
    steps: NDArray[np.uint64]
    words: np.uint64


class TFCEBuffers(NamedTuple):
    """Buffers of one thread: `visited` is zero between calls, the rest holds anything.

    Attributes
    ----------
    visited : (2 words,) uint64
        Positive voxels, then negative ones.
    owner : (64 words,) uint32
        First component of a place.
    keys : (2, voxels + 1) uint64
    parent : (voxels + 1,) uint32
    parts : (voxels + 1, 3) float64
        Extent, level that was reached, and integral so far of each component.
    merged : (2, voxels + 1) uint32, offset : (voxels + 1,) float64, events : (1,) int64
        Who ended in whom, with what difference of their integrals, and how many did.
    """

    visited: NDArray[np.uint64]
    owner: NDArray[np.uint32]
    keys: NDArray[np.uint64]
    parent: NDArray[np.uint32]
    parts: NDArray[np.float64]
    merged: NDArray[np.uint32]
    offset: NDArray[np.float64]
    events: NDArray[np.int64]


def tfce_layout(mask: Mask, neighbours: int) -> TFCELayout:
    """Lay out a mask, (x, y, z), for neighbours that share a face (6), an edge (18) or a corner (26)."""
    where = np.nonzero(mask)
    x, y, z = (axis - int(axis.min()) + 1 for axis in where)
    width, column = int(y.max()) + 2, (int(z.max()) + 2 + BITS - 1) // BITS
    row = width * column
    places = ((x * width + y) * column + z // BITS) * 64 + z % BITS + 1
    steps = np.zeros(32, dtype=np.int64)
    for bit, step in enumerate(STEPS @ np.array([64 * row, 64 * column, 1])):
        steps[((1 << bit) * int(DE_BRUIJN) & 0xFFFFFFFF) >> 27] = step
    return TFCELayout(
        places.astype(np.uint64), np.uint64(row), np.uint64(column), NEAR[neighbours], steps.astype(np.uint64),
        np.uint64((int(x.max()) + 2) * row),
    )  # fmt: skip


def tfce_buffers(land: TFCELayout) -> TFCEBuffers:
    """Return fresh buffers for one thread."""
    n, words = len(land.places) + 1, int(land.words)
    return TFCEBuffers(
        np.zeros(2 * words, dtype=np.uint64), np.zeros(64 * words, dtype=np.uint32), np.zeros((2, n), dtype=np.uint64),
        np.zeros(n, dtype=np.uint32), np.zeros((n, 3)), np.zeros((2, n), dtype=np.uint32), np.zeros(n),
        np.zeros(1, dtype=np.int64),
    )  # fmt: skip
