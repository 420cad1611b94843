"""What follows an event: the mean of the signal, and how the power of a band changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.signals.segments import within_parts
from bids_app.vocabulary.grid import Mask

Floats = NDArray[np.float64]
Samples = NDArray[np.intp]

WINDOW, STEP = 0.5, 0.1
"""Seconds of a window of power, and from one to the next."""


def around(
    samples: Samples, first: int, last: int, bad: Mask, cuts: Sequence[int] = ()
) -> tuple[Samples, Samples]:  # fmt: skip
    """Return the samples around each event that lie in one part of the recording and touch nothing bad.

    Parameters
    ----------
    samples : (events,) int
    first, last : int
        Samples from the event, both included.
    bad : (samples,) bool
    cuts : sequence of int
        First samples of further parts.

    Returns
    -------
    places : (kept events, last - first + 1) int
    kept : (kept events,) int
        Numbers of the events.
    """
    inside = np.flatnonzero((samples + first >= 0) & (samples + last < len(bad)))
    places = samples[inside, None] + np.arange(first, last + 1)
    clean = within_parts(samples[inside] + first, last - first + 1, cuts)
    clean &= ~bad[places].any(axis=1) if len(places) else True
    return places[clean], inside[clean]


def cut(data: Floats, places: Samples, baseline: slice, largest: float = 0.0) -> tuple[Floats, Mask]:
    """Return epochs less their baseline, without those of a larger range than may be.

    Parameters
    ----------
    data : (channels, samples) µV
    places : (events, length)
    baseline : slice
        Of the samples of an epoch.
    largest : float
        Peak to peak in any channel; 0 is no limit.

    Returns
    -------
    epochs : (kept events, channels, length)
    kept : (events,) bool
    """
    epochs = data[:, places].transpose(1, 0, 2)
    kept = np.ones(len(epochs), dtype=bool) if not largest else np.ptp(epochs, axis=2).max(axis=1) <= largest
    epochs = epochs[kept]
    return epochs - epochs[:, :, baseline].mean(axis=2, keepdims=True), kept


class Amplitude(NamedTuple):
    """Mean amplitude of a window in each channel, (channels,), its SD over epochs, and its standard error."""

    mean: Floats
    sd: Floats
    error: Floats


def amplitude(epochs: Floats, window: slice) -> Amplitude:
    """Return the mean amplitude of a window of (events, channels, length) epochs; never that of a peak.

    The standardised measurement error is that of Luck and colleagues 2021 (doi:10.1111/psyp.13793).
    """
    each = epochs[:, :, window].mean(axis=2)
    sd = each.std(axis=0, ddof=1) if len(each) > 1 else np.full(each.shape[1], np.nan)
    return Amplitude(each.mean(axis=0), sd, sd / np.sqrt(len(each)))


def band_course(epochs: Floats, rate: float, band: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return the power of a band in short windows, mean over epochs.

    Parameters
    ----------
    epochs : (events, channels, length)
    band : (low, high)
        Hz, from the lower end to just below the upper.

    Returns
    -------
    power : (channels, windows)
    centres : (windows,) s
        From the first sample of an epoch.
    """
    length, step = round(WINDOW * rate), max(round(STEP * rate), 1)
    starts = np.arange(0, epochs.shape[2] - length + 1, step)
    hann = np.hanning(length + 1)[:-1]
    frequencies = np.arange(length // 2 + 1) * rate / length
    inside = (frequencies >= band[0]) & (frequencies < band[1])
    found = np.empty((epochs.shape[1], len(starts)))
    for i, start in enumerate(starts):
        part = epochs[:, :, start : start + length]
        spectra = scipy.fft.rfft((part - part.mean(axis=2, keepdims=True)) * hann, axis=2)[:, :, inside]
        found[:, i] = (np.abs(spectra) ** 2).sum(axis=2).mean(axis=0)
    return found * 2 / (length * (hann**2).sum()), (starts + (length - 1) / 2) / rate
