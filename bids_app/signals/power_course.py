"""The power of a band over a recording, and what the BOLD signal would be if it followed that power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.signals.segments import untouched, within_parts
from bids_app.vocabulary.grid import Mask

Floats = NDArray[np.float64]

WINDOW, STEP = 2.0, 0.25
"""Seconds of a window of power, and from one to the next."""

GRID = 0.125
"""Seconds between the points that power is convolved on."""

BLOCK = 256
"""Windows whose spectra are held at once."""


class PowerCourse(NamedTuple):
    """Power of a band in each window, (windows,) squared units, where its middle lies (s), and whether it is clean."""

    times: Floats
    power: Floats
    clean: Mask


def power_course(
    data: Floats, rate: float, band: tuple[float, float], bad: Mask, cuts: Sequence[int] = ()
) -> PowerCourse:  # fmt: skip
    """Return the power of a band in windows of two seconds, mean over channels.

    Parameters
    ----------
    data : (channels, samples)
    rate : float
        Samples a second.
    band : (low, high)
        Hz, from the lower end to just below the upper.
    bad : (samples,) bool
    cuts : sequence of int
        First samples of further parts; a window that crosses one is not clean.
    """
    length, step = round(WINDOW * rate), round(STEP * rate)
    starts = np.arange(0, data.shape[1] - length + 1, step)
    hann = np.hanning(length + 1)[:-1]
    frequencies = np.arange(length // 2 + 1) * rate / length
    inside = (frequencies >= band[0]) & (frequencies < band[1])
    power = np.empty(len(starts))
    for first in range(0, len(starts), BLOCK):
        own = starts[first : first + BLOCK]
        parts = data[:, own[:, None] + np.arange(length)]
        spectra = scipy.fft.rfft((parts - parts.mean(axis=2, keepdims=True)) * hann, axis=2)[:, :, inside]
        power[first : first + BLOCK] = (spectra.real**2 + spectra.imag**2).sum(axis=2).mean(axis=0)
    clean = untouched(starts, length, bad) & within_parts(starts, length, cuts)
    # One-sided density times the width of a bin: 2 / (rate sum w^2) * rate / length.
    return PowerCourse((starts + length / 2) / rate, power * 2 / (length * (hann**2).sum()), clean)


class Standardised(NamedTuple):
    """Standardised log power, (windows,), and the share of windows within a time range that was filled."""

    values: Floats
    filled: float


def standardised(course: PowerCourse, first: float, last: float) -> Standardised:
    """Return z of the log10 power by mean and SD of the clean windows between two times; others are filled linearly.

    Raises
    ------
    ValueError
        If fewer than two windows are clean, or all are alike.
    """
    within = (course.times >= first) & (course.times <= last)
    known = course.clean & (course.power > 0)
    logs = np.log10(course.power[known])
    own = np.log10(course.power[known & within])
    if len(own) < 2 or np.ptp(own) == 0:
        raise ValueError(f"{len(own)} windows of power are clean")
    values = np.interp(course.times, course.times[known], (logs - own.mean()) / own.std())
    return Standardised(values, float((~known[within]).mean()))


def expected_bold(times: Floats, values: Floats, response: Floats, at: Floats) -> Floats:
    """Return values convolved with a response to an event, at given times, (n,).

    Parameters
    ----------
    times, values : (windows,)
        Before the first and after the last the value is held.
    response : (points,)
        At steps of `GRID` from the event on.
    at : (n,) s
    """
    grid = np.arange(0.0, max(float(at.max()), float(times[-1])) + GRID, GRID)
    fine = np.interp(grid, times, values)
    return np.asarray(np.interp(at, grid, scipy.signal.fftconvolve(fine, response)[: len(grid)]))
