"""What a session of fMRI leaves besides its maps: the frames of each run, and the columns of its quality table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.carpet_picture import carpet_picture
from bids_app.derivatives.files import write_picture
from bids_app.derivatives.participant import SessionWriter
from bids_app.derivatives.paths import VOLUME_ENTITIES
from bids_app.signals.cleaning import NuisanceModel
from bids_app.statistics.correlation import global_correlation
from bids_app.vocabulary.entities import join, without
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.run_state import RunState
from bids_app.vocabulary.signals import Signals

FRAMES: dict[str, dict[str, object]] = {
    "framewise_displacement": {"Description": "Framewise displacement (Power 2012).", "Units": "mm"},
    "censored": {"Description": "Frame left out of every estimate.", "Levels": {"0": "kept", "1": "left out"}},
    "dvars_before": {
        "Description": "Root mean square step from the frame before, over 300 voxels of the brain, before cleaning.",
        "Units": "percent of the voxel's mean",
    },
    "dvars_after": {"Description": "The same after cleaning.", "Units": "percent of the voxel's mean"},
}


def quality_row(run: RunState) -> dict[str, object]:
    """Return the quality of one run, whether it was read or left out."""
    row: dict[str, object] = {}
    if run.prepared is not None:
        row |= _of_plan(plan_of(run))
    if signals := signals_of(run):
        row |= _of_signals(signals)
    return row


def plan_of(run: RunState) -> NuisanceModel:
    """Return what will be done to a run; of runs that could be prepared."""
    assert isinstance(run.prepared, NuisanceModel)
    return run.prepared


def signals_of(run: RunState) -> Signals | None:
    """Return what was loaded of a run; None of runs that were not."""
    assert run.loaded is None or isinstance(run.loaded, Signals)
    return run.loaded


def _of_signals(signals: Signals) -> dict[str, object]:
    return {
        "voxels": int(signals.mask.sum()),
        "voxels_unusable": signals.notes["unusable_voxels"],
        "tsnr": float(np.median(signals.mean / signals.deviation)),
        "df_effective": signals.effective_df,
        "gcor": global_correlation(signals.cleaned("filtered").coordinates),
    }


def _of_plan(plan: NuisanceModel) -> dict[str, object]:
    known = np.empty(0) if plan.displacement is None else plan.displacement[np.isfinite(plan.displacement)]
    return {
        "volumes": len(plan.kept),
        "volumes_kept": int(plan.kept.sum()),
        "minutes_kept": plan.minutes,
        "mean_fd": float(known.mean()) if len(known) else None,
        "max_fd": float(known.max()) if len(known) else None,
        "df_res": plan.df_res,
        "df_confounds": plan.df["raw"] - plan.df["unfiltered"],
        "df_band": plan.df["unfiltered"] - plan.df["filtered"],
    }


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session over its runs."""
    kept, volumes = np.nansum(runs["volumes_kept"]), np.nansum(runs["volumes"])
    usable, unusable_ = np.nansum(runs.get("voxels", np.nan)), np.nansum(runs.get("voxels_unusable", np.nan))
    worth = runs.get("df_effective", np.full_like(runs["df_res"], np.nan))
    freedom = np.where(np.isnan(worth), runs["df_res"], worth)
    return {
        "max_mean_fd": Quality("mean FD", float(np.nanmean(runs.get("mean_fd", np.array([np.nan])))), " mm"),
        "max_censored": Quality("share of censored volumes", float(1 - kept / volumes)),
        "min_minutes": Quality("minutes kept", float(np.nansum(runs["minutes_kept"]))),
        "min_df_res": Quality("residual degrees of freedom", float(np.nansum(freedom))),
        "min_coverage": Quality("share of usable voxels", float(usable / max(usable + unusable_, 1))),
    }


def by_arm(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what pages show of a session; minutes and degrees of freedom add up over its runs."""
    voxels, unusable_ = (np.nansum(runs.get(name, np.nan)) for name in ("voxels", "voxels_unusable"))
    absent = np.array([np.nan])
    return {
        "mean_fd": _known(np.nanmean, runs.get("mean_fd", absent)),
        "minutes_kept": float(np.nansum(runs["minutes_kept"])),
        "df_res": float(np.nansum(runs["df_res"])),
        "tsnr": _known(np.nanmedian, runs.get("tsnr", absent)),
        "coverage": float(100 * voxels / (voxels + unusable_)) if voxels + unusable_ else float("nan"),
    }


def _known(mean: Callable[[NDArray[np.float64]], np.float64], values: NDArray[np.float64]) -> float:
    """Return the mean of what is known of runs; NaN where nothing is."""
    return float(mean(values)) if np.isfinite(values).any() else float("nan")


def write_frames(writer: SessionWriter, run: RunState) -> None:
    """Write what is known of each frame of a run, the confounds regressed out, and a picture of the series."""
    recording, plan, signals = run.recording, plan_of(run), signals_of(run)
    carpet = signals.carpet if signals else None
    entities = {**without(recording.entities, *VOLUME_ENTITIES), "desc": "denoised"}
    displacement = np.full(len(plan.kept), np.nan) if plan.displacement is None else plan.displacement
    columns = {"framewise_displacement": displacement, "censored": (~plan.kept).astype(int)}
    if carpet:
        columns |= {"dvars_before": carpet.dvars_before, "dvars_after": carpet.dvars_after}
        name = join({**recording.entities, "desc": "carpet"}, "bold", ".png")
        write_picture(writer.figures / name, carpet_picture(carpet, plan.kept))
    sources = {"Sources": [recording.uri(path) for path in recording.several("confounds")]}
    writer.table(entities, "outliers", columns, {**{column: FRAMES[column] for column in columns}, **sources})
    if plan.regressors:
        text = "Confounds that were regressed out, beside drift and stop-band terms (see the sidecars of the maps)."
        writer.table(entities, "design", plan.regressors, {"Description": text, **sources})


def mean_image(runs: Sequence[RunState], common: Mask) -> NDArray[np.floating[Any]]:
    """Return the mean over runs of their mean images, (voxels that all runs have,)."""
    loaded = [signals for run in runs if (signals := signals_of(run))]
    return np.asarray(np.mean([signals.mean[common[signals.mask]] for signals in loaded], axis=0))
