"""fMRI runs of fMRIPrep: cleaned by one projection while the file is read, once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Interval
from threadpoolctl import threadpool_limits

from bids_app.dataset import presets
from bids_app.dataset.confounds import read_confounds
from bids_app.dataset.series import Series, file_order, reordered
from bids_app.dataset.tables import read_tsv
from bids_app.dataset.volumes import read_mask
from bids_app.errors import WrongDataError
from bids_app.signals import projection
from bids_app.signals.cleaning import KINDS, Model, Plan, plan_cleaning
from bids_app.signals.mirror import exchanged
from bids_app.signals.smoothing import smooth_in_mask
from bids_app.vocabulary.option import Doc
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.signals import Signals, Task


@dataclass(frozen=True)
class Options:
    """Options of `[modalities.fmri]`: how a run is cleaned."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    high_pass: Annotated[float, Ge(0), Doc("Lower edge of the pass band; 0 leaves it open.", "Hz")] = 0.008
    low_pass: Annotated[float, Ge(0), Doc("Upper edge of the pass band; 0 leaves it open.", "Hz")] = 0.1
    detrend: Annotated[int, Interval(ge=0, le=3), Doc("Order of the polynomial drift.")] = 1
    confounds: Annotated[
        str | tuple[str, ...], Doc("A preset, or patterns of confound columns; an empty list is none.")
    ] = "24P+csf+wm"
    fd_threshold: Annotated[
        float, Ge(0), Doc("Frames of a framewise displacement (Power) above it are censored; 0 keeps all.", "mm")
    ] = 0.5
    dvars_threshold: Annotated[
        float, Ge(0), Doc("Frames of a standardised DVARS above it are censored too (fMRIPrep flags 1.5); 0 keeps all.")
    ] = 0.0
    censor_before: Annotated[int, Ge(0), Doc("Frames censored before each that moved.")] = 0
    censor_after: Annotated[int, Ge(0), Doc("Frames censored after each that moved.")] = 1
    smoothing_fwhm: Annotated[float, Ge(0), Doc("Smoothing of target maps; seeds are never smoothed.", "mm")] = 6.0
    flip_column: Annotated[
        str, Doc("Column of participants.tsv that says whose left and right are exchanged; empty: nobody's.")
    ] = ""
    flip_value: Annotated[str, Doc("Value of that column for them, e.g. the side that hurts.")] = "right"
    min_df_res: Annotated[int, Ge(3), Doc("Residual degrees of freedom a session needs, its runs together.")] = 20
    min_minutes: Annotated[float, Ge(0), Doc("Minutes of kept frames a session needs.", "min")] = 4.0


