"""The linear model of a run with events: AR(1) fit, runs together, and time courses without a shape assumed.

The numerical work is nilearn's, called on arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.statistics.task_design import Floats, Matrix
from bids_app.statistics.task_events import Condition
from bids_app.vocabulary.signals import TaskDesign

TILE = 16384
"""Voxels fitted at a time: residuals and whitened series exist for a tile alone."""


@dataclass(frozen=True, eq=False)
class ResponseEstimate:
    """One contrast at every voxel: effect in the units of the series, its variance, t and z, (voxels,) each."""

    effect: NDArray[np.float32]
    variance: NDArray[np.float32]
    t: NDArray[np.float32]
    z: NDArray[np.float32]


def rank(design: Matrix) -> int:
    """Return the rank of a design, (n_volumes, columns), whatever the units of its columns."""
    scale = np.linalg.norm(design, axis=0)
    return int(np.linalg.matrix_rank(design[:, scale > 0] / scale[scale > 0]))


def estimable(design: Matrix, weights: Floats) -> bool:
    """Tell whether the rest of a design, (frames, n), leaves a contrast of its columns, (n,), to be estimated."""
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    scaled, own = design / scale, weights / scale
    return bool(np.abs(own @ np.linalg.pinv(scaled) @ scaled - own).max() <= 1e-6 * np.abs(own).max())


def fit(
    series: Sequence[Matrix] | Iterator[Matrix], design: Matrix, contrasts: Mapping[str, Floats]
) -> dict[str, ResponseEstimate]:
    """Fit blocks of series, (frames, n) each, with AR(1) noise and return every contrast.

    Raises
    ------
    NotMeasurableError
        If no degree of freedom is left.
    """
    from nilearn.glm import compute_contrast
    from nilearn.glm.first_level import run_glm

    # Squared motion terms and squared tissue signals differ by 1e15: unscaled, the small ones count as rounding.
    scale = np.linalg.norm(design, axis=0)
    scale[scale == 0] = 1.0
    design = design / scale
    contrasts = {name: weights / scale for name, weights in contrasts.items()}
    df = len(design) - rank(design)
    if df < 3:
        raise NotMeasurableError(f"{len(design)} kept frames leave {df} degrees of freedom")
    parts: dict[str, list[tuple[Floats, ...]]] = {name: [] for name in contrasts}
    for block in series:
        labels, results = run_glm(block, design, noise_model="ar1")
        for name, weights in contrasts.items():
            found = compute_contrast(labels, results, weights, stat_type="t")
            parts[name].append((found.effect_size().ravel(), found.effect_variance().ravel(), found.stat().ravel(),
                                found.z_score().ravel()))  # fmt: skip
    return {
        name: ResponseEstimate(*(np.concatenate(values).astype(np.float32) for values in zip(*blocks, strict=True)))
        for name, blocks in parts.items()
    }


def fixed_effects(effects: Floats, variances: Floats, df: int) -> ResponseEstimate:
    """Return the estimate of a session from those of its runs, (runs, voxels), weighted by their precision."""
    from scipy.stats import norm
    from scipy.stats import t as student

    precision = 1 / variances
    variance = 1 / precision.sum(axis=0)
    effect = variance * (precision * effects).sum(axis=0)
    t = effect / np.sqrt(variance)
    z = np.sign(t) * norm.isf(student.sf(np.abs(t), df))
    return ResponseEstimate(*(values.astype(np.float32) for values in (effect, variance, t, z)))


def time_courses(
    series: Matrix, found: Mapping[str, Condition], task: TaskDesign, kept: NDArray[np.bool_], window: float
) -> tuple[Floats, dict[str, tuple[Matrix, Matrix]]]:
    """Return delays in s, and by condition effect and standard error of each delay and region, (delays, n) each.

    Finite impulse response: one column for each frame after the onset, no shape assumed; ordinary least squares.

    Parameters
    ----------
    series : (kept frames, n)
    window : float
        Seconds after an onset that are estimated.

    Raises
    ------
    NotMeasurableError
        If the model takes all degrees of freedom.
    """
    step = float(task.times[1] - task.times[0])
    delays = np.arange(round(window / step) + 1, dtype=np.float64)
    plain = {name: condition for name, condition in found.items() if not condition.parent}
    blocks = []
    for condition in plain.values():
        # The frame that an onset lies nearest to, and one column for it and each frame after it.
        first = np.floor((condition.onsets - task.times[0]) / step + 0.5)
        places = first[:, None] + delays
        block = np.zeros((len(task.times), len(delays)))
        inside = (places >= 0) & (places < len(block))
        np.add.at(block, (places[inside].astype(int), np.nonzero(inside)[1]), 1.0)
        blocks.append(block)
    nuisance = task.nuisance / np.maximum(np.linalg.norm(task.nuisance[kept], axis=0), 1e-300)
    design = np.concatenate([*blocks, nuisance], axis=1)[kept]
    inverse = np.linalg.pinv(design)
    df = len(design) - int(np.linalg.matrix_rank(design))
    if df < 3:
        raise NotMeasurableError(f"the time courses leave {df} degrees of freedom; shorten fir_window")
    beta = inverse @ series
    noise = ((series - design @ beta) ** 2).sum(axis=0) / df
    error = np.sqrt(np.outer((inverse**2).sum(axis=1), noise))
    # A delay that no kept frame shows, or that the rest of the model could as well explain, has no value.
    unseen = np.abs(inverse @ design - np.eye(design.shape[1])).max(axis=1) > 1e-6
    beta[unseen], error[unseen] = np.nan, np.nan
    size = len(delays)
    return delays * step, {
        name: (beta[i * size : (i + 1) * size], error[i * size : (i + 1) * size]) for i, name in enumerate(plain)
    }
