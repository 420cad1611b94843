"""What one averaged spectrum of channels says: bands, aperiodic part, what rises above it, the alpha peak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.signals.alpha import AlphaPeak, alpha_peak
from bids_app.signals.aperiodic import AperiodicLine, aperiodic_line
from bids_app.signals.periodogram import band_power
from bids_app.signals.specparam_line import specparam_line

Floats = NDArray[np.float64]
Bands = Mapping[str, tuple[float, float]]

BANDS: Bands = {"delta": (1, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30), "gamma": (30, 45)}
"""Hz, each up to just below its upper end."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Spectra:
    """Power spectral densities of channels.

    Attributes
    ----------
    density : (channels, bins)
        µV² a Hz, above 0.
    frequencies : (bins,) Hz
    estimator : {'line', 'specparam'}
        Of the aperiodic part.
    """

    density: Floats
    frequencies: Floats
    estimator: str = "line"

    @cached_property
    def line(self) -> AperiodicLine:
        """The aperiodic part of each channel."""
        return self._line(self.density)

    def _line(self, density: Floats) -> AperiodicLine:
        fitted = specparam_line if self.estimator == "specparam" else aperiodic_line
        return fitted(density, self.frequencies)

    @property
    def flattened(self) -> Floats:
        """What rises above the aperiodic part, (channels, bins) log10."""
        return np.asarray(np.log10(self.density) - self.line.at(self.frequencies))

    def power(self, bands: Bands = BANDS) -> dict[str, Floats]:
        """Return the power of bands and of all frequencies together (`total`), (channels,) µV² each."""
        whole = (self.frequencies[0], self.frequencies[-1])
        return band_power(self.density, self.frequencies, {**bands, "total": whole})

    def above(self, band: tuple[float, float]) -> Floats:
        """Return the mean height of a band above the aperiodic part, (channels,) log10."""
        inside = (self.frequencies >= band[0]) & (self.frequencies < band[1])
        return np.asarray(self.flattened[:, inside].mean(axis=1))

    def of(self, channels: Sequence[int]) -> Spectra:
        """Return some channels."""
        return replace(self, density=self.density[list(channels)])

    def peak(self) -> AlphaPeak:
        """Return the alpha peak of the mean spectrum of the channels."""
        mean = self.density.mean(axis=0)
        return alpha_peak(mean, self._line(mean).at(self.frequencies), self.frequencies)


def logit(share: Floats) -> Floats:
    """Return ln(p / (1 - p)) of shares between 0 and 1, (...)."""
    return np.asarray(np.log(share / (1 - share)))
