"""Cleaning as ONE orthogonal projection on the kept frames.

Detrending, band-pass, censoring and confound regression in one least-squares model: nothing that one
step took out can be brought back by the next (Lindquist 2019, doi:10.1002/hbm.24528).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask

Matrix = NDArray[np.float64]

TILE = 8192
"""Voxels of one product."""


def stop_band(frames: int, repetition_time: float, high_pass: float, low_pass: float) -> Matrix:
    """Return sines and cosines of every frequency outside the pass band, (frames, n).

    Frequencies are k / (frames * TR) up to Nyquist. An edge of 0 Hz leaves that side open.
    """
    frequencies = np.arange(1, frames // 2 + 1) / (frames * repetition_time)
    stop = np.zeros(len(frequencies), dtype=bool)
    slack = 1e-9  # a frequency on an edge is in the band, whatever its last bit
    if high_pass > 0:
        stop |= frequencies < high_pass * (1 - slack)
    if low_pass > 0:
        stop |= frequencies > low_pass * (1 + slack)
    turns = np.flatnonzero(stop) + 1
    angle = 2 * np.pi * np.outer(np.arange(frames), turns) / frames
    # At Nyquist the sine is nothing but rounding, and would cost a degree of freedom if it were kept.
    return np.concatenate([np.cos(angle), np.sin(angle[:, 2 * turns != frames])], axis=1)


def drift(frames: int, order: int) -> Matrix:
    """Return the constant and Legendre polynomials up to `order`, (frames, order + 1)."""
    return np.asarray(np.polynomial.legendre.legvander(np.linspace(-1, 1, frames), order), dtype=np.float64)


def remaining_basis(nuisance: Matrix, kept: Mask) -> Matrix:
    """Return an orthonormal basis of what a nuisance model leaves of the kept frames.

    Parameters
    ----------
    nuisance : (frames, n)
        All regressors, the constant among them; rows of censored frames are left out.
    kept : (frames,) bool

    Returns
    -------
    basis : (kept frames, df_res)
        df_res = kept frames less the rank of the model. It may be 0.
    """
    basis, ranks = nested_basis([nuisance], kept)
    return np.ascontiguousarray(basis[:, : ranks[0]])


def nested_basis(parts: Sequence[Matrix], kept: Mask) -> tuple[Matrix, tuple[int, ...]]:
    """Return one basis whose first columns are what ever smaller nuisance models leave.

    Parameters
    ----------
    parts : sequence of (frames, n)
        Blocks of regressors, those that every model has first.
    kept : (frames,) bool

    Returns
    -------
    basis : (kept frames, n)
        Orthonormal. All that the first block leaves.
    ranks : tuple of int
        Item k counts the leading columns that the blocks 0 ... len(parts) - 1 - k leave together: item 0 is
        the whole model, the last item the first block alone.
    """
    frames = int(kept.sum())
    spans: list[Matrix] = []
    for part in parts:
        model = part[kept]
        scale = np.linalg.norm(model, axis=0)
        model = model[:, scale > 0] / scale[scale > 0]
        # Twice, because once leaves rounding of the size that the rank is judged by.
        for span in (*spans, *spans):
            model = model - span @ (span.T @ model)
        left, singular, _ = np.linalg.svd(model, full_matrices=False)
        # 1e-9 also takes columns apart that differ by rounding of the table only.
        spans.append(left[:, singular > max(max(model.shape) * np.finfo(np.float64).eps, 1e-9)])
    taken = np.concatenate(spans, axis=1)
    whole = np.linalg.qr(taken, mode="complete")[0]
    basis = np.concatenate([whole[:, taken.shape[1] :], *reversed(spans[1:])], axis=1)
    sizes = [frames - taken.shape[1], *(span.shape[1] for span in reversed(spans[1:]))]
    return np.ascontiguousarray(basis), tuple(int(n) for n in np.cumsum(sizes))


class Accumulator:
    """Coordinates C = Q'Y of a stream of volumes, without ever holding the series.

    Sums are float32 like the data: the first kept volume is subtracted from all (the model holds the
    constant, so the coordinates do not change), which keeps the digits of small fluctuations. `rank` counts the
    leading columns that cleaning leaves in the end; a voxel must vary there.

    Attributes
    ----------
    coordinates : (columns of the basis, voxels) float32
    """

    def __init__(self, basis: Matrix, voxels: int, rank: int | None = None) -> None:
        self._rank = rank
        self._rows = basis.astype(np.float32)
        self._seen = 0
        self.coordinates = np.zeros((basis.shape[1], voxels), dtype=np.float32)
        self._first = np.zeros(voxels, dtype=np.float32)
        self._sum = np.zeros(voxels, dtype=np.float32)
        self._squares = np.zeros(voxels, dtype=np.float32)

    def add(self, block: NDArray[np.float32]) -> None:
        """Take the next kept volumes, (n, voxels); the block is changed in place."""
        if self._seen == 0:
            self._first[:] = block[0]
        rows = self._rows[self._seen : self._seen + len(block)]
        with np.errstate(invalid="ignore", over="ignore"):
            block -= self._first
            # Tiles whose products stay in the cache: one temporary for all voxels would go through memory thrice.
            for start in range(0, block.shape[1], TILE):
                part = slice(start, start + TILE)
                self.coordinates[:, part] += rows.T @ block[:, part]
            self._sum += block.sum(axis=0)
            self._squares += np.einsum("tv,tv->v", block, block)
        self._seen += len(block)

    def moments(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return temporal mean and standard deviation of the kept frames, (voxels,) each."""
        with np.errstate(invalid="ignore", over="ignore"):
            mean = self._sum / self._seen
            variance = self._squares / self._seen - mean**2
            deviation: NDArray[np.float32] = np.sqrt(np.maximum(variance, np.float32(0)), dtype=np.float32)
            return np.asarray(self._first + mean), deviation

    def valid(self) -> Mask:
        """Return (voxels,) True where the voxel is finite and cleaning leaves it any variance."""
        with np.errstate(invalid="ignore", over="ignore"):
            left = np.einsum("kv,kv->v", self.coordinates[: self._rank], self.coordinates[: self._rank])
            _, deviation = self.moments()
            total = deviation**2 * self._seen
            # Float32 leaves about 1e-12 of the variance of a voxel that the model explains wholly.
            varies = (left > 1e-10 * total) & (total > 0)
            return np.asarray(np.isfinite(left) & np.isfinite(total) & varies)
