"""Times of heart beats in an electrocardiogram or a pulse wave: where the signal is steepest, once a beat."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PASS = {"ecg": (5.0, 20.0), "ppg": (0.5, 8.0)}
"""Hz that a beat is looked for in."""

REFRACTORY = 0.3
"""Seconds between beats at least."""

_SHORT, _LONG = 0.1, 0.75
"""Seconds over which steepness is averaged, and over which what is usual."""

_LEAST = 0.4
"""Share of the usual length of a stretch, and of the usual height of beats around, that one of a beat has at least."""

_AROUND = 10
"""Beats on each side that say which height is usual."""


def beats(signal: Floats, rate: float, kind: str) -> Floats:
    """Return the times of beats.

    Steepness averaged over a tenth of a second is held against its mean over three quarters of one; a beat is the
    highest point of the filtered signal where it is larger.

    Parameters
    ----------
    signal : (samples,)
        In any unit; the beat points up.
    rate : float
        Samples a second.
    kind : {'ecg', 'ppg'}

    Returns
    -------
    (beats,) s
        Refined between samples by a parabola.
    """
    low, high = PASS[kind]
    sections = scipy.signal.butter(3, (low, min(high, 0.45 * rate)), "bandpass", fs=rate, output="sos")
    clean = scipy.signal.sosfiltfilt(sections, signal - np.median(signal))
    steep = np.abs(np.gradient(clean))
    short, long = (max(round(seconds * rate), 1) for seconds in (_SHORT, _LONG))
    above = scipy.ndimage.uniform_filter1d(steep, short) > scipy.ndimage.uniform_filter1d(steep, long)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], above.astype(np.int8), [0]])))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return np.empty(0)
    usual = np.median(stops - starts)
    peaks: list[int] = []
    for start, stop in zip(starts, stops, strict=True):
        if stop - start < _LEAST * usual:
            continue
        peak = int(start + clean[start:stop].argmax())
        if not peaks or peak - peaks[-1] >= REFRACTORY * rate:
            peaks.append(peak)
        elif clean[peak] > clean[peaks[-1]]:
            peaks[-1] = peak
    heights = clean[peaks]
    around = [float(np.median(heights[max(0, i - _AROUND) : i + _AROUND + 1])) for i in range(len(peaks))]
    tall = [peak for i, peak in enumerate(peaks) if heights[i] >= _LEAST * around[i]]
    return np.array([_between(clean, peak) for peak in tall]) / rate


def _between(signal: Floats, peak: int) -> float:
    """Return where the parabola through a sample and its neighbours is highest, in samples."""
    if not 0 < peak < len(signal) - 1:
        return float(peak)
    before, at, after = signal[peak - 1 : peak + 2]
    bend = before - 2 * at + after
    return float(peak + (0.5 * (before - after) / bend if bend else 0.0))