def confound_patterns(choice: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the column patterns of a preset, or those given."""
    if isinstance(choice, str):
        return tuple(presets.load("confounds", choice)["columns"])
    return choice


def repetition_time(recording: Recording) -> float:
    """Return the seconds between volumes, from the sidecar.

    Raises
    ------
    WrongDataError
        If no sidecar says it, or it is not a positive number.
    """
    value = recording.metadata.get("RepetitionTime")
    if not isinstance(value, int | float) or not value > 0:
        raise WrongDataError(
            f"{recording.series.name}: RepetitionTime is {value!r} in its sidecars; expected seconds above 0. "
            'Write it into the JSON beside the file: {"RepetitionTime": 2.0}'
        )
    return float(value)


def prepare(recording: Recording, options: Options) -> Plan:
    """Build the nuisance model of a run from its header and confound table alone.

    Raises
    ------
    WrongDataError, MissingInputError
        If the table does not fit the series or lacks what the options ask for.
    """
    step = repetition_time(recording)
    frames = Series(recording.series).frames
    table = read_confounds(recording.confounds, frames)
    model = Model(
        options.high_pass, options.low_pass, options.detrend, confound_patterns(options.confounds),
        options.fd_threshold, options.dvars_threshold, options.censor_before, options.censor_after,
    )  # fmt: skip
    return plan_cleaning(table, frames, step, model, str(recording.confounds))


def load(recording: Recording, plan: Plan, options: Options, kinds: Collection[str] = KINDS[:1]) -> Signals:
    """Read and clean one run in a single pass over its file.

    Parameters
    ----------
    kinds : collection of str
        Kinds of cleaning that measures will ask for; all of them come from the one pass.

    Raises
    ------
    WrongDataError, MissingInputError
        If a file cannot be read, or mask and series lie on different grids.
    """
    series = Series(recording.series)
    brain, grid = read_mask(recording.mask)
    if not grid.matches(series.grid):
        raise WrongDataError(
            f"{recording.mask.name} lies on {grid.describe()}, its series on {series.grid.describe()}; "
            "they must be the same grid. Take both from one run of fMRIPrep."
        )
    basis = plan.basis[:, : max(plan.ranks[kind] for kind in kinds)]
    # One more row: how each voxel goes with the fluid before anything is taken out.
    rows = basis if plan.csf is None else np.column_stack([basis, plan.csf])
    sums = projection.Accumulator(rows, int(brain.sum()), plan.df_res)
    # One BLAS thread: the other processor inflates meanwhile, and that takes longer.
    with threadpool_limits(1):
        for block in series.blocks(brain, plan.kept):
            sums.add(block)
    order = file_order(brain)
    valid = sums.valid()[order]
    usable = brain.copy()
    usable[brain] = valid
    if not valid.any():
        raise WrongDataError(f"{recording.series.name}: no voxel of the brain mask is finite and varies over time.")
    chosen = order[valid]
    coordinates = reordered(sums.coordinates, chosen)
    mean, deviation = sums.moments()
    fluid = None
    if plan.csf is not None:
        fluid, coordinates = coordinates[-1] / deviation[chosen] / np.sqrt(plan.kept.sum()), coordinates[:-1]
    smoothed = None
    if options.smoothing_fwhm > 0 and "filtered" in kinds:
        smoothed = smooth_in_mask(coordinates[: plan.df_res], usable, grid.voxel_sizes, options.smoothing_fwhm)
    task = _task(recording, plan, options, series.frames) if "raw" in kinds else None
    gaps = options.fd_threshold > 0 or options.dvars_threshold > 0
    notes = {"brain_voxels": len(valid), "unusable_voxels": int((~valid).sum())}
    signals = Signals(
        basis, coordinates, plan.kept, grid, usable, mean[chosen], deviation[chosen], plan.repetition_time,
        {kind: plan.ranks[kind] for kind in kinds}, smoothed, options.smoothing_fwhm, gaps, plan.unsteady, task,
        fluid=fluid, notes=notes,
    )  # fmt: skip
    return exchanged(signals) if recording.flipped else signals


def _task(recording: Recording, plan: Plan, options: Options, frames: int) -> Task:
    """Return the events of a run and the nuisance columns that its model needs, slow waves but no low-pass."""
    corrected = plan.repetition_time / 2 if recording.metadata.get("SliceTimingCorrected") else 0.0
    start = recording.metadata.get("StartTime", corrected)
    first = float(start) if isinstance(start, int | float) else 0.0
    times = first + plan.repetition_time * np.arange(frames, dtype=np.float64)
    slow = projection.stop_band(frames, plan.repetition_time, options.high_pass, 0.0)
    parts = [projection.drift(frames, options.detrend), slow, *(column[:, None] for column in plan.regressors.values())]
    columns = np.concatenate(parts, axis=1)
    return Task(read_tsv(recording.events) if recording.events else {}, times, columns)


def describe(plan: Plan, options: Options, kind: str = KINDS[0]) -> dict[str, object]:
    """Return what was done to a run in one kind of cleaning, as sidecars carry it."""
    band = {"PassBand": {"HighPass": options.high_pass, "LowPass": options.low_pass, "Units": "Hz"}}
    return {
        "RepetitionTime": plan.repetition_time,
        "Cleaning": kind,
        **(band if kind == "filtered" else {}),
        "DetrendOrder": options.detrend,
        "ConfoundStrategy": options.confounds if isinstance(options.confounds, str) else list(options.confounds),
        "Confounds": list(plan.regressors),
        "FramewiseDisplacementThreshold": options.fd_threshold,
        "StandardisedDVARSThreshold": options.dvars_threshold,
        "CensoredBefore": options.censor_before,
        "CensoredAfter": options.censor_after,
        "VolumesTotal": len(plan.kept),
        "VolumesKept": int(plan.kept.sum()),
        "VolumesNonSteadyState": plan.unsteady,
        "ResidualDegreesOfFreedom": plan.ranks[kind],
        "SmoothingFWHM": options.smoothing_fwhm,
    }


def too_little(df_res: int, minutes: float, options: Options) -> str:
    """Return why a session cannot be used and what would help, or nothing."""
    if df_res >= options.min_df_res and minutes >= options.min_minutes:
        return ""
    return (
        f"{df_res} residual degrees of freedom (at least {options.min_df_res} needed) and {minutes:.1f} minutes kept "
        f"(at least {options.min_minutes:g} needed). What would help: high-pass only (modalities.fmri.low_pass=0), "
        "fewer confounds (modalities.fmri.confounds), a higher fd_threshold"
    )
