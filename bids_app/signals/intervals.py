"""Heart rate variability from the times of beats.

Task Force 1996 (doi:10.1161/01.CIR.93.5.1043), Quigley and colleagues 2024 (doi:10.1111/psyp.14604). Intervals that are
no normal beats are left out and never filled: a filled one would be less variable than the heart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.signals.periodogram import band_power, density
from bids_app.signals.segments import windows
from bids_app.vocabulary.grid import Mask

Floats = NDArray[np.float64]

NEIGHBOURS, SPAN = 5, 91
"""Intervals on each side that one is held against, and those over which it is judged how far is far."""

FARTHEST, QUARTILES = 0.10, 4.0
"""Share of the median of its neighbours, and quartile deviations, that an interval must exceed to be left out."""

BANDS = {"lf": (0.04, 0.15), "hf": (0.15, 0.40)}
"""Hz."""

RATE, WINDOW = 4.0, 120.0
"""Samples a second of the spline through the intervals, and seconds of a window of its spectrum."""


def normal(intervals: Floats) -> Mask:
    """Tell which intervals are of normal beats.

    One is not if it is farther from the median of its neighbours than a tenth of it, and than is usual around it: a
    fixed share would take strong respiratory arrhythmia for ectopic beats.

    Parameters
    ----------
    intervals : (n,) ms

    Returns
    -------
    (n,) bool
    """
    count = len(intervals)
    middle, usual = np.empty(count), np.empty(count)
    for i in range(count):
        first, last = max(0, i - NEIGHBOURS), min(count, i + NEIGHBOURS + 1)
        middle[i] = np.median(np.delete(intervals[first:last], i - first)) if last - first > 1 else intervals[i]
    apart = intervals - middle
    for i in range(count):
        low, high = np.percentile(apart[max(0, i - SPAN // 2) : i + SPAN // 2 + 1], [25, 75])
        usual[i] = (high - low) / 2
    return np.asarray((np.abs(apart) <= FARTHEST * middle) | (np.abs(apart) <= QUARTILES * usual))


@dataclass(frozen=True, kw_only=True)
class HeartVariability:
    """Heart rate variability of one recording.

    Attributes
    ----------
    rate : float
        Beats a minute.
    sdnn, rmssd : float
        ms.
    pnn50 : float
        Percent of pairs of neighbouring intervals that differ by more than 50 ms.
    left_out : float
        Share of intervals that are no normal beats.
    seconds : float
        Sum of the intervals that are kept.
    """

    rate: float
    sdnn: float
    rmssd: float
    pnn50: float
    left_out: float
    seconds: float


def variability(intervals: Floats, kept: Mask) -> HeartVariability:
    """Return values in time; differences are those of intervals that follow one another and are both kept.

    Parameters
    ----------
    intervals : (n,) ms
    kept : (n,) bool
    """
    own = intervals[kept]
    steps = np.diff(intervals)[kept[1:] & kept[:-1]]
    known = len(own) > 1 and len(steps) > 0
    return HeartVariability(
        rate=float(60_000 / own.mean()) if len(own) else np.nan,
        sdnn=float(own.std(ddof=1)) if known else np.nan,
        rmssd=float(np.sqrt((steps**2).mean())) if known else np.nan,
        pnn50=float(100 * (np.abs(steps) > 50).mean()) if known else np.nan,
        left_out=float(1 - kept.mean()) if len(kept) else np.nan,
        seconds=float(own.sum() / 1000),
    )


@dataclass(frozen=True, kw_only=True)
class HeartBands:
    """Power of slow and fast variability (ms²), and the frequency of the highest fast peak (Hz)."""

    lf: float
    hf: float
    hf_peak: float


def bands(times: Floats, intervals: Floats, kept: Mask) -> HeartBands:
    """Return the power of bands by Welch's method on a spline through the kept intervals.

    Parameters
    ----------
    times : (n,) s
        When each interval ends.
    intervals : (n,) ms
    kept : (n,) bool
    """
    at, values = times[kept], intervals[kept]
    length = round(WINDOW * RATE)
    if len(at) < 4 or at[-1] - at[0] < WINDOW:
        return HeartBands(lf=np.nan, hf=np.nan, hf_peak=np.nan)
    grid = np.arange(at[0], at[-1], 1 / RATE)
    smooth = scipy.interpolate.CubicSpline(at, values)(grid)
    starts = windows(len(grid), length, length // 2)
    parts = np.concatenate([scipy.signal.detrend(smooth[start : start + length]) for start in starts])
    frequencies = np.arange(length // 2 + 1) * RATE / length
    spectrum = density(parts[None], np.arange(len(starts)) * length, length, RATE, slice(None))
    power = band_power(spectrum, frequencies, BANDS)
    inside = np.flatnonzero((frequencies >= BANDS["hf"][0]) & (frequencies < BANDS["hf"][1]))
    peak = float(frequencies[inside[spectrum[0, inside].argmax()]])
    return HeartBands(lf=float(power["lf"][0]), hf=float(power["hf"][0]), hf_peak=peak)
