"""Runs of fMRI cleaned by one projection while the file is read, once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from bids_app.dataset import presets
from bids_app.dataset.confounds import joined_confounds
from bids_app.dataset.events import events_of
from bids_app.dataset.run_segments import events_within, recorded_from, volumes_of
from bids_app.dataset.series_stream import SeriesStream, file_order, reordered
from bids_app.dataset.volumes import read_mask
from bids_app.errors import WrongDataError
from bids_app.modalities import _fmri_words
from bids_app.signals import projection
from bids_app.signals.carpet import CarpetSample
from bids_app.signals.cleaning import NuisanceModel, nuisance_model
from bids_app.signals.confounds import matters
from bids_app.signals.effective_df import effective_df
from bids_app.signals.hemisphere_flip import exchanged
from bids_app.signals.smoothing import smooth_in_mask
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.options.cleaning import KINDS, Options
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.signals import Signals, TaskDesign


def confound_patterns(choice: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return the column patterns of a preset, or those given; a preset may be one of them."""
    words = (choice,) if isinstance(choice, str) else choice
    known = presets.names("confounds")
    if isinstance(choice, str) and choice not in known:
        return tuple(presets.load("confounds", choice)["columns"])  # says what is known
    found = (presets.load("confounds", word)["columns"] if word in known else [word] for word in words)
    return tuple(pattern for patterns in found for pattern in patterns)


SHORTEST_REPETITION, LONGEST_REPETITION = 0.05, 60.0
"""Seconds; beyond them the unit is another one."""


def repetition_time(recording: Recording) -> float:
    """Return the seconds between volumes, from the sidecar.

    Raises
    ------
    WrongDataError
        If a sidecar cannot be read, none says it, or it is no possible number of seconds.
    """
    if recording.problem:
        raise WrongDataError(recording.problem)
    value = recording.metadata.get("RepetitionTime")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not SHORTEST_REPETITION <= float(str(value)) <= LONGEST_REPETITION:
        text = " That is text: leave out the quotation marks." if isinstance(value, str) else ""
        raise WrongDataError(
            f"{recording.series.name}: RepetitionTime is {value!r} in its sidecars; expected seconds, from "
            f"{SHORTEST_REPETITION:g} to {LONGEST_REPETITION:g}. "
            f'Write it into the JSON beside the file: {{"RepetitionTime": 2.0}}.{text}'
        )
    return float(str(value))


def prepare(recording: Recording, options: Options) -> NuisanceModel:
    """Build the nuisance model of a run from its header and confound tables alone.

    Raises
    ------
    WrongDataError, MissingInputError
        If a table does not fit the series or lacks what the options ask for.
    """
    step = repetition_time(recording)
    series = SeriesStream(recording.series)
    patterns = confound_patterns(options.confounds)
    tables = recording.several("confounds")
    table = joined_confounds(tables, series.frames, lambda name: matters(name, patterns))
    own = volumes_of(recording, series.frames, step)
    # Cut before anything is computed: a segment is cleaned by its own frames alone.
    table = {name: column[own] for name, column in table.items()}
    initial = replace(options, dummy_scans=max(options.dummy_scans - own.start, 0))
    plan = nuisance_model(table, own.stop - own.start, step, patterns, initial, str(tables[0]))
    plan = replace(plan, first=own.start, segment=_segment(recording, own, step))
    return replace(plan, notes=tuple(_odd(series, step, plan)))


def _segment(recording: Recording, own: slice, step: float) -> dict[str, object]:
    """Return what sidecars say of a segment of a run."""
    if recording.segment is None:
        return {}
    name, rule = recording.segment
    said = {"Name": name, "Rule": rule.rule, "FirstVolume": own.start, "LastVolume": own.stop - 1}
    return {"Segment": {**said, "Begin": own.start * step, "End": own.stop * step, "Units": "s from the first volume"}}


def _odd(series: SeriesStream, step: float, plan: NuisanceModel) -> Iterator[str]:
    """Yield what a user should know of a run that is worked on all the same."""
    ratio = series.header_step / step
    if series.header_step not in (0.0, 1.0) and all(abs(ratio / unit - 1) > 0.01 for unit in (1e-3, 1.0, 1e3)):
        yield f"its header says {series.header_step:g} s between volumes, its sidecar {step:g} s, which is used"
    if plan.unknown:
        yield f"the first {plan.unknown} volumes are excluded: a confound has no value there"
    if plan.flat:
        yield f"{', '.join(plan.flat)} do not vary, so nothing is removed by them (an empty mask of the tissue?)"
    if plan.unjudged:
        yield f"{plan.unjudged} volumes are censored because their motion is n/a"


