"""Amplitude spectra of cleaned series, as linear maps of their coordinates.

An amplitude is the length of two inner products (with a cosine and a sine), so the spectrum of every voxel comes
from products with the coordinates; the series themselves are never rebuilt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask

TILE = 4096
"""Voxels of one product: the spectra of a tile stay in the cache."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """What turns series into amplitudes.

    Attributes
    ----------
    cosine, sine : (bins, kept frames)
        Amplitude of bin k is hypot(cosine[k] @ x, sine[k] @ x). Bin 0 is the first above zero frequency.
    estimator : str
        How amplitudes are found, in words.
    length : int
        Frames of the (padded) series that frequencies k / (length * TR) belong to.
    """

    cosine: NDArray[np.float64]
    sine: NDArray[np.float64]
    length: int
    estimator: str

    def band(self, repetition_time: float, low: float, high: float) -> slice:
        """Return the bins of a band as DPABI counts them: from ceil(low L TR + 1) to fix(high L TR + 1), from 1."""
        span = self.length * repetition_time
        # The slack keeps an edge that lies on a bin in, whatever its last bit.
        first = int(np.ceil(low * span - 1e-9))
        last = min(int(np.floor(high * span + 1e-9)), len(self.cosine))
        return slice(max(first, 1) - 1, last)


def fourier(frames: int) -> Spectrum:
    """Return the spectrum of a series without gaps: Fourier transform, zeros appended to a power of two."""
    length = 1 << (frames - 1).bit_length()
    angle = 2 * np.pi / length * np.outer(np.arange(1, length // 2 + 1), np.arange(frames))
    return Spectrum(np.cos(angle) * 2 / frames, np.sin(angle) * 2 / frames, length, "Fourier transform")


def least_squares(kept: Mask) -> Spectrum:
    """Return the spectrum of a series with gaps: one sinusoid fitted at each frequency (Lomb-Scargle).

    Frequencies are k / (frames * TR), frames counted with the gaps. Without gaps it equals the Fourier transform
    without padding (doi:10.1007/BF00648343, doi:10.1086/160554).

    Parameters
    ----------
    kept : (n_volumes,) bool
    """
    frames = len(kept)
    times = np.flatnonzero(kept)
    turns = np.arange(1, frames // 2 + 1)
    angle = 2 * np.pi / frames * np.outer(turns, times)
    # Turned by tau the two columns are orthogonal, and each amplitude is a plain projection.
    tau = 0.5 * np.arctan2(np.sin(2 * angle).sum(axis=1), np.cos(2 * angle).sum(axis=1))
    cosine, sine = np.cos(angle - tau[:, None]), np.sin(angle - tau[:, None])
    powers = [np.einsum("kt,kt->k", rows, rows)[:, None] for rows in (cosine, sine)]
    fitted = [
        np.divide(rows, power, out=np.zeros_like(rows), where=power > 1e-9 * len(times))
        for rows, power in zip((cosine, sine), powers, strict=True)
    ]
    # At Nyquist there is one column; the transform counts its amplitude twice.
    twice = np.where(2 * turns == frames, 2.0, 1.0)[:, None]
    return Spectrum(fitted[0] * twice, fitted[1] * twice, frames, "least squares (Lomb-Scargle)")


def amplitudes(
    spectrum: Spectrum, bands: Sequence[slice], basis: NDArray[np.float64], coordinates: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean amplitude in each band, (bands, voxels), and the sum over all frequencies, (voxels,).

    Parameters
    ----------
    basis : (kept frames, n)
    coordinates : (n, voxels)
        Series are basis @ coordinates.
    """
    rows = np.concatenate([spectrum.cosine @ basis, spectrum.sine @ basis]).astype(np.float32)
    bins = len(spectrum.cosine)
    inside = np.empty((len(bands), coordinates.shape[1]), dtype=np.float32)
    total = np.empty(coordinates.shape[1], dtype=np.float32)
    for start in range(0, coordinates.shape[1], TILE):
        part = slice(start, start + TILE)
        both = rows @ coordinates[:, part]
        both *= both
        heights = both[:bins]
        heights += both[bins:]
        np.sqrt(heights, out=heights)
        for mean, band in zip(inside, bands, strict=True):
            mean[part] = heights[band].mean(axis=0)
        total[part] = heights.sum(axis=0)
    return inside, total
