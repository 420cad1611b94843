"""How much connectivity and amplitude vary over windows, beside series that do not change but look alike otherwise.

Source: Hindriks 2016, doi:10.1016/j.neuroimage.2015.11.055: windowed correlations of stationary series vary as well, so
that their spread alone says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bounds = NDArray[np.intp]
Series = NDArray[np.floating[Any]]

LONGEST_GAP = 2
"""Censored frames in a row that a window may hold."""

FEWEST_KEPT = 0.8
"""Share of the frames of a window that must be kept."""


_HELD = 0.02
"""Share of a wave that cleaned series hold at least where the band passes it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Waves:
    """The waves that a band passes, on all frames of a run.

    Attributes
    ----------
    columns : (frames, 2 * waves)
        Cosine and sine of each, one after the other.
    lowest : float
        Frequency of the slowest, Hz.
    """

    columns: Floats
    lowest: float


def passed_waves(basis: Floats, kept: Bools, step: float) -> Waves | None:
    """Return the waves that the band passes; None where cleaned series hold none.

    Waves of the stop band are gone to rounding; of the others confounds take a part.

    Parameters
    ----------
    basis : (kept frames, n)
        Orthonormal columns that cleaned series are made of.
    kept : (frames,) bool
    step : float
        Seconds between frames.
    """
    frames = len(kept)
    turns = np.outer(np.arange(frames), np.arange(1, (frames - 1) // 2 + 1)) * (2 * np.pi / frames)
    pairs = np.stack([np.cos(turns), np.sin(turns)], axis=2)
    there = pairs[kept].reshape(int(kept.sum()), -1)
    held = ((basis.T @ there) ** 2).sum(axis=0) / np.maximum((there**2).sum(axis=0), 1e-12)
    chosen = held.reshape(-1, 2).mean(axis=1) > _HELD
    if not chosen.any():
        return None
    lowest = float((np.flatnonzero(chosen)[0] + 1) / (frames * step))
    return Waves(columns=pairs[:, chosen].reshape(frames, -1), lowest=lowest)


def windows_of(kept: Bools, width: int) -> Bounds:
    """Return first frame and end of each window of `width` frames that can be used, (windows, 2), a frame apart.

    Parameters
    ----------
    kept : (frames,) bool
        Windows that hold more than two censored frames in a row are not used.
    """
    count = np.concatenate([[0], np.cumsum(kept)])
    ends = np.flatnonzero(np.diff(np.concatenate([[0], ~kept, [0]]).astype(int)))
    gaps = ends.reshape(-1, 2)
    gaps = gaps[gaps[:, 1] - gaps[:, 0] > LONGEST_GAP]
    starts = np.arange(len(kept) - width + 1)
    # A window is broken by a gap of which it holds more than two frames.
    overlap = np.minimum(starts[:, None] + width, gaps[:, 1]) - np.maximum(starts[:, None], gaps[:, 0])
    whole = ~(overlap > LONGEST_GAP).any(axis=1)
    whole &= count[starts + width] - count[starts] >= FEWEST_KEPT * width
    return np.stack([starts[whole], starts[whole] + width], axis=1)


def windowed(series: Series, kept: Bools, windows: Bounds) -> tuple[Series, Series]:
    """Return Fisher z of each pair, (windows, pairs), and the log of the SD of each series, (windows, n), by window.

    Parameters
    ----------
    series : (kept frames, n)
        Of either precision, which is that of the result.
    windows : (windows, 2)
        First frame and end of each, in frames of the whole run.
    """
    held = _Held.of(series, kept, windows)
    return np.concatenate([*held.z()], axis=1), held.amplitude()


def spread(series: Series, kept: Bools, windows: Bounds) -> Floats:
    """Return the SD over windows of Fisher z of each pair, then of the log amplitude of each series, (pairs + n,)."""
    held = _Held.of(series, kept, windows)
    parts = [values.std(axis=0, ddof=1) for values in (*held.z(), held.amplitude())]
    return np.concatenate(parts).astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Held:
    """Series without their mean, (kept frames, n), the weights that average windows, and means and variances of them.

    Means of windows are products with a matrix: sums that run on would carry the rounding of all frames before.
    """

    series: Series
    weights: Series
    means: Series
    variance: Series

    @classmethod
    def of(cls, series: Series, kept: Bools, windows: Bounds) -> _Held:
        series = series - series.mean(axis=0)
        frames = np.flatnonzero(kept)
        inside = (frames >= windows[:, :1]) & (frames < windows[:, 1:])
        weights = (inside / inside.sum(axis=1, keepdims=True)).astype(series.dtype)
        means = weights @ series
        tiny = np.finfo(series.dtype).tiny
        return cls(series, weights, means, np.maximum(weights @ series**2 - means**2, tiny))

    def z(self) -> Iterator[Series]:
        """Yield Fisher z of the pairs of one series with those after it, (windows, pairs): it stays in the cache."""
        inverse = 1 / np.sqrt(self.variance)
        limit = 1 - 2 * np.finfo(self.series.dtype).eps
        for i in range(self.series.shape[1] - 1):
            own, others = slice(i, i + 1), slice(i + 1, None)
            r = self.weights @ (self.series[:, own] * self.series[:, others])
            r -= self.means[:, own] * self.means[:, others]
            r *= inverse[:, own] * inverse[:, others]
            np.clip(r, -limit, limit, out=r)
            ratio = (1 + r) / (1 - r)
            yield np.log(ratio, out=ratio) / 2

    def amplitude(self) -> Series:
        """Return the log of the SD of each series, (windows, n)."""
        return np.asarray(np.log(self.variance) / 2)


def surrogates(
    series: Floats, basis: Floats, kept: Bools, waves: Waves, count: int, seed: int
) -> Iterator[Series]:  # fmt: skip
    """Yield series like those given that do not change over time, (kept frames, n), in single precision.

    Every wave is shifted by a random phase, the same one in all series: spectra and cross-spectra stay, and with them
    the correlation over the whole run. What comes is cleaned as the series was: the same frames are gone, and what the
    model takes out near gaps it takes out here too.

    Parameters
    ----------
    series : (kept frames, n)
    basis : (kept frames, m)
        Orthonormal columns that cleaned series are made of.
    """
    heights = np.linalg.lstsq(waves.columns[kept], series, rcond=None)[0].reshape(-1, 2, series.shape[1])
    whole = heights[:, 0] - 1j * heights[:, 1]
    columns = waves.columns[kept].reshape(int(kept.sum()), -1, 2)
    # Cleaning is a product as well: of the waves once, not of every surrogate.
    turning = basis.T @ (columns[..., 0] + 1j * columns[..., 1])
    rng = np.random.default_rng(seed)
    for phases in rng.uniform(0, 2 * np.pi, (count, len(whole))):
        cleaned = (turning @ (whole * np.exp(1j * phases)[:, None])).real
        yield (basis @ cleaned).astype(np.float32)
