"""Segments of a continuous recording: windows that touch nothing that was marked bad and cross no cut."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask

Floats = NDArray[np.float64]
Samples = NDArray[np.intp]


def windows(samples: int, length: int, step: int, cuts: Iterable[int] = ()) -> Samples:
    """Return the first samples of all windows that lie within one part of a recording.

    Parameters
    ----------
    samples, length, step : int
        Of the recording, of a window, and from one window to the next.
    cuts : iterable of int
        First samples of further parts: where recording was interrupted, where an epoch begins. Windows start anew
        there.

    Returns
    -------
    (windows,) int

    >>> windows(10, 4, 2, [5]).tolist()
    [0, 5]
    """
    edges = sorted({0, samples, *(cut for cut in cuts if 0 < cut < samples)})
    parts = [np.arange(first, last - length + 1, step) for first, last in pairwise(edges)]
    return np.concatenate([np.empty(0, dtype=np.intp), *parts]).astype(np.intp)


def untouched(starts: Samples, length: int, bad: Mask) -> Mask:
    """Tell which windows hold no bad sample.

    Parameters
    ----------
    starts : (windows,) int
    bad : (samples,) bool

    Returns
    -------
    (windows,) bool
    """
    before = np.concatenate([[0], np.cumsum(bad)])
    return np.asarray(before[starts + length] == before[starts])


def within_parts(starts: Samples, length: int, cuts: Iterable[int]) -> Mask:
    """Tell which windows, (windows,) first samples, cross no cut (first sample of a further part).

    >>> within_parts(np.array([0, 2, 5]), 4, [5]).tolist()
    [True, False, True]
    """
    edges = np.sort(np.array(list(cuts), dtype=np.intp))
    return np.asarray(np.searchsorted(edges, starts, "right") == np.searchsorted(edges, starts + length - 1, "right"))


def peak_to_peak(data: Floats, starts: Samples, length: int) -> Floats:
    """Return the largest range of any channel in each window.

    Parameters
    ----------
    data : (channels, samples)

    Returns
    -------
    (windows,) in the units of the data
    """
    ranges = [np.ptp(data[:, start : start + length], axis=1).max(initial=0.0) for start in starts]
    return np.array(ranges, dtype=np.float64)


def covered(starts: Samples, length: int, samples: int) -> int:
    """Return how many samples lie in at least one window, (windows,) first samples; overlapping ones share theirs.

    >>> covered(np.array([0, 2, 8]), 4, 20)
    10
    """
    steps = np.zeros(samples + 1, dtype=np.intp)
    np.add.at(steps, starts, 1)
    np.add.at(steps, starts + length, -1)
    return int((np.cumsum(steps)[:samples] > 0).sum())
