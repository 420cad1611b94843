"""Threshold-free cluster enhancement, exact: the integral over all heights in closed form.

TFCE(v) = ∫ extent(h)^E h^H dh from 0 to the height of v, extent(h) the size of the cluster that v belongs to at
height h (Smith & Nichols 2009, doi:10.1016/j.neuroimage.2008.03.061). There are no steps of height, so the values do
not depend on any, and maps can be compared. Voxels are visited once, the highest first; between two visits nothing
changes, so each component's share of the integral is a difference of h^(H+1)/(H+1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.kernels import compiled, root_of
from bids_app.statistics.clusters.neighbourhood_bits import NONE, ONE, separate
from bids_app.statistics.clusters.tfce_layout import DE_BRUIJN, TFCEBuffers, TFCELayout

Power = float | None
"""E or H; None are those of FSL and PALM, 0.5 and 2: the compiler makes a version of its own for them."""

Scale = tuple[float, Power, Power]
"""Largest height, E and H."""

USUAL = 0.5, 2.0

_SIX, _SEVEN, _FIRST, _LAST = (np.uint64(n) for n in (6, 7, 1, 62))
_WORD, _TOP = np.uint64(0xFFFFFFFF), np.uint64(27)
_BUCKETS, _SHORT, _LONG = np.uint64(2047), np.uint64(42), np.uint64(53)


@compiled
def _sort(t: NDArray[np.float32], land: TFCELayout, room: TFCEBuffers, shift: np.uint64, top: float) -> int:
    """Fill the first row of `room.keys`, the highest |t| first; return how many there are.

    A key holds depth below the top, sign and place, from the highest bits down; the 22 highest are sorted.
    """
    deepest = float((np.int64(1) << np.int64(np.uint64(63) - shift)) - 1)
    counts = np.zeros((2, 2048), dtype=np.uint64)
    first, second, places = room.keys[0], room.keys[1], land.places
    count, scale = 0, deepest / top
    for v in range(t.size):
        height = abs(np.float64(t[v]))
        if not height > 0.0:
            continue
        depth = np.uint64(np.int64((top - height) * scale))
        key = (depth << (shift + ONE)) | (np.uint64(t[v] < 0) << shift) | places[v]
        first[count] = key
        counts[0, (key >> _SHORT) & _BUCKETS] += ONE
        counts[1, key >> _LONG] += ONE
        count += 1
    _deal(first[:count], second, counts[0], _SHORT)
    _deal(second[:count], first, counts[1], _LONG)
    return count


@compiled
def _deal(keys: NDArray[np.uint64], into: NDArray[np.uint64], counts: NDArray[np.uint64], digit: np.uint64) -> None:
    """Deal keys into buckets by the 11 bits from a digit on, each bucket in their order."""
    start = NONE
    for bucket in range(counts.size):
        start, counts[bucket] = start + counts[bucket], start
    for key in keys:
        bucket = (key >> digit) & _BUCKETS
        into[counts[bucket]] = key
        counts[bucket] += ONE


@compiled
def _around(visited: NDArray[np.uint64], word: np.uint64, bit: np.uint64, land: TFCELayout) -> np.uint64:
    """Return which of the 27 voxels were visited."""
    # Written out: as a loop the compiler looks the strides up for each of the nine words.
    low, column, two = bit - ONE, land.column, land.column + land.column
    left = word - land.row - column
    here = left + land.row
    right = here + land.row
    bits: np.uint64 = (
        ((visited[left] >> low) & _SEVEN)
        | (((visited[left + column] >> low) & _SEVEN) << np.uint64(3))
        | (((visited[left + two] >> low) & _SEVEN) << np.uint64(6))
        | (((visited[here] >> low) & _SEVEN) << np.uint64(9))
        | (((visited[here + column] >> low) & _SEVEN) << np.uint64(12))
        | (((visited[here + two] >> low) & _SEVEN) << np.uint64(15))
        | (((visited[right] >> low) & _SEVEN) << np.uint64(18))
        | (((visited[right + column] >> low) & _SEVEN) << np.uint64(21))
        | (((visited[right + two] >> low) & _SEVEN) << np.uint64(24))
    )
    return bits


@compiled
def _mark(visited: NDArray[np.uint64], owner: NDArray[np.uint32], word: np.uint64, here: np.uint64) -> None:
    """Set a voxel's bit; at the end of a word its copy in the word beside, too."""
    bit = here & np.uint64(63)
    visited[word] |= ONE << bit
    if bit == _FIRST:
        visited[word - ONE] |= ONE << np.uint64(63)
        owner[here - np.uint64(2)] = owner[here]
    elif bit == _LAST:
        visited[word + ONE] |= ONE
        owner[here + np.uint64(2)] = owner[here]


