"""How alike two series are at each time and period: wavelet transform coherence.

Morlet wavelets as in Torrence & Compo 1998 (doi:10.1175/1520-0477(1998)079<0061:APGTWA>2.0.CO;2), smoothed in time and
period as in Torrence & Webster 1999 and Grinsted 2004 (doi:10.5194/npg-11-561-2004). Implementations differ in how they
smooth, and so in their level where nothing is shared: no published threshold holds here, pairings are permuted instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

OMEGA = 6.0
"""Oscillations of the wavelet, in radians."""

FOURIER = 4 * np.pi / (OMEGA + np.sqrt(2 + OMEGA**2))
"""Periods of a Fourier analysis in a scale of the wavelet."""

VOICES = 12
"""Scales in an octave."""

SMOOTHED = 0.6
"""Octaves over which scales are averaged: the decorrelation length of the Morlet wavelet."""

BESIDE = 0.5
"""Octaves on both sides of a band, which its smoothing needs."""


class BandWavelet:
    """The wavelet transform of series of one length, at the periods of a band.

    Parameters
    ----------
    samples : int
    rate : float
        Samples a second.
    band : (float, float)
        Shortest and longest period, s.

    Raises
    ------
    ValueError
        If no time is far enough from both ends for any period of the band.
    """

    def __init__(self, samples: int, rate: float, band: tuple[float, float]) -> None:
        self.samples, self.rate = samples, rate
        low, high = (np.log2(period / FOURIER) for period in band)
        first, last = np.floor((low - BESIDE) * VOICES), np.ceil((high + BESIDE) * VOICES)
        self.scales = 2.0 ** (np.arange(first, last + 1) / VOICES)
        self.periods = FOURIER * self.scales
        self._length = scipy.fft.next_fast_len(2 * samples)
        self._frequencies = 2 * np.pi * scipy.fft.fftfreq(self._length, 1 / rate)
        inside = (self.periods >= band[0] * (1 - 1e-9)) & (self.periods <= band[1] * (1 + 1e-9))
        seconds = (np.arange(samples) + 0.5) / rate
        edge = np.minimum(seconds, samples / rate - seconds)
        # The influence of an end falls by e^-2 within √2 scales.
        self.counted = inside[:, None] & (edge > np.sqrt(2) * self.scales[:, None])
        if not self.counted.any():
            raise ValueError(
                f"{samples / rate:.0f} s are too short for periods of {band[0]:g} to {band[1]:g} s: every time is "
                "within reach of an end."
            )

    @cached_property
    def _filters(self) -> Floats:
        w = self._frequencies
        norm = np.sqrt(2 * np.pi * self.scales * self.rate) * np.pi**-0.25
        return np.asarray(norm[:, None] * np.exp(-0.5 * (self.scales[:, None] * w - OMEGA) ** 2) * (w > 0))

    def transform(self, series: Floats) -> Complex:
        """Return the transform of a series, (samples,), of unit variance: (periods, samples)."""
        centred = (series - series.mean()) / series.std()
        spectrum = scipy.fft.fft(centred, self._length)
        return np.asarray(scipy.fft.ifft(spectrum * self._filters, axis=1)[:, : self.samples])

    @cached_property
    def _kernels(self) -> Floats:
        """Gaussians in time, one a scale, as filters of the spectrum."""
        return np.asarray(np.exp(-0.5 * (self.scales[:, None] * self._frequencies) ** 2))

    def smoothed(self, values: NDArray[np.complexfloating] | Floats) -> Complex:
        """Return values, (periods, samples), averaged in time (a Gaussian of one scale) and over scales nearby."""
        spectrum = scipy.fft.fft(values, self._length, axis=1)
        in_time = scipy.fft.ifft(spectrum * self._kernels, axis=1)[:, : self.samples]
        width = SMOOTHED * VOICES
        beside = int(np.ceil((width - 1) / 2))
        box = np.ones(2 * beside + 1)
        box[[0, -1]] = (width - (2 * beside - 1)) / 2  # what of the width falls on the outermost scales
        found = scipy.ndimage.convolve1d(in_time.real, box / box.sum(), axis=0, mode="nearest")
        return found + 1j * scipy.ndimage.convolve1d(in_time.imag, box / box.sum(), axis=0, mode="nearest")


@dataclass(frozen=True, eq=False)
class Transformed:
    """A series with what of it does not depend on its partner."""

    wavelet: BandWavelet
    values: Complex
    power: Floats


def transformed(wavelet: BandWavelet, series: Floats) -> Transformed:
    """Return the transform of a series, (samples,), with its smoothed power."""
    values = wavelet.transform(series)
    by_scale = 1 / wavelet.scales[:, None]
    return Transformed(wavelet, values, wavelet.smoothed(by_scale * np.abs(values) ** 2).real)


@dataclass(frozen=True, kw_only=True)
class Coherence:
    """Mean coherence in the band, 0 to 1, and the mean phase, radians: above 0 where the first series leads."""

    level: float
    phase: float


def coherence(one: Transformed, other: Transformed, during: NDArray[np.bool_] | None = None) -> Coherence:
    """Return how alike two series are in the band, over all times that no end reaches.

    Parameters
    ----------
    during : (samples,) bool, optional
        Times that count; NaN is returned where no end leaves any of them.
    """
    wavelet = one.wavelet
    cross = wavelet.smoothed(one.values * other.values.conj() / wavelet.scales[:, None])
    level = np.abs(cross) ** 2 / np.maximum(one.power * other.power, 1e-300)
    counted = wavelet.counted if during is None else wavelet.counted & during
    if not counted.any():
        return Coherence(level=float("nan"), phase=float("nan"))
    unit = cross[counted] / np.maximum(np.abs(cross[counted]), 1e-300)
    return Coherence(level=float(level[counted].mean()), phase=float(np.angle(unit.mean())))


def cleaned(series: Floats, nuisance: Floats, rate: float, wanted: float) -> tuple[Floats, float]:
    """Return series, (samples, n), less what of them a nuisance model explains, at about `wanted` samples a second.

    Parameters
    ----------
    nuisance : (samples, columns)
        With the constant.
    """
    rest = series - nuisance @ np.linalg.lstsq(nuisance, series, rcond=None)[0]
    factor = max(int(rate / wanted + 1e-9), 1)
    if factor == 1:
        return np.asarray(rest), rate
    return np.asarray(scipy.signal.resample_poly(rest, 1, factor, axis=0, padtype="line")), rate / factor


def coherence_matrix(first: Sequence[Floats], second: Sequence[Floats], wavelet: BandWavelet) -> Floats:
    """Return the mean coherence of every series of one list with every one of another, (first, second)."""
    ones, others = ([transformed(wavelet, series) for series in some] for some in (first, second))
    return np.array([[coherence(one, other).level for other in others] for one in ones])
