"""Dual regression: the course of each network of a template, and then its map in one run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NetworkMaps:
    """Maps of the networks of a run.

    Attributes
    ----------
    courses : (n, networks)
        Coordinates of the time courses, each of variance 1.
    effect, variance : (networks, voxels)
        Slope of each voxel on each course, the others given, and its variance, of white noise.
    df : int
        Degrees of freedom of the variance.
    """

    courses: Floats
    effect: Floats
    variance: Floats
    df: int


def condition(maps: Floats) -> float:
    """Return the condition number of the correlations between maps, (voxels, networks): large where two are alike.

    It is infinite where one map is the same everywhere, or the others make it up.
    """
    centred = maps - maps.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    if not (length > 0).all():
        return float("inf")
    values = np.linalg.eigvalsh((centred / length).T @ (centred / length))
    return float(values[-1] / values[0]) if values[0] > 1e-12 else float("inf")


def courses_of(coordinates: NDArray[np.float32], maps: Floats) -> Floats:
    """Return coordinates of the course of each network, (n, networks): maps fitted to every volume, all together.

    Volumes and maps are centred over space, which for coordinates, being linear in the volumes, means each row.

    Parameters
    ----------
    coordinates : (n, voxels)
    maps : (voxels, networks)
    """
    centred = maps - maps.mean(axis=0)
    inverse = np.linalg.pinv(centred)
    # Rows of the inverse sum to zero over voxels, so the volumes need no centring of their own.
    return np.asarray(coordinates @ inverse.T, dtype=np.float64)


def dual_regression(
    coordinates: NDArray[np.float32], targets: NDArray[np.float32], maps: Floats, frames: int
) -> NetworkMaps:
    """Return courses and maps of networks in one run.

    Parameters
    ----------
    coordinates : (n, voxels)
        Series in an orthonormal basis that is orthogonal to the constant.
    targets : (n, voxels)
        Those that maps are made from: the same, or smoothed.
    maps : (voxels, networks)
        Template maps on the voxels of the run.
    frames : int
        Frames that the variance of a course is over.
    """
    courses = courses_of(coordinates, maps)
    courses /= np.sqrt((courses**2).sum(axis=0) / frames)
    inverse = np.linalg.pinv(courses)
    effect = inverse @ targets
    df = len(courses) - courses.shape[1]
    residual = np.einsum("nv,nv->v", targets, targets, dtype=np.float64) - np.einsum(
        "kv,kv->v", effect, courses.T @ targets
    )
    variance = np.outer((inverse**2).sum(axis=1), np.maximum(residual, 0.0) / df)
    return NetworkMaps(courses=courses, effect=effect, variance=variance, df=df)
