"""Light as it was recorded: which channels cannot be used, and how far light travels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SATURATED = 0.01
"""Share of samples at the largest value from which on a channel is saturated."""


def unusable(light: Floats, *, concentrations: bool = False) -> str:
    """Return why the light of a channel, (wavelengths, samples), cannot be used, or nothing.

    Concentrations may be below 0, and have no largest value that a detector stops at.
    """
    if not np.isfinite(light).all():
        return f"{int((~np.isfinite(light)).any(axis=0).sum())} samples are no number"
    if not concentrations and (light <= 0).any():
        return f"{int((light <= 0).any(axis=0).sum())} samples are 0 or below, which light cannot be"
    if (np.ptp(light, axis=1) == 0).any():
        return "it is constant"
    largest = (light == light.max(axis=1, keepdims=True)).mean(axis=1)
    if not concentrations and (largest > SATURATED).any():
        return f"{100 * largest.max():.1f} % of its samples are at the largest value: the detector is saturated"
    return ""


def pathlength_factor(wavelength: float, age: float) -> float:
    """Return the differential pathlength factor of the frontal head.

    Parameters
    ----------
    wavelength : float
        nm
    age : float
        Years.

    Notes
    -----
    Scholkmann & Wolf 2013, doi:10.1117/1.JBO.18.10.105004.
    """
    return float(
        223.3 + 0.05624 * age**0.8493 - 5.723e-7 * wavelength**3 + 0.001245 * wavelength**2 - 0.9025 * wavelength
    )


def drift_cutoff(onsets: Floats) -> float:
    """Return the frequency below which waves are drift, Hz: half of that of the longest cycle of trials.

    Parameters
    ----------
    onsets : (events,) s
        Of one trial type.
    """
    gaps = np.diff(np.sort(onsets))
    return float(1 / (2 * gaps.max())) if len(gaps) else 0.0


def slow_waves(samples: int, rate: float, cutoff: float) -> Floats:
    """Return the cosines of at most `cutoff` Hz over a recording, (samples, n)."""
    count = int(np.floor(2 * cutoff * samples / rate + 1e-9))
    return np.asarray(np.cos(np.pi * np.outer(np.arange(samples) + 0.5, np.arange(1, count + 1)) / samples))
