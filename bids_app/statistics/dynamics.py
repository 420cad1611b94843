"""How much connectivity and amplitude vary over windows, beside series that do not change but look alike otherwise.

Source: Hindriks 2016, doi:10.1016/j.neuroimage.2015.11.055: windowed correlations of stationary series vary as well, so
that their spread alone says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.correlation import fisher_z

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Bounds = NDArray[np.intp]

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


def windowed(series: Floats, kept: Bools, windows: Bounds) -> tuple[Floats, Floats]:
    """Return Fisher z of each pair, (windows, pairs), and the log of the SD of each series, (windows, n), by window.

    Parameters
    ----------
    series : (kept frames, n)
    windows : (windows, 2)
        First frame and end of each, in frames of the whole run.
    """
    place = np.concatenate([[0], np.cumsum(kept)])[windows]
    count = (place[:, 1] - place[:, 0])[:, None]
    first, second = np.triu_indices(series.shape[1], 1)
    series = series - series.mean(axis=0)

    def mean(values: Floats) -> Floats:
        sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
        return np.asarray((sums[place[:, 1]] - sums[place[:, 0]]) / count)

    means = mean(series)
    variance = np.maximum(mean(series**2) - means**2, 1e-300)
    shared = mean(series[:, first] * series[:, second]) - means[:, first] * means[:, second]
    z = fisher_z(shared / np.sqrt(variance[:, first] * variance[:, second]))
    return z, np.log(variance) / 2


def spread(series: Floats, kept: Bools, windows: Bounds) -> Floats:
    """Return the SD over windows of Fisher z of each pair, then of the log amplitude of each series, (pairs + n,)."""
    return np.concatenate([values.std(axis=0, ddof=1) for values in windowed(series, kept, windows)])


def surrogates(
    series: Floats, basis: Floats, kept: Bools, waves: Waves, count: int, seed: int
) -> Iterator[Floats]:  # fmt: skip
    """Yield series like those given that do not change over time, (kept frames, n).

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
    turning = columns[..., 0] + 1j * columns[..., 1]
    rng = np.random.default_rng(seed)
    for phases in rng.uniform(0, 2 * np.pi, (count, len(whole))):
        shifted = (turning @ (whole * np.exp(1j * phases)[:, None])).real
        yield basis @ (basis.T @ shifted)
