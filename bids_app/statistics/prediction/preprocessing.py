"""Features made ready inside a fold: what is missing, what confounds, scale, and which are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Features:
    """What is known of participants before treatment.

    Attributes
    ----------
    clinical : (n, c)
        NaN where it is not known.
    brain : (n, p)
        Edges or voxels; complete.
    confounds : (n, k)
        Taken out of the brain's features; complete.
    components : int
        Principal components that the brain's features are reduced to; 0 keeps them.
    """

    clinical: Values
    brain: Values
    confounds: Values
    names: Sequence[str]
    components: int = 0

    def rows(self, rows: NDArray[np.intp]) -> Features:
        """Return some of the people."""
        return replace(self, clinical=self.clinical[rows], brain=self.brain[rows], confounds=self.confounds[rows])


@dataclass(frozen=True, eq=False, kw_only=True)
class PreparedFeatures:
    """How features are made ready, learnt from the training participants alone.

    Attributes
    ----------
    median : (c,)
        Stands where a clinical value is missing.
    slopes : (1 + k, p)
        Of the brain's features on the constant and confounds.
    axes : (p, components) or None
    mean, spread : (features,)
    kept : (features,) bool
    """

    median: Values
    slopes: Values
    axes: Values | None
    mean: Values
    spread: Values
    kept: NDArray[np.bool_]

    def apply(self, features: Features) -> Values:
        """Return features ready for a learner, (n, kept)."""
        whole = (_raw(features, self.median, self.slopes, self.axes) - self.mean) / self.spread
        return np.asarray(whole[:, self.kept])


def prepare(features: Features, outcome: Values, most: int) -> tuple[PreparedFeatures, Values]:
    """Learn how features are made ready, and return that and the features of the training participants, (n, features).

    Parameters
    ----------
    outcome : (n,)
    most : int
        Brain features that are kept by their correlation with the outcome; 0 keeps all. Clinical ones stay.
    """
    with np.errstate(invalid="ignore"):
        known = np.isfinite(features.clinical).any(axis=0)
    median: Values = np.where(known, np.nanmedian(np.where(known, features.clinical, 0.0), axis=0), 0.0)
    design = np.column_stack([np.ones(len(outcome)), features.confounds])
    slopes: Values = np.asarray(np.linalg.lstsq(design, features.brain, rcond=None)[0], dtype=np.float64)
    axes = None
    if features.components and features.brain.shape[1]:
        left = features.brain - design @ slopes
        axes = np.linalg.svd(left, full_matrices=False)[2][: features.components].T
    raw = _raw(features, median, slopes, axes)
    mean, spread = raw.mean(axis=0), raw.std(axis=0)
    spread = np.where(spread > 1e-9 * (1 + np.abs(mean)), spread, np.inf)
    ready = (raw - mean) / spread
    kept = np.ones(ready.shape[1], dtype=bool)
    clinical = features.clinical.shape[1]
    if most and ready.shape[1] - clinical > most:
        strength = np.abs(ready[:, clinical:].T @ (outcome - outcome.mean()))
        kept[clinical:] = False
        kept[clinical + np.argsort(-strength, kind="stable")[:most]] = True
    return PreparedFeatures(median=median, slopes=slopes, axes=axes, mean=mean, spread=spread, kept=kept), np.asarray(
        ready[:, kept]
    )


def _raw(features: Features, median: Values, slopes: Values, axes: Values | None) -> Values:
    """Return features before they are scaled: filled clinical ones, and brain ones without confounds."""
    filled = np.where(np.isfinite(features.clinical), features.clinical, median)
    design = np.column_stack([np.ones(len(features.clinical)), features.confounds])
    brain = features.brain - design @ slopes
    return np.column_stack([filled, brain if axes is None else brain @ axes])
