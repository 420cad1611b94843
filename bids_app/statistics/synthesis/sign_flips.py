"""What chance does with pooled maps: the effects of whole studies change their signs.

The statistic is t of Hartung and Knapp with DerSimonian and Laird's tau², computed anew for every pattern of signs; it
is exact for effects of studies that are symmetric around zero. 2^k patterns need six studies for a two-sided p of .05.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.kernels import compiled
from bids_app.statistics.permutation.permutation_test import Progress, silent
from bids_app.statistics.permutation.schemes import SignFlips

Floats = NDArray[np.float64]

LEAST = 6
"""Studies without which no p can fall below .05."""

BLOCK = 512
"""Elements that one thread looks at with all patterns: what is known of them fits into its cache."""


class FlipTile(NamedTuple):
    """Some elements, with what does not depend on signs.

    Attributes
    ----------
    effects, variances, weighted : (studies, elements)
        The last is effects by variances; a study without an effect has effect 0 and variance 1.
    there : (studies, elements)
        1 where a study has an effect, else 0.
    total, squares, room, df : (elements,)
        Sum of the weights; Σ w y²; Σ w - Σ w² / Σ w; studies less one.
    """

    effects: Floats
    variances: Floats
    weighted: Floats
    there: Floats
    total: Floats
    squares: Floats
    room: Floats
    df: Floats


def flip_tile(effects: Floats, variances: Floats) -> FlipTile:
    """Return what is known of elements, (studies, elements) each, before any sign; variance 0: no effect."""
    there = (variances > 0).astype(np.float64)
    variances = np.where(there > 0, variances, 1.0)
    weights = there / variances
    total = weights.sum(axis=0)
    room = total - (weights**2).sum(axis=0) / np.maximum(total, 1e-300)
    return FlipTile(
        effects,
        variances,
        weights * effects,
        there,
        total,
        (weights * effects**2).sum(axis=0),
        room,
        there.sum(axis=0) - 1,
    )


@compiled
def _add(sums: Floats, sign: float, weighted: Floats) -> None:
    """Add the signed effects of one study, (elements,)."""
    for v in range(sums.size):
        sums[v] += sign * weighted[v]


@compiled
def _variance_between(sums: Floats, tile: FlipTile, tau2: Floats) -> None:
    """Fill DerSimonian and Laird's tau² of each element from the signed sum of weighted effects."""
    total, squares, slack, df = tile.total, tile.squares, tile.room, tile.df
    for v in range(sums.size):
        tau2[v] = max(0.0, (squares[v] - sums[v] * sums[v] / total[v] - df[v]) / slack[v])


@compiled
def _weigh(study: tuple[Floats, Floats, Floats], sign: float, tau2: Floats, sums: Floats) -> None:
    """Add 1 / (v + tau²) of one study, that times its signed effect, and times its square, to sums (3, elements)."""
    own, spread, is_there = study
    first, second, third = sums[0], sums[1], sums[2]
    for v in range(own.size):
        weight = is_there[v] / (spread[v] + tau2[v])
        first[v] += weight
        second[v] += weight * sign * own[v]
        third[v] += weight * own[v] * own[v]


@compiled
def _largest(sums: Floats, df: Floats) -> float:
    """Return the largest t² of all elements, from sums (3, elements)."""
    top = 0.0
    for v in range(df.size):
        mean = sums[1, v] / sums[0, v]
        variance = max(sums[2, v] - mean * sums[1, v], 1e-300) / (df[v] * sums[0, v])
        top = max(top, mean * mean / variance)
    return top


@compiled
def fill_maxima(tile: FlipTile, signs: Floats, room: Floats, maxima: Floats) -> None:
    """Raise the largest |t| of each pattern, `maxima` (patterns,), to those of some elements.

    Parameters
    ----------
    signs : (patterns, studies)
    room : (4, elements)
        Buffers. Loops run over elements within each study, so that several are done in one instruction.
    """
    sums, tau2 = room[:3], room[3]
    for p in range(signs.shape[0]):
        sums[:] = 0.0
        for i in range(signs.shape[1]):
            _add(sums[0], signs[p, i], tile.weighted[i])
        _variance_between(sums[0], tile, tau2)
        sums[:] = 0.0
        for i in range(signs.shape[1]):
            _weigh((tile.effects[i], tile.variances[i], tile.there[i]), signs[p, i], tau2, sums)
        maxima[p] = max(maxima[p], np.sqrt(_largest(sums, tile.df)))


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
    known = there.sum(axis=0) > 1
    y, v = np.where(there, effects, 0.0)[:, known], np.where(there, variances, 0.0)[:, known]
    signs = scheme.draw(0, scheme.total)

    def block(start: int) -> Floats:
        own, tile = np.zeros(len(signs)), flip_tile(y[:, start : start + BLOCK], v[:, start : start + BLOCK])
        fill_maxima(tile, signs, np.empty((4, tile.total.size)), own)
        return own

    maxima, starts = np.zeros(len(signs)), range(0, y.shape[1], BLOCK)
    with ThreadPoolExecutor(threads) as pool:
        for start, own in zip(starts, pool.map(block, starts), strict=True):
            maxima = np.maximum(maxima, own)
            progress(min(start + BLOCK, y.shape[1]), y.shape[1], float("inf"))
    return maxima.astype(np.float32)
