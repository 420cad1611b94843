"""Scans of PET as measures take them: activity of regions or voxels, a reference, weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.images import on_grid
from bids_app.dataset.series_stream import SeriesStream, file_order
from bids_app.dataset.volumes import read_mask
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.modalities import _pet_preparation
from bids_app.signals.smoothing import smooth_in_mask
from bids_app.statistics.kinetics.frames import left_of_decay
from bids_app.vocabulary.curves import Curves, PreparedCurves
from bids_app.vocabulary.domain import Sites, Voxels
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.options.pet import HALF_LIVES, Options
from bids_app.vocabulary.recording import Recording

Floats = NDArray[np.float64]

_FEWEST_VOXELS = 200
"""Voxels of a reference that is a mask."""

_FARTHEST = 10.0
"""Times that the mean activity of a brain can be of that of its reference, or the other way round."""


def load(recording: Recording, prepared: PreparedCurves, options: Options) -> Curves:
    """Return the curves of a scan beside that of its reference.

    Raises
    ------
    WrongDataError, MissingInputError
        If a file cannot be read or does not fit, or the reference has no activity late in the scan.
    """
    domain: Sites | Voxels
    if _pet_preparation.is_image(recording):
        values, domain, reference = _of_image(recording, prepared, options)
    else:
        names = tuple(name for name in prepared.table if name not in prepared.reference)
        values = np.stack([prepared.table[name] for name in names], axis=1)
        domain, reference = Sites(names=names, unit="region"), _mean_of_regions(prepared)
    if (reference[-max(len(reference) // 3, 1) :] <= 0).any():
        named = ", ".join(map(str, prepared.about["ReferenceRegion"]))  # type: ignore[call-overload]
        raise WrongDataError(f"{recording.series.name}: the reference ({named}) has no activity in late frames.")
    half = HALF_LIVES.get(str(recording.metadata.get("TracerRadionuclide", "C11")), HALF_LIVES["C11"])
    return Curves(
        frames=prepared.frames, values=values, reference=reference,
        weights=_weights(prepared, values.mean(axis=1), options.weights, half), domain=domain, about=prepared.about,
        displacement=prepared.displacement,
    )  # fmt: skip


def _mean_of_regions(prepared: PreparedCurves) -> Floats:
    return np.asarray(np.mean([prepared.table[name] for name in prepared.reference], axis=0))


def _weights(prepared: PreparedCurves, whole: Floats, kind: str, half_life: float) -> Floats:
    """Return the weight of each frame, (frames,), the largest 1; by counts: 1 over the variance of activity."""
    frames = prepared.frames
    if prepared.weights is not None:
        return prepared.weights
    if kind == "uniform":
        return np.ones(len(whole))
    found = frames.duration.copy()
    if kind == "decay":
        found = found * left_of_decay(frames, half_life) / np.maximum(whole, 0.01 * whole.max())
    return np.asarray(found / found.max())


def _of_image(
    recording: Recording, prepared: PreparedCurves, options: Options
) -> tuple[Floats, Voxels, Floats]:  # fmt: skip
    """Return activity of the voxels of the brain, (frames, voxels), where they are, and the reference curve."""
    series = SeriesStream(recording.series)
    if series.frames != len(prepared.kept):
        raise WrongDataError(
            f"{recording.series.name} has {series.frames} frames, its timing says {len(prepared.kept)}: they must be "
            "of one reconstruction."
        )
    brain = _brain(recording, series.grid)
    wanted, voxels = brain.copy(), None
    if not prepared.reference:
        voxels = on_grid(Path(options.reference_file), series.grid) > 0.5
        if voxels.sum() < _FEWEST_VOXELS:
            raise WrongDataError(
                f"{Path(options.reference_file).name} covers {int(voxels.sum())} voxels of {recording.series.name}; "
                f"a reference needs at least {_FEWEST_VOXELS}."
            )
        wanted |= voxels
    # A block is filled again once the next one is asked for.
    read = np.concatenate([block.copy() for block in series.blocks(wanted, prepared.kept)])
    activity = read[:, file_order(wanted)]
    if _pet_preparation.uncorrected(recording):
        activity /= _pet_preparation.left_in_scan(recording, prepared.frames, options)[:, None].astype(np.float32)
    reference = (
        _mean_of_regions(prepared) if voxels is None else activity[:, voxels[wanted]].mean(axis=1, dtype=np.float64)
    )
    known = brain[wanted] & np.isfinite(activity).all(axis=0) & (activity != 0).any(axis=0)
    if not known.any():
        raise WrongDataError(f"{recording.series.name}: no voxel of the brain mask has activity.")
    usable = wanted.copy()
    usable[wanted] = known
    activity = np.ascontiguousarray(activity[:, known])
    _require_one_unit(recording, activity, reference)
    if options.smoothing_fwhm > 0:
        activity = smooth_in_mask(activity, usable, series.grid.voxel_sizes, options.smoothing_fwhm)
    return activity.astype(np.float64), Voxels(series.grid, usable), reference


def _require_one_unit(recording: Recording, activity: NDArray[np.float32], reference: Floats) -> None:
    """Refuse an image and a reference whose activities are so far apart that their units must differ.

    Raises
    ------
    WrongDataError
        If the mean of the brain is more than ten times that of the reference, or less than a tenth.
    """
    ratio = float(activity.mean(dtype=np.float64) / reference.mean())
    if not 1 / _FARTHEST < ratio < _FARTHEST:
        raise WrongDataError(
            f"{recording.series.name} holds {ratio:.3g} times the activity of its reference on average: image and "
            "table of curves must be in one unit (Bq/mL and kBq/mL differ by 1000). Extract the table from this image."
        )


def _brain(recording: Recording, grid: Grid) -> Mask:
    """Return the mask of the brain on the grid of the image.

    Raises
    ------
    MissingInputError
        If there is none.
    """
    path = recording.companions.get("mask")
    if path is None:
        raise MissingInputError(
            f"{recording.series.name} has no mask of the brain in its space (*_space-{recording.entities['space']}*_"
            "desc-brain_mask.nii.gz in pet or anat). Copy it from the output of PETPrep or fMRIPrep."
        )
    mask, own = read_mask(path)
    return mask if own.matches(grid) else on_grid(path, grid) > 0.5
