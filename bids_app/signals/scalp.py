"""Geometry of electrodes on a head: who is next to whom, and what a bad channel would have shown."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask, Points

Floats = NDArray[np.float64]

FARTHEST = 2.0
"""Lengths of an edge between neighbours, in median lengths: longer ones cross the face or the neck."""

_TERMS, _ORDER, _RIDGE = 50, 4, 1e-5
"""Legendre terms, stiffness m, and regularisation of spherical splines."""


def on_sphere(positions: Points) -> Points:
    """Return directions from the centre of the sphere that fits electrodes best.

    Parameters
    ----------
    positions : (channels, 3) mm

    Returns
    -------
    (channels, 3) of length one
    """
    # |x|² = 2 c·x + (r² - |c|²) is linear in the centre c.
    system = np.column_stack([2 * positions, np.ones(len(positions))])
    centre = np.linalg.lstsq(system, (positions**2).sum(axis=1), rcond=None)[0][:3]
    apart = positions - centre
    return np.asarray(apart / np.linalg.norm(apart, axis=1, keepdims=True))


def flattened(positions: Points) -> Floats:
    """Return electrodes seen from above, distances from the top of the head kept (azimuthal equidistant).

    Returns
    -------
    (channels, 2), 1 a quarter of the way around the head; x to the right, y to the front
    """
    x, y, z = on_sphere(positions).T
    aside = np.hypot(x, y)
    angle = np.arctan2(aside, z) / (np.pi / 2)
    scale = np.divide(angle, aside, out=np.zeros_like(aside), where=aside > 0)
    return np.column_stack([x * scale, y * scale])


def neighbours(positions: Points, farthest: float = FARTHEST) -> tuple[tuple[int, int], ...]:
    """Return pairs of neighbouring electrodes: edges of Delaunay triangles on the flattened head, long ones left out.

    Parameters
    ----------
    positions : (channels, 3) mm
        Four or more, not on a line.
    farthest : float
        Median lengths that an edge may have.

    Returns
    -------
    tuple of (first, second)
        Numbers of channels, first < second, in order.
    """
    corners = scipy.spatial.Delaunay(flattened(positions)).simplices
    edges = np.unique(np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])), axis=0)
    lengths = np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1)
    kept = edges[lengths <= farthest * np.median(lengths)]
    return tuple((int(first), int(second)) for first, second in kept)


def interpolation(positions: Points, good: Mask) -> Floats:
    """Return the weights that give bad channels from good ones by spherical splines.

    Perrin and colleagues 1989 (doi:10.1016/0013-4694(89)90180-6).

    Parameters
    ----------
    positions : (channels, 3) mm
    good : (channels,) bool

    Returns
    -------
    (bad channels, good channels)
    """
    sphere = on_sphere(positions)
    return spline_weights(sphere[good], sphere[~good])


def spline_weights(known: Points, wanted: Points) -> Floats:
    """Return the weights that give values at some directions from those at others by spherical splines.

    Parameters
    ----------
    known, wanted : (n, 3), (m, 3)
        Directions of length one.

    Returns
    -------
    (m, n)
    """
    n = len(known)
    inside = _spline(known @ known.T) + _RIDGE * np.eye(n)
    system = np.block([[inside, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    across = np.column_stack([_spline(wanted @ known.T), np.ones(len(wanted))])
    return np.asarray((across @ np.linalg.pinv(system))[:, :n])


def from_above(places: Floats) -> Points:
    """Return the directions that `flattened` shows at some places, (n, 2) to (n, 3)."""
    angle = np.linalg.norm(places, axis=1) * (np.pi / 2)
    scale = np.divide(np.sin(angle), angle / (np.pi / 2), out=np.zeros_like(angle), where=angle > 0)
    return np.column_stack([places * scale[:, None], np.cos(angle)])


def _spline(cosines: Floats) -> Floats:
    """Return g(x) = 1/4π Σ (2n + 1) / (n (n + 1))^m P_n(x)."""
    n = np.arange(1, _TERMS + 1, dtype=np.float64)
    weights = np.concatenate([[0.0], (2 * n + 1) / (n * (n + 1)) ** _ORDER / (4 * np.pi)])
    return np.asarray(np.polynomial.legendre.legval(np.clip(cosines, -1, 1), weights))