def load(recording: Recording, plan: NuisanceModel, options: Options, kinds: Collection[str] = KINDS[:1]) -> Signals:
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
    series = SeriesStream(recording.series)
    mask = recording.companions["mask"]
    brain, grid = read_mask(mask)
    if not grid.matches(series.grid):
        raise WrongDataError(
            f"{recording.companions['mask'].name} lies on {grid.describe()}, its series on {series.grid.describe()}; "
            "they must be the same grid. Take both from one run of fMRIPrep."
        )
    last = max(plan.rows[kind].stop for kind in kinds)
    sums, sample = _summed(series, brain, plan, last)
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
    filtered = plan.rows["filtered"]
    carpet = sample.carpet(plan.basis[:, filtered], coordinates[filtered], chosen, plan.kept)
    smoothed = None
    if options.smoothing_fwhm > 0 and "filtered" in kinds:
        smoothed = smooth_in_mask(coordinates[filtered], usable, grid.voxel_sizes, options.smoothing_fwhm)
    task = _task(recording, plan, options) if "raw" in kinds else None
    notes = {"brain_voxels": len(valid), "unusable_voxels": int((~valid).sum())}
    signals = Signals(
        basis=plan.basis[:, :last],
        coordinates=coordinates,
        kept=plan.kept,
        grid=grid,
        mask=usable,
        mean=mean[chosen],
        deviation=deviation[chosen],
        repetition_time=plan.repetition_time,
        rows={kind: plan.rows[kind] for kind in kinds},
        smoothed=smoothed,
        fwhm=options.smoothing_fwhm,
        gaps_possible=options.censors,
        skipped=plan.unsteady,
        task=task,
        fluid=fluid,
        carpet=carpet,
        notes=notes,
    )
    if options.low_pass == 0:
        signals = replace(signals, effective_df=effective_df(signals.cleaned("filtered"), plan.df_res))
    return exchanged(signals) if recording.flipped else signals


def _summed(
    series: SeriesStream, brain: Mask, plan: NuisanceModel, last: int
) -> tuple[projection.Accumulator, CarpetSample]:
    """Read the file once: coordinates of every voxel in the first columns of a plan, and a sample of the series."""
    # One more row: how each voxel correlates with the fluid before anything is taken out.
    weights = np.column_stack([plan.weights[:, :last], *([] if plan.csf is None else [plan.csf])])
    sums = projection.Accumulator(weights, int(brain.sum()), plan.rows["filtered"].stop)
    sample = CarpetSample(int(brain.sum()))
    # One BLAS thread: the other processor inflates meanwhile, and that takes longer.
    with threadpool_limits(1):
        kept = np.zeros(series.frames, dtype=bool)
        kept[plan.first : plan.first + len(plan.kept)] = plan.kept
        for block in series.blocks(brain, kept):
            sample.take(block)
            sums.add(block)
    return sums, sample


def _task(recording: Recording, plan: NuisanceModel, options: Options) -> TaskDesign:
    """Return the events of a run and the nuisance columns that its model needs, slow waves but no low-pass."""
    frames = len(plan.kept)
    corrected = plan.repetition_time / 2 if recording.metadata.get("SliceTimingCorrected") else 0.0
    start = recording.metadata.get("StartTime", corrected)
    first = float(start) if isinstance(start, int | float) else 0.0
    times = first + plan.repetition_time * np.arange(frames, dtype=np.float64)
    slow = projection.stop_band(frames, plan.repetition_time, options.high_pass, 0.0)
    parts = [projection.drift(frames, options.detrend), slow, *(column[:, None] for column in plan.regressors.values())]
    columns = np.concatenate(parts, axis=1)
    events = events_of(recording)
    if recording.segment is not None:
        begin = recorded_from(recording, plan.repetition_time) + plan.first * plan.repetition_time
        events = events_within(events, begin, frames * plan.repetition_time)
        times = times - recorded_from(recording, plan.repetition_time)
    return TaskDesign(events, times, columns, plan.displacement)


def describe(plan: NuisanceModel, options: Options, kind: str = KINDS[0]) -> dict[str, object]:
    """Return what was done to a run in one kind of cleaning, as sidecars carry it."""
    band = {"PassBand": {"HighPass": options.high_pass, "LowPass": options.low_pass, "Units": "Hz"}}
    return {
        "RepetitionTime": plan.repetition_time,
        **plan.segment,
        "Cleaning": kind,
        "Procedure": options.procedure,
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
        "VolumesNonSteadyState": plan.unsteady - plan.unknown,
        **({"VolumesWithoutConfounds": plan.unknown} if plan.unknown else {}),
        "ResidualDegreesOfFreedom": plan.df[kind],
        "SmoothingFWHM": options.smoothing_fwhm,
        **({"ReplicationOnly": warning} if (warning := _fmri_words.mark(options)) else {}),
    }
