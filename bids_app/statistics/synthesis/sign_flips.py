"""What chance does with pooled maps: the effects of whole studies change their signs.

The statistic is t of Hartung and Knapp with DerSimonian and Laird's tau², computed anew for every pattern of signs; it
is exact for effects of studies that are symmetric around zero. 2^k patterns need six studies for a two-sided p of .05.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.kernels import compiled
from bids_app.statistics.permutation.permutation_test import Progress, silent
from bids_app.statistics.permutation.schemes import SignFlips

Floats = NDArray[np.float64]

LEAST = 6
"""Studies without which no p can fall below .05."""

BLOCK = 2048
"""Elements that one thread looks at with all patterns: their effects fit into its cache."""


@compiled
def pooled_t(effects: Floats, variances: Floats, signs: Floats) -> float:
    """Return t of one element, (studies,) each, with signs; NaN where fewer than two studies have an effect."""
    k, w, w2, wy, wyy = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(effects.size):
        if variances[i] > 0.0:
            y, weight = effects[i] * signs[i], 1.0 / variances[i]
            k += 1
            w += weight
            w2 += weight * weight
            wy += weight * y
            wyy += weight * y * y
    if k < 2:
        return np.nan
    tau2 = max(0.0, (wyy - wy * wy / w - (k - 1)) / (w - w2 / w))
    w, wy, wyy = 0.0, 0.0, 0.0
    for i in range(effects.size):
        if variances[i] > 0.0:
            y, weight = effects[i] * signs[i], 1.0 / (variances[i] + tau2)
            w += weight
            wy += weight * y
            wyy += weight * y * y
    mean = wy / w
    spread = max(wyy - mean * wy, 0.0) / (k - 1)
    return float(mean / np.sqrt(max(spread, 1e-300) / w))


@compiled
def fill_maxima(effects: Floats, variances: Floats, signs: Floats, maxima: Floats) -> None:
    """Raise the largest |t| of each pattern, `maxima` (patterns,), to those of some elements.

    Parameters
    ----------
    effects, variances : (elements, studies)
        A variance of 0 says that a study has no effect there.
    signs : (patterns, studies)
    """
    for p in range(signs.shape[0]):
        for v in range(effects.shape[0]):
            t = abs(pooled_t(effects[v], variances[v], signs[p]))
            maxima[p] = max(maxima[p], t)


def flipped(
    effects: Floats, variances: Floats, scheme: SignFlips, threads: int = 1, progress: Progress = silent
) -> NDArray[np.float32]:
    """Return the largest |t| over elements of each pattern of signs, (patterns,), the observed one first.

    Parameters
    ----------
    effects, variances : (studies, elements)
        NaN, or a variance of 0, where a study has no effect.
    threads : int
        Blocks of elements done side by side; results do not depend on it.
    """
    there = np.isfinite(effects) & np.isfinite(variances) & (variances > 0)
    y = np.ascontiguousarray(np.where(there, effects, 0.0).T)
    v = np.ascontiguousarray(np.where(there, variances, 0.0).T)
    signs = scheme.draw(0, scheme.total)

    def block(start: int) -> Floats:
        own = np.zeros(len(signs))
        fill_maxima(y[start : start + BLOCK], v[start : start + BLOCK], signs, own)
        return own

    maxima, starts = np.zeros(len(signs)), range(0, len(y), BLOCK)
    with ThreadPoolExecutor(threads) as pool:
        for start, own in zip(starts, pool.map(block, starts), strict=True):
            maxima = np.maximum(maxima, own)
            progress(min(start + BLOCK, len(y)), len(y), float("inf"))
    return maxima.astype(np.float32)
