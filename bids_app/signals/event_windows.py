"""A slow signal before, during and after an event, such as needling: means, and areas against the level before."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Window(NamedTuple):
    """Mean of a window, and area of the signal above the level before it, in units and in units times seconds."""

    mean: float
    area: float


def windowed(
    signal: Floats, rate: float, edges: tuple[float, float], *, drift: bool = False
) -> dict[str, Window]:  # fmt: skip
    """Return what a signal does before, during and after an event.

    Parameters
    ----------
    signal : (samples,)
        NaN where it is missing.
    rate : float
        Samples a second.
    edges : (first, last)
        Seconds from the first sample that the event begins and ends at.
    drift : bool
        Whether the level before is a straight line that goes on, instead of a constant.

    Returns
    -------
    dict
        Windows `before`, `during` and `after`; NaN where one has no sample.
    """
    times = np.arange(len(signal)) / rate
    parts = {"before": times < edges[0], "during": (times >= edges[0]) & (times < edges[1]), "after": times >= edges[1]}
    known = parts["before"] & np.isfinite(signal)
    nothing = np.full(len(signal), np.nan)
    if not known.any():
        level = nothing
    elif drift and known.sum() > 2:
        level = np.polyval(np.polyfit(times[known], signal[known], 1), times)
    else:
        level = np.full(len(signal), signal[known].mean())
    found = {}
    for name, inside in parts.items():
        own = inside & np.isfinite(signal)
        above = (signal - level)[own]
        # Where samples are missing the mean of the others stands for them.
        area = float(above.mean() * inside.sum() / rate) if own.any() else np.nan
        found[name] = Window(float(signal[own].mean()) if own.any() else np.nan, area)
    return found
