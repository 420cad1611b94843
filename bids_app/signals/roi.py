"""Regions of interest on a voxel lattice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.signals import Region, Signals


def sphere(grid: Grid, centre: tuple[float, float, float], radius: float) -> NDArray[np.intp]:
    """Return lattice indices (n, 3) of voxels whose centre lies within `radius` mm of `centre`.

    The lattice is taken as endless, so that voxels outside the field of view are counted as missing and
    not forgotten. A sphere that holds no voxel centre takes the nearest voxel.
    """
    middle = np.linalg.solve(grid.affine, np.array([*centre, 1.0]))[:3]
    reach = int(np.ceil(radius / grid.voxel_sizes.min())) + 1
    steps = np.arange(-reach, reach + 1)
    box = np.round(middle).astype(np.intp) + np.array(np.meshgrid(steps, steps, steps)).reshape(3, -1).T
    places = box @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    distance = np.linalg.norm(places - np.array(centre), axis=1)
    # The tolerance keeps a centre that lies on the surface in, whatever the rounding of the affine.
    inside = distance <= radius + 1e-6
    return box[inside] if inside.any() else box[[int(distance.argmin())]]


def columns_of(grid: Grid, indices: NDArray[np.intp], usable: Mask) -> NDArray[np.intp]:
    """Return places among the usable voxels (C order) of those lattice indices that are usable.

    Parameters
    ----------
    indices : (n, 3)
        They may lie outside the lattice.
    usable : (x, y, z) bool
    """
    within = ((indices >= 0) & (indices < np.array(grid.shape))).all(axis=1)
    flat = np.ravel_multi_index(tuple(indices[within].T), grid.shape)
    flat = np.sort(flat[usable.ravel()[flat]])
    order: NDArray[np.intp] = np.cumsum(usable.ravel())[flat] - 1
    return order


def mean_series(signals: Signals, regions: Sequence[Region]) -> NDArray[np.float64]:
    """Return the coordinates of the regions' mean series, (rows, regions); NaN for a region without a voxel.

    From unsmoothed coordinates: smoothing first would carry neighbours such as CSF into a region.
    """
    columns = [
        signals.coordinates[:, r.columns] @ r.weights if len(r.columns) else np.full(len(signals.coordinates), np.nan)
        for r in regions
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def eigenvariate(coordinates: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the coordinates of the first eigenvariate of a region's series, (rows,), scaled and signed as SPM does.

    Parameters
    ----------
    coordinates : (rows, voxels)
        With respect to an orthonormal basis, so that their singular vectors are those of the series.
    """
    left, singular, right = np.linalg.svd(coordinates.astype(np.float64), full_matrices=False)
    sign = np.sign(right[0].sum()) or 1.0
    return np.asarray(sign * left[:, 0] * singular[0] / np.sqrt(coordinates.shape[1]))


def table_of_series(
    signals: Signals, regions: Sequence[Region], coordinates: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return the series of regions by name, (frames,) each; censored frames are NaN."""
    series = signals.basis @ coordinates
    columns = {}
    for region, values in zip(regions, series.T, strict=True):
        column = np.full(len(signals.kept), np.nan)
        column[signals.kept] = values
        columns[region.name] = column
    return columns


def about_regions(regions: Sequence[Region]) -> dict[str, Mapping[str, object]]:
    """Return what sidecars say of regions, by name."""
    return {
        f"{r.network}.{r.name}".lstrip("."): {
            **r.definition, "Voxels": len(r.columns), "VoxelsExpected": r.expected, "Coverage": r.coverage
        }
        for r in regions
    }  # fmt: skip
