"""Graphical analysis with reference tissue: Logan 1996 (doi:10.1097/00004647-199609000-00008)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bids_app.statistics.kinetics.frames import integrals
from bids_app.vocabulary.curves import Floats, Frames


class LoganEstimate(NamedTuple):
    """Binding potential of each curve, (n,), and the largest relative distance of its points from the line, (n,)."""

    bp: Floats
    farthest: Floats


def logan(
    frames: Frames, reference: Floats, targets: Floats, weights: Floats, first: float, k2prime: float | Floats | None
) -> LoganEstimate:
    """Fit the slope of the Logan plot of every curve.

    Parameters
    ----------
    reference : (frames,)
    targets : (frames, n)
    weights : (frames,)
    first : float
        t*: minutes from whose frames on (by their middles) the plot is straight; one for all curves.
    k2prime : float, (n,), or None
        Efflux of the reference (1/min); None leaves its term out.
    """
    late = frames.middle >= first
    y = integrals(frames, targets).middle[late]
    x = np.broadcast_to(integrals(frames, reference[:, None]).middle[late], y.shape)
    if k2prime is not None:
        x = x + reference[late, None] / np.atleast_1d(k2prime)
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = x / targets[late], y / targets[late]
    w = weights[late, None] / weights[late].sum()
    mean_x, mean_y = (w * x).sum(axis=0), (w * y).sum(axis=0)
    slope = (w * (x - mean_x) * (y - mean_y)).sum(axis=0) / (w * (x - mean_x) ** 2).sum(axis=0)
    line = mean_y + slope * (x - mean_x)
    return LoganEstimate(slope - 1, np.abs((y - line) / line).max(axis=0))
