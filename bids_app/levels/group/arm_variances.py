"""How much more one arm varies than the other, and where that would distort p."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.statistics.permutation.linear_model import LinearModel
from bids_app.statistics.permutation.residuals import residual_tiles
from bids_app.vocabulary.design import Contrast

SMALL_ARM = 20
"""People below whom variances of arms are known too badly for the largest statistic of a map (docs/validation.md)."""

ALIKE = 0.5, 2.0
"""Ratios of variances between which arms count as alike."""

SKEWED = 1.0
"""Median absolute skewness of the wider arm from which on its mean is badly known."""

Floats = NDArray[np.float32]


def spread(model: LinearModel, contrast: Contrast) -> dict[str, object]:
    """Return how much more one arm varies than the other, and a warning where that distorts p.

    The ratio is the median over the places of the residuals' variances, its limits are those of a single place.
    """
    arm = contrast.tested[:, 0] == 1
    sizes = int(arm.sum()), int((~arm).sum())
    each = np.concatenate([_of_arms(left, arm) for _, left in residual_tiles(model)], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.nanmedian(each[0] / each[1]))
    low, high = (float(ratio / stats.f.ppf(p, sizes[0] - 1, sizes[1] - 1)) for p in (0.975, 0.025))
    unequal = not ALIKE[0] <= ratio <= ALIKE[1]
    skewness = float(np.nanmedian(each[2 if ratio >= 1 else 3]))
    return {
        "MedianRatio": ratio,
        "MedianRatioLimits": [low, high],
        "MedianAbsoluteSkewness": skewness,
        "Unequal": unequal,
        "Unreliable": unequal and skewness > SKEWED,
        "Warning": _warning(model, sizes, ratio),
    }


FEW = 12
"""People below whom nothing can be said of the symmetry of their changes."""


def symmetry(model: LinearModel, people: int) -> dict[str, object]:
    """Return how skewed the residuals of a mean are, whose signs are flipped, and a warning where that distorts p."""
    each = np.concatenate([np.abs(_skewness(left)) for _, left in residual_tiles(model)])
    skewness = float(np.nanmedian(each))
    said = [f"{people} participants"] * (people < FEW) + ["skewed changes"] * (skewness > SKEWED)
    warning = (
        f"Sign flips need changes that are symmetric around their mean; with {' and '.join(said)} p may be too small."
    )
    return {"MedianAbsoluteSkewness": skewness, "Warning": warning if said else ""}


def _warning(model: LinearModel, sizes: tuple[int, int], ratio: float) -> str:
    """Return what a reader must know of p where arms vary unequally, or nothing."""
    few = f"An arm has fewer than {SMALL_ARM} people" if min(sizes) < SMALL_ARM else "The arms differ in variance"
    if model.by_arm and (min(sizes) < SMALL_ARM or not ALIKE[0] <= ratio <= ALIKE[1]):
        return (
            f"{few} and each has a variance of its own (by-arm): the largest statistic over a map, cluster mass too, "
            "then finds too much. Read the robust p."
        )
    if ALIKE[0] <= ratio <= ALIKE[1] or model.robust is not None:
        return ""
    more = f" and in size ({sizes[0]} and {sizes[1]})" if not 0.8 <= sizes[0] / sizes[1] <= 1.25 else ""
    return (
        f"The arms differ in variance (median ratio {ratio:.2f}){more}: re-randomisation then finds differences where "
        "the means are the same. Read the robust p."
    )


def _of_arms(left: Floats, arm: NDArray[np.bool_]) -> Floats:
    """Return the variance of both arms and the absolute skewness of both, (4, voxels)."""
    arms = left[arm], left[~arm]
    return np.stack([*(each.var(axis=0, ddof=1) for each in arms), *(np.abs(_skewness(each)) for each in arms)])


def _skewness(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((centred**3).mean(axis=0) / (centred**2).mean(axis=0) ** 1.5, dtype=np.float32)
