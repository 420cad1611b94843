"""The aperiodic part of a spectrum: a line through its logarithm, drawn around the peaks.

The power of a band rises with an oscillation or with the whole spectrum; only the height above this line tells them
apart (Donoghue and colleagues 2020, doi:10.1038/s41593-020-00744-x).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RANGE, PEAK = (1.0, 40.0), (7.0, 14.0)
"""Hz that the line is drawn through, and those within that it passes over, ends included."""

_FARTHEST, _ROUNDS = 2.0, 10
_NORMAL = 1.4826
"""Median absolute deviation -> standard deviation, of a normal distribution."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AperiodicLine:
    """log10 P = offset - exponent log10 f, of each spectrum.

    Attributes
    ----------
    exponent, offset, r2, spread : (...)
        `spread` is the robust standard deviation of what is left around the line, in log10 units.
    """

    exponent: Floats
    offset: Floats
    r2: Floats
    spread: Floats

    def at(self, frequencies: Floats) -> Floats:
        """Return the line, (..., bins) log10 units."""
        return np.asarray(self.offset[..., None] - self.exponent[..., None] * np.log10(frequencies))

    def straight(self, most: float = 0.1) -> NDArray[np.bool_]:
        """Tell where a line describes the spectrum: no knee, no broad muscle activity."""
        return np.asarray((self.spread <= most) & (self.r2 >= 0.8))


def aperiodic_line(spectra: Floats, frequencies: Floats) -> AperiodicLine:
    """Fit the line; points far above it or below are taken out and the rest fitted again until nothing changes.

    Parameters
    ----------
    spectra : (..., bins)
        Power densities above 0.
    frequencies : (bins,) Hz
    """
    within = (frequencies >= RANGE[0]) & (frequencies <= RANGE[1])
    within &= ~((frequencies >= PEAK[0]) & (frequencies <= PEAK[1]))
    x, y = np.log10(frequencies[within]), np.log10(spectra[..., within])
    used = np.ones(y.shape, dtype=bool)
    slope, level = _fit(x, y, used)
    for _ in range(_ROUNDS):
        left = y - level - slope * x
        kept = np.abs(left) <= _FARTHEST * _robust(left)
        if (kept == used).all():
            break
        used = kept
        slope, level = _fit(x, y, used)
    left = y - level - slope * x
    mean = (y * used).sum(axis=-1, keepdims=True) / used.sum(axis=-1, keepdims=True)
    r2 = 1 - (left**2 * used).sum(axis=-1) / ((y - mean) ** 2 * used).sum(axis=-1)
    return AperiodicLine(exponent=-slope[..., 0], offset=level[..., 0], r2=r2, spread=_robust(left)[..., 0])


def _robust(left: Floats) -> Floats:
    return np.asarray(_NORMAL * np.median(np.abs(left), axis=-1, keepdims=True))


def _fit(x: Floats, y: Floats, used: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return slope and level of the least-squares line through the points that are used, (..., 1) each."""
    n = used.sum(axis=-1, keepdims=True)
    mean_x = (x * used).sum(axis=-1, keepdims=True) / n
    mean_y = (y * used).sum(axis=-1, keepdims=True) / n
    apart = (x - mean_x) * used
    slope = (apart * y).sum(axis=-1, keepdims=True) / (apart * (x - mean_x)).sum(axis=-1, keepdims=True)
    return slope, mean_y - slope * mean_x
