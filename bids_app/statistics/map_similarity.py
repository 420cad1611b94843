"""How alike two arms change: conjunction, overlap, and the similarity of their maps with nulls over people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.vocabulary import array_allocation

Maps = NDArray[np.floating[Any]]

THRESHOLDS = (1.5, 2.0, 2.5, 3.0, 3.5)
"""|t| at which the overlap of two arms is counted."""

BLOCK = 16


def conjunction(
    t: tuple[Maps, Maps], p: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the smaller |t|, (voxels,), of two maps with their sign, and the larger p; 0 and 1 where signs differ.

    The conjunction null is that at least one has no effect (Nichols 2005, doi:10.1016/j.neuroimage.2004.12.005).
    """
    same = np.sign(t[0]) == np.sign(t[1])
    smaller = np.where(same, np.sign(t[0]) * np.minimum(np.abs(t[0]), np.abs(t[1])), 0.0)
    return smaller.astype(np.float32), np.where(same, np.maximum(p[0], p[1]), 1.0)


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Return 2 |A ∩ B| / (|A| + |B|) of two maps of bool, (voxels,) each; not a number where both are empty."""
    total = int(a.sum() + b.sum())
    return 2 * int((a & b).sum()) / total if total else float("nan")


@dataclass(frozen=True, kw_only=True)
class Similarity:
    """How alike the mean changes of two arms are.

    Attributes
    ----------
    r : float
        Correlation of the two maps over voxels.
    p_consistent : float
        Share of sign flips of one arm, the other held, with an r as large; the larger of both arms. Small means that
        both arms change, and alike.
    p_exchangeable : float
        Share of re-randomised arms with an r as small: small means that the arms differ.
    reliability : (float, float)
        Correlation of halves of each arm, stepped up to the whole arm (Spearman-Brown).
    dice : mapping of (float, float)
        Overlap of both arms at each |t|, and the share of re-randomised arms with as little.
    """

    r: float
    p_consistent: float
    p_exchangeable: float
    reliability: tuple[float, float]
    dice: Mapping[float, tuple[float, float]]


def similarity(change: Maps, arms: Rerandomisation, seed: int, count: int = 1000) -> Similarity:
    """Return how alike the mean changes of two arms are, with nulls over participants.

    Parameters
    ----------
    change : (n, voxels)
    arms : Rerandomisation
        1 and 0.

    Notes
    -----
    Voxels are no independent observations: p values that count them mean nothing. These flip participants within arms,
    or exchange participants between arms.
    """
    labels = arms.labels
    drawn = min(count, arms.total)
    blocks = [(start, min(start + BLOCK, drawn)) for start in range(0, drawn, BLOCK)]
    exchanged = _exchanged(change, [arms.draw(*block) for block in blocks])
    signs = SignFlips(len(labels), seed, count)
    weights = np.stack([labels / labels.sum(), (1 - labels) / (1 - labels).sum()])
    r = float(exchanged[0, 0])
    alike = []
    for arm in (0, 1):  # one arm is flipped and the other held: both must change for both to be small
        parts = []
        for start in range(0, signs.total, BLOCK):
            flips = np.repeat(weights[None], min(BLOCK, signs.total - start), axis=0)
            flips[:, arm] *= signs.draw(start, start + len(flips))
            parts.append(_correlations(change, flips))
        alike.append(_share(np.concatenate(parts) >= r - 1e-12))
    overlaps = {height: (float(exchanged[0, i]), _as_little(exchanged[:, i])) for i, height in enumerate(THRESHOLDS, 1)}
    reliability = tuple(_halves(change, np.flatnonzero(labels == arm), seed) for arm in (1, 0))
    return Similarity(
        r=r,
        p_consistent=max(alike),
        p_exchangeable=_share(exchanged[:, 0] <= r + 1e-12),
        reliability=(reliability[0], reliability[1]),
        dice=overlaps,
    )


def _exchanged(change: Maps, blocks: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return r of both arms' means, and Dice at each threshold, for each allocation of every block."""
    squares = np.square(change, out=array_allocation.empty_array((len(change), change.shape[1])))
    total = change.sum(axis=0), squares.sum(axis=0)
    return np.concatenate([_two_means((change, squares), total, labels) for labels in blocks])


def _as_little(dice_values: NDArray[np.float64]) -> float:
    """Return the share of relabellings with as little overlap; an overlap of nothing with nothing has none."""
    if np.isnan(dice_values[0]):
        return float("nan")
    return _share(np.nan_to_num(dice_values, nan=np.inf) <= dice_values[0] + 1e-12)


def _share(reached: NDArray[np.bool_]) -> float:
    """Return the share of relabellings, the observed one among them."""
    return float(max(reached.sum(), 1) / len(reached))


def _two_means(maps: tuple[Maps, Maps], totals: tuple[Maps, Maps], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r of both arms' means, and Dice at each threshold, for each allocation; of maps and their squares."""
    # Single precision: one product of all maps each, and no copy of them.
    active = labels.astype(maps[0].dtype)
    total, total_squares = totals
    sums, powers = active @ maps[0], active @ maps[1]
    found = np.empty((len(labels), 1 + len(THRESHOLDS)))
    for k, member in enumerate(labels):
        sizes = member.sum(), len(member) - member.sum()
        means = sums[k] / sizes[0], (total - sums[k]) / sizes[1]
        raw = powers[k] / sizes[0], (total_squares - powers[k]) / sizes[1]
        t = [m / np.sqrt(np.maximum(p - m**2, 1e-30) / (n - 1)) for m, p, n in zip(means, raw, sizes, strict=True)]
        found[k, 0] = np.corrcoef(means)[0, 1]
        for i, height in enumerate(THRESHOLDS, 1):
            found[k, i] = dice(*(np.concatenate([values > height, values < -height]) for values in t))
    return found


def _correlations(change: Maps, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return r of two weighted means for each pair of weights, (k, 2, n)."""
    means = weights.reshape(-1, weights.shape[-1]).astype(change.dtype) @ change
    means = means.reshape(len(weights), 2, -1)
    means -= means.mean(axis=2, keepdims=True)
    lengths = np.linalg.norm(means, axis=2)
    return np.asarray(np.einsum("kv,kv->k", means[:, 0], means[:, 1]) / lengths.prod(axis=1))


def _halves(change: Maps, members: NDArray[np.intp], seed: int, splits: int = 50) -> float:
    """Return the mean correlation of halves of some participants, stepped up to all of them."""
    rng = np.random.default_rng(seed)
    half = len(members) // 2
    weights = np.zeros((splits, 2, len(change)))
    for pair in weights:
        order = members[rng.permutation(len(members))]
        pair[0, order[:half]], pair[1, order[half : 2 * half]] = 1 / half, 1 / half
    some = (weights[start : start + BLOCK] for start in range(0, splits, BLOCK))
    r = float(np.concatenate([_correlations(change, pairs) for pairs in some]).mean())
    return 2 * r / (1 + r)
