"""How many independent values a cleaned series is worth, where no low-pass filter has counted them already."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.signals import Signals

SAMPLE = 1000
"""Voxels that the autocorrelation is averaged over."""

LONGEST = 0.2
"""Lags that count, as a share of the frames; beyond them the estimate is noise."""


def independent_values(series: NDArray[np.float64]) -> float:
    """Return how many independent values a series, (n,), is worth beside one with the same autocorrelation.

    n / (1 + 2 sum (1 - k/n) r(k)^2); see `effective_df`. Of one series r(k) is noise of variance 1/n where it is over:
    lags count up to the first that is below two standard errors, and no further than a fifth of the series.
    """
    own, n = series - series.mean(), len(series)
    lags = np.arange(1, int(LONGEST * n) + 1)
    r = np.array([own[lag:] @ own[:-lag] for lag in lags]) / (own @ own)
    over = np.flatnonzero(np.abs(r) < 2 / np.sqrt(n))
    last = int(over[0]) if len(over) else len(r)
    return float(n / (1 + 2 * float(((1 - lags[:last] / n) * r[:last] ** 2).sum())))


def effective_df(cleaned: Signals, df_res: int) -> float:
    """Return the degrees of freedom that a correlation between two cleaned series has.

    The variance of a correlation between two series grows with the products of their autocorrelations at each lag
    (Bayley & Hammersley 1946, doi:10.2307/2983560): the residual degrees of freedom are divided by
    1 + 2 sum (1 - k/N) r(k)^2, with r the mean over a sample of voxels, from frames that are both kept.

    Parameters
    ----------
    cleaned : Signals
        In one kind of cleaning.
    df_res : int
        Its residual degrees of freedom, by counting.
    """
    step = max(cleaned.coordinates.shape[1] // SAMPLE, 1)
    series = np.zeros((len(cleaned.kept), len(range(0, cleaned.coordinates.shape[1], step))))
    series[cleaned.kept] = cleaned.series(cleaned.coordinates[:, ::step])
    power = np.linalg.norm(series, axis=0)
    unit = series[:, power > 0] / power[power > 0]
    if not unit.size:
        return float(df_res)
    frames, length = len(unit), 2 * len(unit)
    products = np.fft.irfft((np.abs(np.fft.rfft(unit, length, axis=0)) ** 2).mean(axis=1), length)
    pairs = np.rint(np.fft.irfft(np.abs(np.fft.rfft(cleaned.kept.astype(float), length)) ** 2, length))
    lags = np.arange(1, int(LONGEST * frames) + 1)
    known = pairs[lags] > 0
    r = np.where(known, products[lags] * pairs[0] / np.where(known, pairs[lags], 1), 0.0)
    factor = 1 + 2 * float(((1 - lags / frames) * r**2).sum())
    return df_res / factor
