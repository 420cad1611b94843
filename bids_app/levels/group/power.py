"""What a trial could have found: the smallest effect with 80 % power, and the participants that effects would need."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.statistics import effect_size
from bids_app.statistics.permutation import corrections, linear_model, permutation_test
from bids_app.statistics.result import variance_of
from bids_app.vocabulary.design import Contrast

SIZES = (0.2, 0.3, 0.5, 0.8)
"""Standardised effects that the number of participants is told for."""


def _heights(model: linear_model.LinearModel, null: permutation_test.Null, alpha: float) -> dict[str, float]:
    """Return which |t| passes at one place named beforehand, and anywhere in the brain (infinite if none can)."""
    return {
        "voxel": float(stats.t.isf(alpha / (1 + null.both), model.df)),
        "brain": corrections.critical(null.maxima["voxel"], alpha),
    }


def detectable(
    model: linear_model.LinearModel, null: permutation_test.Null, alpha: float
) -> dict[str, NDArray[np.float32]]:
    """Return the smallest effect with 80 % power at each voxel, by what it is corrected over."""
    heights = {name: height for name, height in _heights(model, null, alpha).items() if np.isfinite(height)}
    variance = variance_of(model, null)
    found = {name: effect_size.detectable(variance, model.df, height) for name, height in heights.items()}
    return {f"detectable_{name}": effect.astype(np.float32) for name, effect in found.items()}


def power(
    model: linear_model.LinearModel, null: permutation_test.Null, contrast: Contrast,
    baseline: NDArray[np.float32] | None, alpha: float,
) -> dict[str, object]:  # fmt: skip
    """Return which effect would have been found with 80 % power, from the variance that was observed."""
    names = {"voxel": "OneVoxelOrRegion", "brain": "AnyVoxelOfTheBrain"}
    found: dict[str, object] = {"Power": 0.8}
    variance = variance_of(model, null)
    for kind, height in _heights(model, null, alpha).items():
        smallest = effect_size.detectable(variance, model.df, height) if np.isfinite(height) else None
        found[names[kind]] = {
            "CriticalT": height,
            "SmallestDetectableEffectMedian": None if smallest is None else float(np.nanmedian(smallest)),
            "ParticipantsFor": _participants(variance, model.df, contrast, baseline, height),
        }
    return found


def _participants(
    variance: NDArray[np.float64], df: int, contrast: Contrast, baseline: NDArray[np.float32] | None, height: float
) -> dict[str, int]:
    """Return how many participants, arms together, standardised effects would need where |t| must reach a height."""
    if contrast.effect == "slope" or not np.isfinite(height):
        return {}
    people = len(contrast.members)
    arm = contrast.tested[:, 0]
    if baseline is not None and contrast.effect == "ancova":
        scaled = np.sqrt(variance) / effect_size.pooled_deviation(baseline, arm)
    else:  # of a standard deviation of the outcome itself
        sizes = [arm.sum()] if contrast.effect == "one_sample" else [arm.sum(), people - arm.sum()]
        scaled = np.full(1, np.sqrt(sum(1 / size for size in sizes)))
        scaled *= 0.5 if contrast.effect == "crossover" else 1.0
    error = float(np.nanmedian(scaled)) * np.sqrt(people)
    p, spent = 2 * float(stats.t.sf(height, df)), people - df
    return {f"{size:g}": effect_size.participants_for(error, size, p, spent) for size in SIZES}
