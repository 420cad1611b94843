"""Breathing from a belt or an airflow: its rate, how regular it is, and how deep."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.signals.periodogram import density
from bids_app.signals.segments import windows

Floats = NDArray[np.float64]

PASS = (0.05, 0.7)
"""Hz that breathing is looked for in."""

PROMINENCE = 0.5
"""Standard deviations that a breath rises above its surroundings."""


WINDOW = 60.0
"""Seconds of a window of the spectrum."""


class BreathingSpectrum(NamedTuple):
    """Power density, (bins,) squared units of the column a Hz, at frequencies, (bins,) Hz."""

    frequencies: Floats
    density: Floats


def breathing_spectrum(signal: Floats, rate: float) -> BreathingSpectrum:
    """Return the spectrum of a breathing signal, (samples,) at `rate` samples a second, below 1 Hz (Welch, 60 s)."""
    length = min(round(WINDOW * rate), len(signal))
    width = rate / length
    bins = slice(1, int(min(1.0, rate / 2) / width) + 1)
    found = density(signal[None], windows(len(signal), length, length // 2), length, rate, bins)
    return BreathingSpectrum(np.arange(bins.start, bins.stop, dtype=np.float64) * width, found[0])


class Breathing(NamedTuple):
    """Breaths a minute, their SD from breath to breath, median depth in units of the column, and times of peaks (s)."""

    rate: float
    rate_sd: float
    depth: float
    peaks: Floats


def breathing(signal: Floats, rate: float) -> Breathing:
    """Return what a breathing signal says, (samples,) at `rate` samples a second."""
    sections = scipy.signal.butter(2, PASS, "bandpass", fs=rate, output="sos")
    clean = scipy.signal.sosfiltfilt(sections, signal - np.mean(signal))
    peaks, found = scipy.signal.find_peaks(clean, prominence=PROMINENCE * clean.std())
    if len(peaks) < 3:
        return Breathing(np.nan, np.nan, np.nan, peaks / rate)
    each = 60 * rate / np.diff(peaks)
    spans = (peaks[-1] - peaks[0]) / rate
    depth = float(np.median(found["prominences"]))
    return Breathing(float(60 * (len(peaks) - 1) / spans), float(each.std(ddof=1)), depth, peaks / rate)
