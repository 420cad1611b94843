"""The nuisance model of one run, from its confound table alone: which frames count and what is regressed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.signals import censoring, confounds, projection
from bids_app.vocabulary.grid import Mask

KINDS = ("filtered", "unfiltered", "raw")
"""Kinds of cleaning, each within the next."""


@dataclass(frozen=True)
class Model:
    """What is regressed out and which frames are left out: edges in Hz (0 is open), thresholds (0 keeps all)."""

    high_pass: float = 0.0
    low_pass: float = 0.0
    detrend: int = 1
    patterns: tuple[str, ...] = ()
    fd_threshold: float = 0.0
    dvars_threshold: float = 0.0
    censor_before: int = 0
    censor_after: int = 0


@dataclass(frozen=True, eq=False)
class Plan:
    """What will be done to one run, known before a voxel is read.

    Attributes
    ----------
    basis : (kept frames, n)
        Orthonormal; the first `ranks["filtered"]` columns are what the whole model leaves.
    ranks : mapping
        Leading columns of each kind of cleaning, see `Signals`.
    kept : (frames,) bool
    regressors : dict of (frames,)
        Confound columns by name, gaps filled.
    displacement : (frames,) or None
        Framewise displacement in mm.
    unsteady : int
        Frames left out at the start, before steady state.
    csf : (kept frames,) or None
        Signal of the cerebrospinal fluid less its mean, of length one.
    """

    basis: NDArray[np.float64]
    ranks: Mapping[str, int]
    kept: Mask
    regressors: Mapping[str, NDArray[np.float64]]
    displacement: NDArray[np.float64] | None
    repetition_time: float
    unsteady: int
    csf: NDArray[np.float64] | None = None

    @property
    def df_res(self) -> int:
        """Residual degrees of freedom of the run."""
        return self.ranks["filtered"]

    @property
    def minutes(self) -> float:
        """Minutes of kept frames."""
        return int(self.kept.sum()) * self.repetition_time / 60


def plan_cleaning(table: confounds.Table, frames: int, repetition_time: float, model: Model, where: str) -> Plan:
    """Return the plan of a run.

    Parameters
    ----------
    table : mapping of (frames,)
        Numeric columns of its confound table.
    where : str
        What to call the table in messages.

    Raises
    ------
    WrongDataError
        If the table lacks what the model asks for.
    """
    table = confounds.complete(table)
    displacement = censoring.displacement_of(table)
    if displacement is None and model.fd_threshold > 0:
        raise WrongDataError(
            f"{where} has neither framewise_displacement nor six motion columns, so frames cannot be "
            "censored. Keep all frames with --set modalities.fmri.fd_threshold=0"
        )
    if "std_dvars" not in table and model.dvars_threshold > 0:
        raise WrongDataError(
            f"{where} has no std_dvars, so frames cannot be censored by it. Set modalities.fmri.dvars_threshold=0"
        )
    unsteady = censoring.unsteady_frames(table, frames)
    moved = censoring.above(displacement, model.fd_threshold, frames)
    moved |= censoring.above(table.get("std_dvars"), model.dvars_threshold, frames)
    kept = censoring.keep_frames(moved, model.censor_before, model.censor_after, unsteady)
    names = confounds.select(table, model.patterns)
    columns = confounds.matrix(table, names, kept)
    drift = projection.drift(frames, model.detrend)
    bands = projection.stop_band(frames, repetition_time, model.high_pass, model.low_pass)
    parts = [drift[:, :1], np.concatenate([drift[:, 1:], columns], axis=1), bands]
    basis, ranks = projection.nested_basis(parts, kept)
    regressors = dict(zip(names, columns.T, strict=True))
    return Plan(
        basis, dict(zip(KINDS, ranks, strict=True)), kept, regressors, displacement, repetition_time,
        int(unsteady.sum()), _unit(table.get("csf"), kept),
    )  # fmt: skip


def _unit(column: NDArray[np.float64] | None, kept: Mask) -> NDArray[np.float64] | None:
    """Return the kept frames of a column less their mean, of length one; None if it does not vary."""
    if column is None or not np.isfinite(column[kept]).all():
        return None
    centred = column[kept] - column[kept].mean()
    length = np.linalg.norm(centred)
    return centred / length if length > 0 else None
