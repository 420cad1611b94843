"""Reported coordinates: from Talairach space to MNI, and how exactly a focus of so many participants is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TO_TALAIRACH = np.array([
    [0.9254, 0.0024, -0.0118, -1.0207], [-0.0048, 0.9316, -0.0871, -1.7667], [0.0152, 0.0883, 0.8924, 4.0926],
    [0.0, 0.0, 0.0, 1.0],
])  # fmt: skip
"""From MNI (SPM) to Talairach coordinates (Lancaster 2007, doi:10.1002/hbm.20345)."""


def to_mni(places: Floats) -> Floats:
    """Return Talairach coordinates (foci, 3) in MNI space, by Lancaster's transform for SPM."""
    whole = np.column_stack([places, np.ones(len(places))])
    return np.asarray(np.linalg.solve(TO_TALAIRACH, whole.T).T[:, :3])


TEMPLATE, SUBJECT = 5.7, 11.6
"""Mean distance (mm) of one place between templates, and between participants."""


def kernel_deviation(people: float) -> float:
    """Return the standard deviation (mm) of a focus of a study of so many participants.

    >>> round(kernel_deviation(20) * 2.3548, 1)  # FWHM
    9.2
    """
    return float(np.hypot(TEMPLATE, SUBJECT / np.sqrt(people)) / (2 * np.sqrt(2 / np.pi)))