@compiled
def level_of(height: float, power: Power) -> float:
    """Return the integral of h^H from 0 to a height."""
    if power is None:
        return height * height * height * (1.0 / 3.0)
    return height * height * height / 3 if power == 2 else height ** (power + 1) / (power + 1)


@compiled
def advance(parts: NDArray[np.float64], c: np.uint64, level: float, power: Power) -> None:
    """Bring the integral of component c of `parts`, (components, 3), down to a level."""
    weight = np.sqrt(parts[c, 0]) if power is None else parts[c, 0] ** power
    parts[c, 2] += weight * (parts[c, 1] - level)
    parts[c, 1] = level


@compiled
def merge(room: TFCEBuffers, one: np.uint64, other: np.uint64) -> np.uint64:
    """Let the smaller of two components at one level end in the larger; return that."""
    parts = room.parts
    if parts[other, 0] > parts[one, 0]:
        one, other = other, one
    room.parent[other] = one
    parts[one, 0] += parts[other, 0]
    event = room.events[0]
    room.merged[0, event], room.merged[1, event] = other, one
    room.offset[event] = parts[other, 2] - parts[one, 2]
    room.events[0] += 1
    return one


@compiled
def _visit(
    keys: NDArray[np.uint64],
    land: TFCELayout,
    room: TFCEBuffers,
    shift: np.uint64,
    scale: Scale,
    begun: NDArray[np.float64],
) -> int:
    """Grow components from the top down; return how many there were.

    Afterwards `room.owner` holds the first component of each voxel, and `begun`, (64 words,) where there is room, what
    of its integral had passed when the voxel joined.
    """
    top, power, height_power = scale
    step = top / float((np.int64(1) << np.int64(np.uint64(63) - shift)) - 1)
    # Taken out of their tuples once: each time costs as much as a voxel does otherwise.
    near, steps, words, ground = land.near, land.steps, land.words, (ONE << shift) - ONE
    visited, owner, parent, parts = room.visited, room.owner, room.parent, room.parts
    components, room.events[0] = NONE, 0
    for key in keys:
        here = key & ground
        height = top - np.float64(np.int64(key >> (shift + ONE))) * step
        level = level_of(height, height_power)
        word = (here >> _SIX) + ((key >> shift) & ONE) * words
        touched = separate(_around(visited, word, here & np.uint64(63), land), near)
        own = components
        if touched == NONE:
            parent[own], components = own, components + ONE
            parts[own, 0], parts[own, 1], parts[own, 2] = 0.0, level, 0.0
        while touched:
            pick = touched & (NONE - touched)
            touched ^= pick
            other = root_of(parent, np.uint64(owner[here + steps[((pick * DE_BRUIJN) & _WORD) >> _TOP]]))
            advance(parts, other, level, power)
            own = other if own in (components, other) else merge(room, own, other)
        parts[own, 0] += 1
        owner[here] = own
        if begun.size:
            begun[here] = parts[own, 2]
        _mark(visited, owner, word, here)
    visited[:] = NONE
    return int(components)


@compiled
def settle(room: TFCEBuffers, components: int, power: Power) -> float:
    """Bring every component down to 0, and give those that ended what they lived to see; return the largest."""
    parts = room.parts[:components]
    for c in range(components):
        if room.parent[c] == c:
            advance(parts, np.uint64(c), 0.0, power)
    for event in range(room.events[0] - 1, -1, -1):
        parts[room.merged[0, event], 2] = room.offset[event] + parts[room.merged[1, event], 2]
    return parts[:, 2].max() if components else 0.0


@compiled
def enhance(
    t: NDArray[np.float32],
    land: TFCELayout,
    room: TFCEBuffers,
    powers: tuple[Power, Power],
    values: NDArray[np.float64],
) -> float:
    """Return the largest TFCE of both signs; fill `values`, (voxels,), if it has any room.

    `powers` are E and H. Positive and negative voxels never join; negative ones get negative values.
    """
    top = 0.0
    for v in range(t.size):
        height = abs(np.float64(t[v]))
        top = max(top, height)
    if not top > 0.0:
        values[:] = 0.0
        return 0.0
    shift = ONE
    while (ONE << shift) < room.owner.size:
        shift += ONE
    count = _sort(t, land, room, shift, top)
    begun = np.zeros(room.owner.size if values.size else 0)
    components = _visit(room.keys[0, :count], land, room, shift, (top, powers[0], powers[1]), begun)
    largest = settle(room, components, powers[0])
    for v in range(values.size):
        here = land.places[v]
        whole = room.parts[room.owner[here], 2] - begun[here] if t[v] != 0 else 0.0
        values[v] = whole if t[v] > 0 else -whole
    return largest
