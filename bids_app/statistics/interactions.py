"""Products of what happened with what a region did, for generalised psychophysiological interactions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def interaction_columns(psychological: Floats, seed: Floats) -> Floats:
    """Return the product of each condition's column with the series of a region, (frames, n).

    Both are centred first. That leaves the coefficients of the products as they are, given that the model holds a
    constant, every condition and the region besides; the products are then hardly correlated with the region.

    Parameters
    ----------
    psychological : (frames, n)
        Conditions convolved with a response function.
    seed : (frames,)
    """
    centred = psychological - psychological.mean(axis=0)
    return np.asarray(centred * (seed - seed.mean())[:, None])
