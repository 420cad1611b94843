"""What several sources say of one link together: signs, pooled effects, and in how many of them it is at least.

Partial conjunction: Benjamini & Heller 2008, doi:10.1111/j.1541-0420.2007.00984.x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def sign_test(positive: int, k: int) -> float:
    """Return the two-sided p of so many positive signs of k, if both were alike likely.

    >>> sign_test(5, 5), sign_test(6, 7)
    (0.0625, 0.125)
    """
    return float(scipy.stats.binomtest(positive, k, 0.5).pvalue) if k else float("nan")


def partial_conjunction(p: Sequence[float] | Floats, u: int, *, independent: bool = True) -> float:
    """Return the p of the hypothesis that fewer than u of the sources have the link.

    Parameters
    ----------
    p : (sources,)
        One-sided, of each source.
    independent : bool
        True joins the k - u + 1 largest p by Fisher's method; False by Simes', which dependent sources allow as well.
    """
    largest = np.sort(np.asarray(p, dtype=np.float64))[u - 1 :]
    if independent:
        return float(scipy.stats.chi2.sf(-2 * np.log(np.maximum(largest, 1e-300)).sum(), 2 * len(largest)))
    return float(min(1.0, (len(largest) * largest / np.arange(1, len(largest) + 1)).min()))


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """What signs and p of several sources say together.

    Attributes
    ----------
    positive, negative : int
        Sources of each sign; those of neither are not in the sign test.
    p_signs : float
        Two-sided.
    p_at_least : float
        Of fewer than `at_least` sources having the link, in one direction; NaN with fewer sources than that.
    sources : int
        In so many of them at least it is, at the level asked for; 0 where not even in one.
    """

    positive: int
    negative: int
    p_signs: float
    p_at_least: float
    sources: int


def agreement(signs: Sequence[int], p: Sequence[float], *, at_least: int, alpha: float) -> Agreement:
    """Return what several sources of different participants say of one link.

    Parameters
    ----------
    p : sequence of float
        Two-sided; NaN, where it is not told, counts as 1 in both directions, as does p of a source of neither sign.
        Both directions are looked at, and the smaller p doubled.
    """
    sign, told = np.asarray(signs), np.asarray(p, dtype=np.float64)
    upward = np.where(sign > 0, told / 2, 1 - told / 2)
    unknown = np.isnan(told) | (sign == 0)
    sides = [np.where(unknown, 1.0, one) for one in (upward, 1 - upward)]

    def p_of(u: int) -> float:
        return min(1.0, 2 * min(partial_conjunction(side, u) for side in sides))

    sources = 0
    while sources < len(sign) and p_of(sources + 1) <= alpha:
        sources += 1
    positive, negative = int((sign > 0).sum()), int((sign < 0).sum())
    return Agreement(
        positive=positive, negative=negative, p_signs=sign_test(positive, positive + negative), sources=sources,
        p_at_least=p_of(at_least) if at_least <= len(sign) else float("nan"),
    )  # fmt: skip
