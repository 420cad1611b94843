"""The nuisance model of one run, from its confound table alone: which frames count and what is regressed out.

Cleaning in two steps (regression, then a band-pass filter), as most of the literature did it, is for replication alone:
the filter brings back noise that the regression took out (Lindquist 2019, doi:10.1002/hbm.24528).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.signals import censoring, confounds, projection
from bids_app.signals.projection import Matrix, remaining_basis
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.options.cleaning import KINDS, Options


@dataclass(frozen=True, eq=False)
class Stepwise:
    """Cleaned series are `basis` times the products of `weights` with the series, both (frames, n).

    `df_res` are the degrees of freedom that white noise has after both steps (Satterthwaite).
    """

    basis: Matrix
    weights: Matrix
    df_res: int


def regress_then_filter(confounds: Matrix, stop: Matrix) -> Stepwise:
    """Return what two steps do to a series.

    Parameters
    ----------
    confounds : (frames, n)
        Regressed out first, the constant among them.
    stop : (frames, n)
        Sines and cosines that the filter takes out of the residuals; with none it takes the constant alone.

    Notes
    -----
    With the projections R = B B' of the regression and F = P P' of the filter, F R = P (P'B) B'; the singular values of
    the small matrix in the middle say how much of each direction passes both.
    """
    everything = np.ones(len(confounds), dtype=bool)
    regressed = remaining_basis(confounds, everything)
    passed = remaining_basis(np.column_stack([np.ones(len(confounds)), stop]), everything)
    left, passing, right = np.linalg.svd(passed.T @ regressed, full_matrices=False)
    kept = passing > 1e-9
    power = passing[kept] ** 2
    df_res = int(power.sum() ** 2 / (power**2).sum() + 1e-9) if kept.any() else 0
    return Stepwise(passed @ left[:, kept], regressed @ (right[kept].T * passing[kept]), df_res)


Spaces = tuple[Matrix, Matrix, Sequence[slice], Sequence[int]]


"""Basis and weights, and the columns and degrees of freedom of each kind of cleaning."""


@dataclass(frozen=True, eq=False, kw_only=True)
class NuisanceModel:
    """What will be done to one run, known before a voxel is read.

    Attributes
    ----------
    basis : (kept frames, n)
        Columns that cleaned series are made of; orthonormal within each kind of cleaning.
    weights : (kept frames, n)
        Coordinates of a series in that basis are its products with these; the basis itself where one model cleans.
    rows : mapping of slice
        Columns of each kind of cleaning, see `Signals`; `filtered` comes first.
    df : mapping of int
        Residual degrees of freedom of each kind of cleaning.
    kept : (frames,) bool
    regressors : dict of (frames,)
        Confound columns by name, gaps filled.
    displacement : (frames,) or None
        Framewise displacement in mm.
    unsteady : int
        Frames left out at the start, before steady state.
    csf : (kept frames,) or None
        Signal of the cerebrospinal fluid less its mean, of length one.
    unknown : int
        Frames at the start, among the unsteady ones, in which a confound has no value.
    unjudged : int
        Frames censored because their motion is not known.
    flat : tuple of str
        Confounds that do not vary, which take nothing out.
    notes : tuple of str
        What is odd about the run and does not stop it.
    first : int
        Volume of the file that the first frame is.
    segment : mapping
        What sidecars say of the segment of the run that this is; nothing of a whole run.
    """

    basis: NDArray[np.float64]
    weights: NDArray[np.float64]
    rows: Mapping[str, slice]
    df: Mapping[str, int]
    kept: Mask
    regressors: Mapping[str, NDArray[np.float64]]
    displacement: NDArray[np.float64] | None
    repetition_time: float
    unsteady: int
    csf: NDArray[np.float64] | None = None
    unknown: int = 0
    unjudged: int = 0
    flat: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    first: int = 0
    segment: Mapping[str, object] = field(default_factory=dict)

    @property
    def df_res(self) -> int:
        """Residual degrees of freedom of the run."""
        return self.df["filtered"]

    @property
    def minutes(self) -> float:
        """Minutes of kept frames."""
        return int(self.kept.sum()) * self.repetition_time / 60


def nuisance_model(
    table: confounds.Table, frames: int, repetition_time: float, patterns: Sequence[str], options: Options, where: str
) -> NuisanceModel:
    """Return the plan of a run.

    Parameters
    ----------
    table : mapping of (frames,)
        Numeric columns of its confound table.
    patterns : sequence of str
        Which of them are regressed out.
    where : str
        What to call the table in messages.

    Raises
    ------
    WrongDataError
        If the table lacks what the model asks for.
    """
    table = confounds.complete(table)
    displacement = censoring.displacement_of(table)
    if displacement is None and options.fd_threshold > 0:
        raise WrongDataError(
            f"{where} has neither framewise_displacement nor six motion columns, so frames cannot be "
            "censored. Keep all frames with --set modalities.fmri.fd_threshold=0"
        )
    if "std_dvars" not in table and options.dvars_threshold > 0:
        raise WrongDataError(
            f"{where} has no std_dvars, so frames cannot be censored by it. Set modalities.fmri.dvars_threshold=0"
        )
    names = confounds.select(table, patterns)
    unknown = confounds.unknown_at_start(table, names)
    unsteady = censoring.unsteady_frames(table, frames, options.dummy_scans) | unknown
    unjudged = censoring.unjudged(displacement, options.fd_threshold, frames)
    unjudged |= censoring.unjudged(table.get("std_dvars"), options.dvars_threshold, frames)
    moved = censoring.above(displacement, options.fd_threshold, frames) | (unjudged & ~unsteady)
    moved |= censoring.above(table.get("std_dvars"), options.dvars_threshold, frames)
    kept = censoring.keep_frames(moved, options.censor_before, options.censor_after, unsteady)
    steady = ~unsteady
    flat = tuple(name for name in names if steady.any() and np.ptp(np.nan_to_num(table[name][steady])) == 0)
    names = tuple(name for name in names if name not in flat)
    columns = confounds.matrix(table, names, kept)
    drift = projection.drift(frames, options.detrend)
    parts = [drift[:, :1], np.concatenate([drift[:, 1:], columns], axis=1)]
    clean = _stepwise if options.stepwise else _one_model
    basis, weights, rows, df = clean(parts, kept, repetition_time, options)
    regressors = dict(zip(names, columns.T, strict=True))
    return NuisanceModel(
        basis=basis,
        weights=weights,
        rows=dict(zip(KINDS, rows, strict=True)),
        df=dict(zip(KINDS, df, strict=True)),
        kept=kept,
        regressors=regressors,
        displacement=displacement,
        repetition_time=repetition_time,
        unsteady=int(unsteady.sum()),
        csf=_unit(table.get("csf"), kept),
        unknown=int(unknown.sum()),
        unjudged=int((unjudged & ~unsteady).sum()),
        flat=flat,
    )


def _one_model(parts: Sequence[Matrix], kept: Mask, repetition_time: float, options: Options) -> Spaces:
    bands = projection.stop_band(len(kept), repetition_time, options.high_pass, options.low_pass)
    basis, ranks = projection.nested_basis([*parts, bands], kept)
    return basis, basis, [slice(0, rank) for rank in ranks], ranks


def _stepwise(parts: Sequence[Matrix], kept: Mask, repetition_time: float, options: Options) -> Spaces:
    # A filter knows no gaps: it sees the run from its first steady volume on.
    bands = projection.stop_band(int(kept.sum()), repetition_time, options.high_pass, options.low_pass)
    filtered = regress_then_filter(np.concatenate(parts, axis=1)[kept], bands)
    wide, ranks = projection.nested_basis(parts, kept)
    first = filtered.basis.shape[1]
    basis = np.concatenate([filtered.basis, wide], axis=1)
    weights = np.concatenate([filtered.weights, wide], axis=1)
    rows = [slice(0, first), *(slice(first, first + rank) for rank in ranks)]
    return basis, weights, rows, (filtered.df_res, *ranks)


def _unit(column: NDArray[np.float64] | None, kept: Mask) -> NDArray[np.float64] | None:
    """Return the kept frames of a column less their mean, of length one; None if it does not vary."""
    if column is None or not np.isfinite(column[kept]).all():
        return None
    centred = column[kept] - column[kept].mean()
    length = np.linalg.norm(centred)
    return centred / length if length > 0 else None
