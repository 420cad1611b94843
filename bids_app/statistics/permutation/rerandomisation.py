"""Arms re-randomised within the strata that randomisation used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb, factorial, prod

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.schemes import Exchange, Labels, Listed, ResidualSigns, SignFlips, raw_words


def _unrank(n: int, chosen: int, rank: int) -> list[int]:
    """Return combination number `rank` of `chosen` out of n, in lexicographic order."""
    members: list[int] = []
    for place in range(n):
        with_this = comb(n - place - 1, chosen - len(members) - 1) if chosen > len(members) else 0
        if rank < with_this:
            members.append(place)
        else:
            rank -= with_this
    return members


def _rank(n: int, members: list[int]) -> int:
    """Return the number of a combination: the inverse of `_unrank`."""
    rank, found = 0, 0
    for place in range(n):
        if found < len(members) and members[found] == place:
            found += 1
        elif found < len(members):
            rank += comb(n - place - 1, len(members) - found - 1)
    return rank


def _allocation(counts: Sequence[int], number: int) -> NDArray[np.intp]:
    """Return allocation `number` of sum(counts) people to arms of these sizes, as the place of each one's arm."""
    free = np.arange(sum(counts))
    arms = np.zeros(len(free), dtype=np.intp)
    for arm in range(len(counts) - 1, 0, -1):
        number, digit = divmod(number, comb(len(free), counts[arm]))
        chosen = _unrank(len(free), counts[arm], digit)
        arms[free[chosen]] = arm
        free = np.delete(free, chosen)
    return arms


def _number(counts: Sequence[int], arms: NDArray[np.intp]) -> int:
    """Return the number of an allocation: the inverse of `_allocation`."""
    free = np.arange(len(arms))
    number, step = 0, 1
    for arm in range(len(counts) - 1, 0, -1):
        chosen = np.flatnonzero(arms[free] == arm).tolist()
        number += step * _rank(len(free), chosen)
        step *= comb(len(free), len(chosen))
        free = np.delete(free, chosen)
    return number


@dataclass(frozen=True, eq=False)
class Rerandomisation(Listed):
    """Arms re-drawn within the strata that randomisation used (Proschan & Dodd, doi:10.1002/sim.8093).

    Attributes
    ----------
    labels : (n,)
        Observed arm of each participant: 1 and 0, or more numbers where there are more arms.
    strata : (n,) int
    """

    labels: Labels
    strata: NDArray[np.intp]
    seed: int
    requested: int

    @cached_property
    def _blocks(self) -> list[NDArray[np.intp]]:
        return [np.flatnonzero(self.strata == value) for value in np.unique(self.strata)]

    @cached_property
    def _arms(self) -> tuple[Labels, NDArray[np.intp]]:
        arms, places = np.unique(self.labels, return_inverse=True)
        return arms, places

    def _counts(self, rows: NDArray[np.intp]) -> list[int]:
        arms, places = self._arms
        return [int(count) for count in np.bincount(places[rows], minlength=len(arms))]

    def _ways(self, rows: NDArray[np.intp]) -> int:
        return factorial(len(rows)) // prod(factorial(count) for count in self._counts(rows))

    @property
    def possible(self) -> int:
        """How many different allocations the strata allow."""
        return prod(self._ways(rows) for rows in self._blocks)

    @property
    def mirrored(self) -> bool:
        """True for two arms that are of the same size in every stratum."""
        return len(self._arms[0]) == 2 and all(len(set(self._counts(rows))) == 1 for rows in self._blocks)

    def _one(self, k: int) -> Labels:
        if k == 0:
            return self.labels
        arms, places = self._arms
        labels = np.empty_like(self.labels)
        if self.exhaustive:
            for rows in self._blocks:
                counts = self._counts(rows)
                # Counting starts at the observed allocation, so that number 0 is the observed one.
                k, step = divmod(k, self._ways(rows))
                number = (_number(counts, places[rows]) + step) % self._ways(rows)
                labels[rows] = arms[_allocation(counts, number)]
            return labels
        order = raw_words(self.seed, k, len(labels))
        for rows in self._blocks:
            labels[rows] = self.labels[rows[np.argsort(order[rows], kind="stable")]]
        return labels


Scheme = Rerandomisation | SignFlips | Exchange | ResidualSigns
