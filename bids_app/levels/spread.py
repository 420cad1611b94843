"""How much more one arm varies than the other, and where that would distort p."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.linear_model import LinearModel
from bids_app.statistics.residuals import residual_tiles
from bids_app.vocabulary.design import Contrast

SMALL_ARM = 20
"""People below whom variances of arms are known too badly for the largest |t| (docs/validation.md)."""


def spread(model: LinearModel, contrast: Contrast, claim: str) -> dict[str, object]:
    """Return how much more one arm varies than the other, and a warning where that and unequal arms distort p."""
    arm = contrast.tested[:, 0] == 1
    each = np.concatenate([_of_arms(left, arm) for _, left in residual_tiles(model)], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.nanmedian(each[0] / each[1]))
    share = arm.sum() / (~arm).sum()
    distorted = not 0.8 <= share <= 1.25 and not 2 / 3 <= ratio <= 1.5 and not model.by_arm
    warning = (
        f"The arms differ in size ({arm.sum()} and {(~arm).sum()}) and in variance (ratio {ratio:.2f}): pooled "
        "variances give wrong p values then. Set inference.variances = 'by-arm'."
    )
    if model.by_arm and min(arm.sum(), (~arm).sum()) < SMALL_ARM and claim in ("voxel", "tfce"):
        distorted = True
        warning = (
            f"An arm has fewer than {SMALL_ARM} people: with variances of their own the largest |t| and TFCE then find "
            "too much. Set inference.claim = 'mass'."
        )
    return {"MedianRatio": ratio, "Warning": warning if distorted else ""}


def _of_arms(left: NDArray[np.float32], arm: NDArray[np.bool_]) -> NDArray[np.float32]:
    return np.stack([left[arm].var(axis=0, ddof=1), left[~arm].var(axis=0, ddof=1)])
