"""Power spectral density by averaged windows, and power of bands.

Welch 1967 (doi:10.1109/TAU.1967.1161901); the same numbers as `scipy.signal.welch` with a periodic Hann window and the
mean of each window taken out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import scipy
from numpy.typing import NDArray

from bids_app.signals.segments import Samples

Floats = NDArray[np.float64]

BLOCK = 16
"""Channels whose windows are held at once."""


def density(data: Floats, starts: Samples, length: int, rate: float, bins: slice) -> Floats:
    """Return the mean one-sided power spectral density over windows.

    Parameters
    ----------
    data : (channels, samples)
    starts : (windows,) int
        First sample of each window.
    length : int
        Samples of a window.
    rate : float
        Samples a second.
    bins : slice
        Which frequencies are returned, of k * rate / length.

    Returns
    -------
    (channels, bins) in squared units of the data a Hz
    """
    window = np.hanning(length + 1)[:-1]
    places = starts[:, None] + np.arange(length)
    found = np.empty((len(data), len(range(length // 2 + 1)[bins])))
    for first in range(0, len(data), BLOCK):
        block = data[first : first + BLOCK][:, places]
        block -= block.mean(axis=2, keepdims=True)
        block *= window
        spectra = scipy.fft.rfft(block, axis=2, overwrite_x=True)[:, :, bins]
        found[first : first + BLOCK] = (spectra.real**2 + spectra.imag**2).mean(axis=1)
    # Both halves of the spectrum in one, but for frequency 0 and half the sampling rate, which occur once.
    single = np.isin(np.arange(length // 2 + 1)[bins], [0, length / 2])
    return np.asarray(found * np.where(single, 1.0, 2.0) / (rate * (window**2).sum()))


def band_power(spectra: Floats, frequencies: Floats, bands: Mapping[str, tuple[float, float]]) -> dict[str, Floats]:
    """Return the power of bands, each from its lower end to just below its upper one, so that parts add to the whole.

    Parameters
    ----------
    spectra : (..., bins)
        Densities at equally spaced frequencies.
    frequencies : (bins,) Hz
    bands : mapping of (low, high)
        Hz.

    Returns
    -------
    dict of (...)
        In squared units.
    """
    width = frequencies[1] - frequencies[0]
    return {
        name: np.asarray(spectra[..., (frequencies >= low) & (frequencies < high)].sum(axis=-1) * width)
        for name, (low, high) in bands.items()
    }
