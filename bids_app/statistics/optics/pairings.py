"""Whether those who were together are more alike than others who did the same: pairings exchanged within groups.

Two people who do the same task, one after the other's hand, are alike without any tie between them. Who is paired with
whom is exchanged among dyads of one group (arm, task, length): what all of them share stays. True pairs are never
compared with other pairs by a t test, for these share people and are no sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.schemes import Exchange

Floats = NDArray[np.float64]

LEAST = 5
"""Dyads of a group: four have 24 pairings, and so no p below .042."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PairingTest:
    """True pairs beside pairings exchanged within groups.

    Attributes
    ----------
    observed : float
        Mean of the true pairs.
    null : (pairings,)
        Means of exchanged pairings, the true one first.
    expected : float
        Mean over all pairings within groups: what those share who were not together.
    possible : int
        Pairings there are.
    """

    observed: float
    null: Floats
    expected: float
    possible: int

    @cached_property
    def p(self) -> float:
        """One-sided: share of pairings, the true one among them, that are as alike on average."""
        return float((self.null >= self.null[0] - 1e-12).mean())

    @property
    def smallest_p(self) -> float:
        """Smallest p there can be."""
        return 1 / len(self.null)


def pairing_test(alike: Floats, groups: NDArray[np.intp], n_permutations: int, seed: int) -> PairingTest:
    """Test whether true pairs are more alike than pairings within their groups.

    Parameters
    ----------
    alike : (dyads, dyads)
        How alike person i of one role is with person j of the other; true pairs on the diagonal. Pairs of different
        groups are not looked at and may be NaN.
    groups : (dyads,) int
        Who can be exchanged: arm, task, and length of the recordings.
    """
    scheme = Exchange(groups, seed, n_permutations)
    dyads = np.arange(len(groups))
    orders = scheme.draw(0, scheme.total).astype(np.intp)
    null = np.asarray(alike[dyads, orders].mean(axis=1))
    same = groups[:, None] == groups
    shares = [alike[np.ix_(groups == one, groups == one)].mean() * (groups == one).mean() for one in np.unique(groups)]
    assert np.isfinite(alike[same]).all()
    return PairingTest(observed=float(null[0]), null=null, expected=float(sum(shares)), possible=scheme.possible)


Alike = Callable[[int, int], float]
"""How alike person i of one role is with person j of the other."""


def within_groups(alike: Alike, groups: NDArray[np.intp]) -> Floats:
    """Return how alike all pairs of one group are, (dyads, dyads); NaN elsewhere."""
    found = np.full((len(groups), len(groups)), np.nan)
    for i, j in np.argwhere(groups[:, None] == groups):
        found[i, j] = alike(int(i), int(j))
    return found
