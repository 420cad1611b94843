"""What chance could have done: signs flipped, or residuals exchanged; re-randomised arms are in `rerandomisation`.

Permutation k depends on (seed, k) alone, so that any worker can make any of them in any order. Number 0
is the observed one.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError

Labels = NDArray[np.float64]


def raw_words(seed: int, k: int, n: int) -> NDArray[np.uint64]:
    """Return raw 64-bit words, (n,), that belong to permutation k; numpy keeps these stable across versions."""
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(k,))).random_raw(n)


class Listed(ABC):
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
        """Return relabellings start .. stop − 1, (stop − start, n): labels, signs (+1, −1), or orders of rows."""
        return np.stack([self._one(k) for k in range(start, stop)])

    @property
    def _whose(self) -> str:
        """Whom the relabellings belong to, where that alone tells two lists apart."""
        return ""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all relabellings in their order."""
        found = hashlib.sha256(self._whose.encode())
        for k in range(self.total):
            found.update(self._one(k).astype(np.int16).tobytes())
        return found.hexdigest()


@dataclass(frozen=True, eq=False)
class SignFlips(Listed):
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
        return np.asarray(1.0 - 2.0 * (raw_words(self.seed, k, self.n) >> np.uint64(63)), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class ResidualSigns(Listed):
    """Signs of the residuals of each participant: a test of means (`wild_bootstrap`).

    Number 0 is the observed statistic itself, in place of the pattern without any negative sign.

    Attributes
    ----------
    people : (n,) sequence of str
        Whose residual each row is; all rows of a participant share a sign.
    seed, requested : int
    both : bool
        True looks at both directions: turning all signs changes nothing then, and the first one stays.
    """

    people: tuple[str, ...]
    seed: int
    requested: int
    both: bool = True

    @cached_property
    def _places(self) -> NDArray[np.intp]:
        names = list(dict.fromkeys(self.people))
        return np.array([names.index(name) for name in self.people], dtype=np.intp)

    @property
    def possible(self) -> int:
        """How many patterns of signs there are that differ in their statistic."""
        return int(2 ** (len(set(self.people)) - self.both))

    @property
    def mirrored(self) -> bool:
        """False: of two patterns with one statistic a single one is listed."""
        return False

    def _one(self, k: int) -> Labels:
        people = len(set(self.people))
        if k == 0:
            return np.ones(len(self.people))
        if self.exhaustive:
            signs = 1.0 - 2.0 * ((k << int(self.both) >> np.arange(people)) & 1)
        else:
            signs = 1.0 - 2.0 * (raw_words(self.seed, k, people) >> np.uint64(63))
        return np.asarray(signs[self._places], dtype=np.float64)

    @property
    def _whose(self) -> str:
        return " ".join(self.people)


@dataclass(frozen=True, eq=False)
class Exchange(Listed):
    """Residuals exchanged between rows of one block, or between blocks as wholes.

    Whole blocks: Winkler 2015, doi:10.1016/j.neuroimage.2015.05.092.

    Attributes
    ----------
    blocks : (n,) int
    whole : bool
        True exchanges blocks with all their rows, which keep their order; blocks must then be of one size.
    """

    blocks: NDArray[np.intp]
    seed: int
    requested: int
    whole: bool = False

    def __post_init__(self) -> None:
        """Refuse blocks that cannot stand for each other."""
        if self.whole and len({len(rows) for rows in self._rows}) > 1:
            raise WrongDataError("Blocks that are exchanged as wholes must have the same number of rows.")

    @cached_property
    def _rows(self) -> list[NDArray[np.intp]]:
        return [np.flatnonzero(self.blocks == value) for value in np.unique(self.blocks)]

    @property
    def possible(self) -> int:
        """How many different orders there are."""
        return factorial(len(self._rows)) if self.whole else prod(factorial(len(rows)) for rows in self._rows)

    @property
    def mirrored(self) -> bool:
        """False: whether an order has a mirror depends on the tested column."""
        return False

    def _one(self, k: int) -> Labels:
        order = np.arange(len(self.blocks))
        words = None if self.exhaustive or k == 0 else raw_words(self.seed, k, len(order))
        if self.whole:
            chosen, _ = _order(len(self._rows), k) if words is None else (np.argsort(words[: len(self._rows)]), 0)
            order[np.concatenate(self._rows)] = np.concatenate([self._rows[i] for i in chosen])
            return order.astype(np.float64)
        for rows in self._rows:
            if words is None:
                chosen, k = _order(len(rows), k)
            else:
                chosen = np.argsort(words[rows], kind="stable")
            order[rows] = rows[chosen]
        return order.astype(np.float64)


def _order(n: int, k: int) -> tuple[NDArray[np.intp], int]:
    """Return permutation k modulo n! of n items, number 0 the identity, and k // n!."""
    free = list(range(n))
    chosen = []
    for left in range(n, 0, -1):
        k, place = divmod(k, left)
        chosen.append(free.pop(place))
    return np.array(chosen, dtype=np.intp), k
