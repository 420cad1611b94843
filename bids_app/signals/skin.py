"""Skin conductance: its level, and responses that rise out of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TONIC = 0.05
"""Hz below which conductance is a level."""

SMALLEST = 0.05
"""µS that a response rises at least."""


class SkinConductance(NamedTuple):
    """Mean level (µS), responses a minute, their mean amplitude (µS), and their times (s)."""

    level: float
    per_minute: float
    amplitude: float
    responses: Floats


def skin_conductance(signal: Floats, rate: float) -> SkinConductance:
    """Return level and responses of a signal in µS, (samples,) at `rate` samples a second.

    The amplitude of a response is its prominence in the signal as it is: a filter would make it smaller.
    """
    tonic = scipy.signal.sosfiltfilt(scipy.signal.butter(2, TONIC, "lowpass", fs=rate, output="sos"), signal)
    peaks, found = scipy.signal.find_peaks(signal, prominence=SMALLEST)
    minutes = len(signal) / rate / 60
    amplitude = float(found["prominences"].mean()) if len(peaks) else np.nan
    return SkinConductance(float(tonic.mean()), len(peaks) / minutes, amplitude, peaks / rate)
