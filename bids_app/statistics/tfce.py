"""Threshold-free cluster enhancement, exact: the integral over all heights in closed form.

TFCE(v) = ∫ extent(h)^E h^H dh from 0 to the height of v, extent(h) the size of the cluster that v belongs to at
height h (Smith & Nichols 2009, doi:10.1016/j.neuroimage.2008.03.061). There are no steps of height, so the values do
not depend on any, and maps can be compared. Voxels are visited once, the highest first; between two visits nothing
changes, so each component's share of the integral is a difference of h^(H+1)/(H+1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.kernels import compiled, root_of
from bids_app.statistics.terrain import ALL, FACES, HIGH_Y, HIGH_Z, LOW_Y, LOW_Z, Room, Terrain

Scale = tuple[float, float, float]
"""Largest height, E and H."""


@compiled
def _spread(bits: int, near: int) -> int:
    """Return bits and those next to them within the cube."""
    z = bits | ((bits & HIGH_Z) << 1) | ((bits & LOW_Z) >> 1)
    if near == FACES:
        y = ((bits & HIGH_Y) << 3) | ((bits & LOW_Y) >> 3)
        return z | y | ((bits << 9) & ALL) | (bits >> 9)
    zy = z | ((z & HIGH_Y) << 3) | ((z & LOW_Y) >> 3)
    if near == ALL ^ (1 << 13):
        return zy | ((zy << 9) & ALL) | (zy >> 9)
    y = bits | ((bits & HIGH_Y) << 3) | ((bits & LOW_Y) >> 3)
    either = z | y
    return zy | either | ((either << 9) & ALL) | (either >> 9)


@compiled
def _sort(t: NDArray[np.float32], land: Terrain, room: Room, shift: int, top: float) -> int:
    """Fill the first row of `room.keys`, the highest |t| first; return how many there are.

    A key holds depth below the top, sign and place, from the highest bits down; the 22 highest are sorted.
    """
    deepest = float((1 << (63 - shift)) - 1)
    count = 0
    counts = np.zeros((2, 2048), dtype=np.int64)
    for v in range(t.size):
        height = abs(np.float64(t[v]))
        if not height > 0.0:
            continue
        depth = np.uint64((1.0 - height / top) * deepest)
        key = (depth << np.uint64(shift + 1)) | (np.uint64(t[v] < 0) << np.uint64(shift)) | np.uint64(land.places[v])
        room.keys[0, count] = key
        counts[0, np.int64((key >> np.uint64(42)) & np.uint64(2047))] += 1
        counts[1, np.int64(key >> np.uint64(53))] += 1
        count += 1
    for turn in range(2):
        start = 0
        for digit in range(2048):
            start, counts[turn, digit] = start + counts[turn, digit], start
        for i in range(count):
            key = room.keys[turn, i]
            bucket = int((key >> np.uint64(42 + 11 * turn)) & np.uint64(2047))
            room.keys[1 - turn, counts[turn, bucket]] = key
            counts[turn, bucket] += 1
    return count


@compiled
def _advance(room: Room, c: int, level: float, power: float) -> None:
    """Bring a component's integral down to a level."""
    weight = np.sqrt(room.extent[c]) if power == 0.5 else room.extent[c] ** power
    room.sums[c] += weight * (room.level[c] - level)
    room.level[c] = level


@compiled
def _around(visited: NDArray[np.uint8], here: int, row: int, column: int) -> int:
    """Return which of the 27 voxels were visited; a byte holds those at z - 1, z and z + 1."""
    bits, place = 0, 0
    for dx in (-row, 0, row):
        for dy in (-column, 0, column):
            bits += int(visited[here + dx + dy]) << place
            place += 3
    return bits


@compiled
def _join(bits: int, here: int, land: Terrain, room: Room, level: float, power: float) -> int:
    """Return the component that a voxel joins, after merging all that it touches; -1 if it touches none.

    Visited neighbours that touch each other are one component already: only one of each such set is looked up.
    """
    rest = bits & land.near
    found = -1
    while rest:
        pick = rest & FACES
        if pick == 0:
            pick = rest
        pick &= -pick
        other = root_of(room.parent, room.owner[here + land.steps[pick % 37]])
        if found == -1:
            found = other
            _advance(room, found, level, power)
        elif other != found:
            _advance(room, other, level, power)
            if room.extent[other] > room.extent[found]:
                found, other = other, found
            room.parent[other] = found
            room.extent[found] += room.extent[other]
            room.merged[0, room.events[0]], room.merged[1, room.events[0]] = other, found
            room.offset[room.events[0]] = room.sums[other] - room.sums[found]
            room.events[0] += 1
        flood = pick
        rest ^= pick
        while rest:
            wider = _spread(flood, land.near) & bits
            if wider == flood:
                break
            flood = wider
            rest &= ~flood
    return found


@compiled
def _visit(
    keys: NDArray[np.uint64], land: Terrain, room: Room, shift: int, scale: Scale, begun: NDArray[np.float64]
) -> float:
    """Grow components from the top down; return the largest integral.

    Afterwards `room.owner` holds the first component of each voxel, `room.sums` the integral of each from its birth,
    and `begun`, (box,) where there is room, what of it had passed when a voxel joined.
    """
    top, extent_power, height_power = scale
    deepest = float((1 << (63 - shift)) - 1)
    components = 0
    room.events[0] = 0
    for key in keys:
        here: int = int(key & np.uint64((1 << shift) - 1))
        sign = int((key >> np.uint64(shift)) & np.uint64(1))
        height = top * (1.0 - np.float64(key >> np.uint64(shift + 1)) / deepest)
        level = height * height * height / 3 if height_power == 2 else height ** (height_power + 1) / (height_power + 1)
        visited = room.visited[sign]
        bits = _around(visited, here, land.row, land.column)
        own = _join(bits, here, land, room, level, extent_power)
        if own == -1:
            own = components
            components += 1
            room.parent[own], room.extent[own], room.level[own], room.sums[own] = own, 0.0, level, 0.0
        room.extent[own] += 1
        room.owner[here] = own
        if begun.size:
            begun[here] = room.sums[own]
        visited[here] |= 2
        visited[here + 1] |= 1
        visited[here - 1] |= 4
    room.visited[:] = 0
    for c in range(components):
        if room.parent[c] == c:
            _advance(room, c, 0.0, extent_power)
    for event in range(room.events[0] - 1, -1, -1):
        # What a component lived to see after its end is what its winner saw from then on.
        room.sums[room.merged[0, event]] = room.offset[event] + room.sums[room.merged[1, event]]
    return room.sums[:components].max() if components else 0.0


@compiled
def enhance(
    t: NDArray[np.float32], land: Terrain, room: Room, powers: tuple[float, float], values: NDArray[np.float64]
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
    shift = 1
    while (1 << shift) < land.box:
        shift += 1
    count = _sort(t, land, room, shift, top)
    begun = np.zeros(land.box if values.size else 0)
    largest = _visit(room.keys[0, :count], land, room, shift, (top, powers[0], powers[1]), begun)
    for v in range(values.size):
        here = land.places[v]
        whole = room.sums[room.owner[here]] - begun[here] if t[v] != 0 else 0.0
        values[v] = whole if t[v] > 0 else -whole
    return largest
