"""Slices of a volume at given millimetres, for pictures.

Numpy alone: importing scipy.ndimage takes longer than drawing a whole page.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Grid, Mask

Corners = tuple[NDArray[np.intp], NDArray[np.float32]]


def sample(
    volume: NDArray[Any], grid: Grid, xs: tuple[float, ...], ys: tuple[float, ...], zs: tuple[float, ...]
) -> NDArray[np.float32]:
    """Return the volume on axial slices, one beside the other: (len(ys), len(zs) * len(xs)).

    Linear between voxel centres; 0 outside.
    """
    matrix = grid.affine[:3, :3]
    if np.array_equal(matrix, np.diag(np.diagonal(matrix))):
        panels = _straight(np.asarray(volume, dtype=np.float32), grid, (xs, ys, zs))
    else:
        index, weight = _corners(grid.shape, grid.affine.tobytes(), xs, ys, zs)
        flat = np.ascontiguousarray(volume, dtype=np.float32).ravel()
        panels = np.einsum("kn,kn->n", flat[index], weight).reshape(len(zs), len(ys), len(xs))
    return panels.transpose(1, 0, 2).reshape(len(ys), -1)


def _straight(volume: NDArray[np.float32], grid: Grid, targets: tuple[tuple[float, ...], ...]) -> NDArray[np.float32]:
    """Return (z, y, x) of a volume whose axes are those of the picture: one axis after the other."""
    fewest = min((2, 1, 0), key=lambda axis: len(targets[axis]))
    for axis in sorted((2, 1, 0), key=lambda axis: (axis != fewest, -axis)):  # few slices first
        place = (np.array(targets[axis]) - grid.affine[axis, 3]) / grid.affine[axis, axis]
        low = np.floor(place).astype(np.intp)
        last = volume.shape[axis] - 1
        parts = []
        for at, share in ((low, low + 1 - place), (low + 1, place - low)):
            inside = (share * ((at >= 0) & (at <= last))).astype(np.float32)
            # Not np.take: it would copy a volume that lies in the order of a file, x first.
            taken = volume[(slice(None),) * axis + (np.clip(at, 0, last),)]
            parts.append(taken * np.expand_dims(inside, tuple(i for i in range(3) if i != axis)))
        volume = parts[0] + parts[1]
    return volume.transpose(2, 1, 0)


@lru_cache(maxsize=4)
def _corners(
    shape: tuple[int, int, int], affine: bytes, xs: tuple[float, ...], ys: tuple[float, ...], zs: tuple[float, ...]
) -> Corners:
    """Return the eight voxels around each pixel, (8, pixels), and their shares."""
    z, y, x = np.meshgrid(zs, ys, xs, indexing="ij")
    inverse = np.linalg.inv(np.frombuffer(affine).reshape(4, 4))
    voxels = inverse[:3, :3] @ np.stack([x.ravel(), y.ravel(), z.ravel()]) + inverse[:3, 3:]
    low = np.floor(voxels)
    share = voxels - low
    last = np.array(shape)[:, None] - 1
    index, weight = [], []
    for corner in product((0, 1), repeat=3):
        side = np.array(corner)[:, None]
        place = low + side
        inside = ((place >= 0) & (place <= last)).all(axis=0)
        index.append(np.ravel_multi_index(tuple(np.clip(place, 0, last).astype(np.intp)), shape))
        weight.append(np.where(side == 1, share, 1 - share).prod(axis=0) * inside)
    return np.stack(index), np.stack(weight).astype(np.float32)


def outline(mask: Mask) -> Mask:
    """Return pixels outside a mask that touch it by a side."""
    near = np.zeros_like(mask)
    near[1:] |= mask[:-1]
    near[:-1] |= mask[1:]
    near[:, 1:] |= mask[:, :-1]
    near[:, :-1] |= mask[:, 1:]
    return near & ~mask
