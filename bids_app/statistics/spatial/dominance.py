"""How much of a map several references explain together, and what each brings on average to all sets of the others.

General dominance (Azen & Budescu 2003, doi:10.1037/1082-989X.8.2.129): the share of variance that a reference adds to
a set of others, averaged over the sets of each size and then over sizes. The shares add up to that of all together.
"""

from __future__ import annotations

from math import comb

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.linear_model import orthonormal
from bids_app.statistics.spatial.correlation_tests import unit

Matrix = NDArray[np.float64]

MOST = 12
"""References whose sets are all fitted: 4,096 of them."""


def explained(reference: Matrix, maps: Matrix) -> Matrix:
    """Return the share of variance of each map that all references explain together, (B, regions) -> (B,)."""
    basis = orthonormal(unit(reference))
    return np.asarray(((basis.T @ unit(maps.T)) ** 2).sum(axis=0))


def dominance(reference: Matrix, outcome: Matrix) -> Matrix:
    """Return the general dominance of each reference, (regions, k), for one map (regions,): (k,).

    Raises
    ------
    ValueError
        For more than `MOST` references.
    """
    columns = unit(reference)
    count = columns.shape[1]
    if count > MOST:
        raise ValueError(f"{count} references have 2^{count} sets; at most {MOST} can be compared.")
    shares = np.zeros(2**count)
    for chosen in range(1, 2**count):
        members = [j for j in range(count) if chosen >> j & 1]
        shares[chosen] = explained(columns[:, members], outcome[None])[0]
    found = np.zeros(count)
    for chosen in range(2**count):
        size = chosen.bit_count()
        for j in range(count):
            if not chosen >> j & 1:
                found[j] += (shares[chosen | 1 << j] - shares[chosen]) / comb(count - 1, size) / count
    return found
