"""What several sources say of one link together: signs, pooled effects, and in how many of them it is at least.

Partial conjunction: Benjamini & Heller 2008, doi:10.1111/j.1541-0420.2007.00984.x.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy


def sign_test(positive: int, k: int) -> float:
    """Return the two-sided p of so many positive signs of k, if both were alike likely.

    >>> sign_test(5, 5), sign_test(6, 7)
    (0.0625, 0.125)
    """
    return float(scipy.stats.binomtest(positive, k, 0.5).pvalue) if k else float("nan")


def partial_conjunction(p: Sequence[float], u: int, *, independent: bool = True) -> float:
    """Return the p of the hypothesis that fewer than u of the sources have the link.

    Parameters
    ----------
    p : sequence of float
        One-sided, of each source.
    independent : bool
        True joins the k - u + 1 largest p by Fisher's method; False by Simes', which dependent sources allow as well.
    """
    largest = np.sort(np.asarray(p, dtype=np.float64))[u - 1 :]
    if independent:
        return float(scipy.stats.chi2.sf(-2 * np.log(np.maximum(largest, 1e-300)).sum(), 2 * len(largest)))
    return float(min(1.0, (len(largest) * largest / np.arange(1, len(largest) + 1)).min()))
