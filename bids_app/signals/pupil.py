"""Pupil size: what is a blink is missing, with what surrounds it.

Kret & Sjak-Shie 2019 (doi:10.3758/s13428-018-1075-y).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask

Floats = NDArray[np.float64]

PADDING = 0.1
"""Seconds around a gap that are missing, too."""

OUTLIER = 16.0
"""Median absolute deviations above the median speed from which on a sample is no pupil."""

MOST_MISSING = 0.4
"""Share of missing samples from which on nothing is said."""


class Pupil(NamedTuple):
    """Mean size in units of the column, and share of samples that are missing."""

    mean: float
    missing: float


def seen(size: Floats, rate: float) -> Mask:
    """Tell which samples show the pupil: above 0, not faster than a pupil, not next to a gap; (samples,)."""
    known = np.isfinite(size) & (size > 0)
    speed = np.full(len(size), -np.inf)
    step = np.abs(np.diff(np.where(known, size, np.nan)))
    step = np.where(np.isfinite(step), step, -np.inf)
    speed[:-1], speed[1:] = np.maximum(speed[:-1], step), np.maximum(speed[1:], step)
    usual = speed[np.isfinite(speed)]
    if len(usual):
        middle = np.median(usual)
        known &= speed <= middle + OUTLIER * np.median(np.abs(usual - middle))
    near = round(PADDING * rate)
    gaps = np.convolve(~known, np.ones(2 * near + 1), "same") > 0
    return np.asarray(known & ~gaps)


def pupil(size: Floats, rate: float, most_missing: float = MOST_MISSING) -> Pupil:
    """Return the mean of what is seen, (samples,); NaN where more is missing than may be. Gaps are not filled."""
    kept = seen(size, rate)
    missing = float(1 - kept.mean())
    return Pupil(float(size[kept].mean()) if missing <= most_missing else np.nan, missing)
