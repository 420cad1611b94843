"""A voxel and its 26 neighbours as 27 bits: bit 9 (dx + 1) + 3 (dy + 1) + dz + 1. All integers are unsigned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.kernels import compiled

STEPS = np.array(np.meshgrid(*[(-1, 0, 1)] * 3, indexing="ij")).reshape(3, -1).T
"""Step along x, y and z of each bit, (27, 3)."""

_REACH = np.abs(STEPS).sum(axis=1)


def _bits(which: NDArray[np.bool_]) -> np.uint64:
    return np.uint64(sum(1 << int(i) for i in np.flatnonzero(which)))


NONE, ONE, THREE, NINE = (np.uint64(n) for n in (0, 1, 3, 9))
NEAR = {6: _bits(_REACH == 1), 18: _bits((_REACH > 0) & (_REACH < 3)), 26: _bits(_REACH > 0)}
"""Neighbours that share a face, an edge too, a corner too."""
FACES, CORNERS = NEAR[6], NEAR[26]
_ALL = _bits(_REACH >= 0)
_LOW_Z, _HIGH_Z = _bits(STEPS[:, 2] > -1), _bits(STEPS[:, 2] < 1)
_LOW_Y, _HIGH_Y = _bits(STEPS[:, 1] > -1), _bits(STEPS[:, 1] < 1)


@compiled
def spread(bits: np.uint64, near: np.uint64) -> np.uint64:
    """Return bits and those next to them within the cube."""
    z = bits | ((bits & _HIGH_Z) << ONE) | ((bits & _LOW_Z) >> ONE)
    if near == FACES:
        y = ((bits & _HIGH_Y) << THREE) | ((bits & _LOW_Y) >> THREE)
        return z | y | ((bits << NINE) & _ALL) | (bits >> NINE)
    zy = z | ((z & _HIGH_Y) << THREE) | ((z & _LOW_Y) >> THREE)
    if near == CORNERS:
        return zy | ((zy << NINE) & _ALL) | (zy >> NINE)
    either = z | ((bits & _HIGH_Y) << THREE) | ((bits & _LOW_Y) >> THREE)
    return zy | ((either << NINE) & _ALL) | (either >> NINE)


@compiled
def separate(bits: np.uint64, near: np.uint64) -> np.uint64:
    """Return one neighbour of the centre from each set of bits that touch each other within the cube."""
    rest, chosen = bits & near, NONE
    while rest:
        # Through a face most others are reached at once.
        pick = rest & FACES
        if pick == NONE:
            pick = rest
        pick &= NONE - pick
        chosen |= pick
        rest ^= pick
        flood = pick
        while rest:
            # Two steps at a time: most often they are enough, and a branch that is foreseen costs nothing.
            wider = spread(spread(flood, near) & bits, near) & bits
            if wider == flood:
                break
            flood = wider
            rest &= ~flood
    return chosen
