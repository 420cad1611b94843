"""Time of a dynamic scan: frames, integrals of frame means, and a curve that keeps every frame mean."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.curves import Floats, Frames

STEP, FEWEST = 0.25, 6
"""Minutes of a step of the fine grid at most, and steps of a frame at least."""


class Integrals(NamedTuple):
    """Integrals of curves from injection to the middle and to the end of each frame, (frames, n) each."""

    middle: Floats
    end: Floats


def integrals(frames: Frames, curves: Floats) -> Integrals:
    """Return the integrals of frame means: exact to the end of a frame; half of the frame's own to its middle.

    Over a gap between frames the curve is taken as straight. Before the first frame there is nothing, unless it starts
    late: then the curve is taken to rise straight from injection on.

    Parameters
    ----------
    curves : (frames, n)
        Frame means.
    """
    before = np.concatenate([np.zeros((1, curves.shape[1])), curves[:-1]])
    own = curves * frames.duration[:, None]
    over_gaps = (before + curves) / 2 * frames.gap[:, None]
    end = np.cumsum(own + over_gaps, axis=0)
    return Integrals(end - own / 2, end)


class FineCurve(NamedTuple):
    """A curve that is straight between the points of a fine grid, and where on it frames begin and end.

    `times` (points,) min, `values` (points,), `first` and `last` (frames,) int.
    """

    times: Floats
    values: Floats
    first: NDArray[np.intp]
    last: NDArray[np.intp]


def fine_curve(frames: Frames, curve: Floats) -> FineCurve:
    """Return a curve whose mean over each frame is the one that was measured.

    It is the derivative of a monotone cubic (PCHIP; Fritsch & Carlson 1980, doi:10.1137/0717021) through the integral
    at the ends of frames: straight lines through the middles would lose part of the peak.

    Parameters
    ----------
    curve : (frames,)
        Frame means.
    """
    from scipy.interpolate import PchipInterpolator

    edges = np.unique(np.concatenate([[0.0], frames.start, frames.end]))
    # Starts and ends that are one but for rounding are one edge.
    edges = edges[np.concatenate([[True], np.diff(edges) > 1e-9])]
    to_end = integrals(frames, curve[:, None]).end[:, 0]
    known = np.concatenate([[0.0], to_end])
    times = np.concatenate([[0.0], frames.end])
    if frames.start[0] > 1e-9:
        times, known = np.insert(times, 1, frames.start[0]), np.insert(known, 1, curve[0] * frames.gap[0] / 2)
    rate = PchipInterpolator(times, known).derivative()
    counts = np.maximum(np.ceil(np.diff(edges) / STEP).astype(int), FEWEST)
    parts = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)]
    grid = np.concatenate([*parts, edges[-1:]])
    first, last = (np.searchsorted(grid, at - 1e-9) for at in (frames.start, frames.end))
    return FineCurve(grid, np.asarray(rate(grid)), first, last)


def convolved(curve: FineCurve, rates: Floats) -> Floats:
    """Return the frame means of a curve convolved with exp(-k t), exactly for a curve of straight parts.

    y' = c - k y goes from point to point in closed form, and the integral of y over a frame is that of c less what y
    gained, over k: no step is too long and nothing is summed up numerically.

    Parameters
    ----------
    rates : (n,)
        k a minute, above 0.

    Returns
    -------
    (frames, n)
    """
    steps, c = np.diff(curve.times), curve.values
    y = np.empty((len(curve.times), len(rates)))
    y[0] = 0.0
    for i, step in enumerate(steps):
        decay = np.exp(-rates * step)
        flat = (1 - decay) / rates
        slope = (c[i + 1] - c[i]) / step
        y[i + 1] = y[i] * decay + c[i] * flat + slope * (step - flat) / rates
    sums = np.concatenate([[0.0], np.cumsum(steps * (c[1:] + c[:-1]) / 2)])
    lasts = (curve.times[curve.last] - curve.times[curve.first])[:, None]
    inflow = (sums[curve.last] - sums[curve.first])[:, None]
    return np.asarray((inflow - (y[curve.last] - y[curve.first])) / rates / lasts)


def left_of_decay(frames: Frames, half_life: float) -> Floats:
    """Return the share of activity that is left on average in each frame, (frames,), of a half-life in minutes."""
    rate = np.log(2) / half_life
    return np.asarray((np.exp(-rate * frames.start) - np.exp(-rate * frames.end)) / (rate * frames.duration))
