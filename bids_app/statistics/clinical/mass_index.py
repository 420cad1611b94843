"""Needle sensations as one number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def mass_index(ratings: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return an index of sensations of each participant, (n,), on the scale of the ratings; NaN without any rating.

    Known ratings of a participant are put in falling order and weighted by 1/2, 1/4, 1/8 ..., scaled so that the
    weights add up to one: the strongest sensation counts for half. The MASS (Kong 2007, doi:10.1089/acm.2007.0524) is
    summed up in this way.

    Parameters
    ----------
    ratings : (n, sensations)
        0 none to 10 unbearable; NaN where someone did not rate.
    """
    found = np.full(len(ratings), np.nan)
    for i, row in enumerate(ratings):
        known = np.sort(row[np.isfinite(row)])[::-1]
        if len(known):
            weights = 0.5 ** np.arange(1, len(known) + 1)
            found[i] = known @ weights / weights.sum()
    return found
