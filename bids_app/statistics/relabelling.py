"""What chance could have done: arms exchanged within strata, or signs flipped.

Relabelling k depends on (seed, k) alone, so that any worker can make any of them in any order. Number 0
is the observed one.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import comb, prod

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.float64]


def _raw(seed: int, k: int, n: int) -> NDArray[np.uint64]:
    """Return n raw 64-bit words that belong to relabelling k; numpy keeps these stable across versions."""
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(k,))).random_raw(n)


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


class _Listed(ABC):
    """What both kinds of relabelling derive from how many are possible and what the k-th one is."""

    requested: int

    @property
    @abstractmethod
    def possible(self) -> int:
        """How many different relabellings there are."""

    @abstractmethod
    def _one(self, k: int) -> Labels:
        """Return relabelling k, (n,)."""

    @cached_property
    def exhaustive(self) -> bool:
        """True when every relabelling is listed once because there are no more than were asked for."""
        return self.possible <= self.requested

    @property
    def total(self) -> int:
        """Number of relabellings, the observed one among them."""
        return min(self.possible, self.requested)

    @property
    @abstractmethod
    def mirrored(self) -> bool:
        """True if every relabelling has one of opposite sign among those possible."""

    @property
    def smallest_p(self) -> float:
        """Smallest two-sided p there can be: where mirrors are listed too, the observed one has a twin."""
        return (2 if self.exhaustive and self.mirrored else 1) / self.total

    def draw(self, start: int, stop: int) -> Labels:
        """Return labels (1, 0) or signs (+1, −1) of relabellings start .. stop − 1, (stop − start, n)."""
        return np.stack([self._one(k) for k in range(start, stop)])

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all relabellings in their order."""
        rows = (self._one(k).astype(np.int8).tobytes() for k in range(self.total))
        return hashlib.sha256(b"".join(rows)).hexdigest()


@dataclass(frozen=True, eq=False)
class Rerandomisation(_Listed):
    """Arms re-drawn within the strata that randomisation used (Proschan & Dodd, doi:10.1002/sim.8093).

    Attributes
    ----------
    labels : (n,)
        Observed arm of each participant, 1 or 0.
    strata : (n,) int
    """

    labels: Labels
    strata: NDArray[np.intp]
    seed: int
    requested: int

    @property
    def possible(self) -> int:
        """How many different allocations the strata allow."""
        return prod(comb(len(rows), int(self.labels[rows].sum())) for rows in self._blocks)

    @property
    def mirrored(self) -> bool:
        """True if both arms are of the same size in every stratum."""
        return all(2 * self.labels[rows].sum() == len(rows) for rows in self._blocks)

    @cached_property
    def _blocks(self) -> list[NDArray[np.intp]]:
        return [np.flatnonzero(self.strata == value) for value in np.unique(self.strata)]

    def _one(self, k: int) -> Labels:
        if k == 0:
            return self.labels
        labels = np.zeros_like(self.labels)
        if self.exhaustive:
            for rows in self._blocks:
                active = np.flatnonzero(self.labels[rows] == 1).tolist()
                count = comb(len(rows), len(active))
                # Counting starts at the observed allocation, so that number 0 is the observed one.
                k, step = divmod(k, count)
                number = (_rank(len(rows), active) + step) % count
                labels[rows[_unrank(len(rows), len(active), number)]] = 1.0
            return labels
        order = _raw(self.seed, k, len(labels))
        for rows in self._blocks:
            labels[rows] = self.labels[rows[np.argsort(order[rows], kind="stable")]]
        return labels


@dataclass(frozen=True, eq=False)
class SignFlips(_Listed):
    """Signs of whole participants flipped: exact for errors that are symmetric around zero.

    Attributes
    ----------
    n : int
        Participants.
    """

    n: int
    seed: int
    requested: int

    @property
    def possible(self) -> int:
        """How many different patterns of signs there are."""
        return int(2**self.n)

    @property
    def mirrored(self) -> bool:
        """True: all signs may be turned at once."""
        return True

    def _one(self, k: int) -> Labels:
        if k == 0:
            return np.ones(self.n)
        if self.exhaustive:
            return np.asarray(1.0 - 2.0 * ((k >> np.arange(self.n)) & 1), dtype=np.float64)
        return np.asarray(1.0 - 2.0 * (_raw(self.seed, k, self.n) >> np.uint64(63)), dtype=np.float64)


Scheme = Rerandomisation | SignFlips
