"""Whether people knew their arm: indices of blinding from what they guessed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Counts = NDArray[np.integer[Any]]
WIDTH = float(stats.norm.isf(0.025))


class Index(NamedTuple):
    """An index with 95 % limits."""

    value: float
    low: float
    high: float


def bang(right: int, wrong: int, unknown: int) -> Index:
    """Return the index of one arm: 1 all guess right, 0 as by chance, -1 all guess wrong.

    Bang 2004, https://pubmed.ncbi.nlm.nih.gov/15020033/.
    """
    people = right + wrong + unknown
    yes, no = right / people, wrong / people
    error = np.sqrt((yes * (1 - yes) + no * (1 - no) + 2 * yes * no) / people)
    return Index(yes - no, yes - no - WIDTH * error, yes - no + WIDTH * error)


def james(guesses: Counts) -> Index:
    """Return the index of a whole trial: 1 all say that they do not know, 0.5 as by chance, 0 all guess right.

    James 1996, https://pubmed.ncbi.nlm.nih.gov/8841652/; limits by the delta method.

    Parameters
    ----------
    guesses : (2, 3)
        A row for each arm: how many guess the first arm, the second, and neither.
    """
    share, people = guesses / guesses.sum(), int(guesses.sum())
    gradient = np.empty(share.shape)
    for place in np.ndindex(share.shape):
        moved = share.astype(complex)
        moved[place] += 1e-30j
        gradient[place] = _james(moved).imag / 1e-30
    value = float(_james(share).real)
    variance = ((share * gradient**2).sum() - (share * gradient).sum() ** 2) / people
    return Index(value, value - WIDTH * float(np.sqrt(variance)), value + WIDTH * float(np.sqrt(variance)))


def _james(share: NDArray[Any]) -> Any:
    """Return the index of shares of all people; disagreement of a wrong guess weighs a half."""
    unknown = share[:, 2].sum()
    known, guessed = 1 - unknown, share[:, :2]
    seen = (guessed[0, 1] + guessed[1, 0]) / 2 / known
    arms, sides = guessed.sum(axis=1), guessed.sum(axis=0)
    expected = (arms[0] * sides[1] + arms[1] * sides[0]) / 2 / known**2
    return (1 + unknown + known * (seen - expected) / expected) / 2
