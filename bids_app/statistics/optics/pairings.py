"""Whether those who were together are more alike than others who did the same: pairings exchanged within groups.

Two people who do the same task, one after the other's hand, are alike without any tie between them. Who is paired with
whom is exchanged among dyads of one group (arm, task, length): what all of them share stays. True pairs are never
compared with other pairs by a t test, for these share people and are no sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.schemes import Exchange

Floats = NDArray[np.float64]

LEAST = 5
"""Dyads of a group: four have 24 pairings, and so no p below .042."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PairingTest:
    """True pairs beside pairings exchanged within groups, at several places (pairs of regions).

    Attributes
    ----------
    observed : (places,)
        Mean of the true pairs.
    expected : (places,)
        Mean over all pairings within groups: what those share who were not together.
    above : (pairings, places)
        How much more alike each pairing is than expected, the true one first.
    possible : int
        Pairings there are.
    """

    observed: Floats
    expected: Floats
    above: Floats
    possible: int

    @cached_property
    def maxima(self) -> Floats:
        """Largest excess over the places, (pairings,)."""
        return np.asarray(self.above.max(axis=1))

    @cached_property
    def p(self) -> Floats:
        """One-sided, corrected over the places, (places,): share of pairings whose largest excess is as large."""
        return np.asarray((self.maxima[:, None] >= self.above[0] - 1e-12).mean(axis=0))

    @property
    def smallest_p(self) -> float:
        """Smallest p there can be."""
        return 1 / len(self.above)


def pairing_test(alike: Floats, groups: NDArray[np.intp], n_permutations: int, seed: int) -> PairingTest:
    """Test whether true pairs are more alike than pairings within their groups.

    Parameters
    ----------
    alike : (places, dyads, dyads)
        How alike person i of one role is with person j of the other; true pairs on the diagonal. Pairs of different
        groups are not looked at and may be NaN.
    groups : (dyads,) int
        Who can be exchanged: arm, task, and length of the recordings.
    """
    scheme = Exchange(groups, seed, n_permutations)
    dyads = np.arange(len(groups))
    orders = scheme.draw(0, scheme.total).astype(np.intp)
    null = np.stack([one[dyads, orders].mean(axis=1) for one in alike], axis=1)
    expected = np.zeros(len(alike))
    for group in np.unique(groups):
        own = groups == group
        expected += alike[:, own][:, :, own].mean(axis=(1, 2)) * own.mean()
    return PairingTest(observed=null[0], expected=expected, above=null - expected, possible=scheme.possible)


def too_few(groups: NDArray[np.intp], names: Sequence[str]) -> str:
    """Return what is to be said of groups, (dyads,), with too few dyads, or nothing; `names` are those of groups."""
    for number, name in enumerate(names):
        count = int((groups == number).sum())
        if 0 < count < LEAST:
            least = f"{1 / factorial(count):.2g}".lstrip("0")
            return (
                f"{count} dyads in {name}: their {factorial(count)} pairings give no p below {least}; {LEAST} or more "
                "are needed"
            )
    return ""
