"""Scans of PET as measures take them: frames by the sidecar, activity of regions or voxels, a reference, weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.images import on_grid
from bids_app.dataset.pet_tables import CurveTable, columns_in, frames_of, read_curves
from bids_app.dataset.series_stream import SeriesStream, file_order
from bids_app.dataset.volumes import open_image, read_mask
from bids_app.errors import MissingInputError, UsageError, WrongDataError, suggest
from bids_app.signals.smoothing import smooth_in_mask
from bids_app.statistics.kinetics.frames import left_of_decay
from bids_app.vocabulary.curves import LATE, Curves, Frames, PreparedCurves
from bids_app.vocabulary.domain import Sites, Voxels
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.options.pet import HALF_LIVES, Options
from bids_app.vocabulary.recording import Recording

Floats = NDArray[np.float64]

_FEWEST_VOXELS = 200
"""Voxels of a reference that is a mask."""

_FARTHEST = 10.0
"""Times that the mean activity of a brain can be of that of its reference, or the other way round."""


def without_reference(recording: Recording, options: Options) -> str:
    """Return what is wrong with the reference of a scan, by the head of its table alone; nothing if it is there."""
    table = _table(recording)
    if table is None or (is_image(recording) and options.reference_file):
        return ""
    try:
        _reference(columns_in(table), options.reference, table)
    except UsageError as error:
        return str(error)
    return ""


def kinds_of(recording: Recording) -> tuple[str]:
    """Return whether a recording gives curves of regions or of voxels."""
    return ("voxels",) if is_image(recording) else ("regions",)


def is_image(recording: Recording) -> bool:
    """Tell whether a recording is an image; otherwise it is a table of regions."""
    return recording.series.suffix != ".tsv"


def _table(recording: Recording) -> Path | None:
    return recording.companions.get("curves") if is_image(recording) else recording.series


def prepare(recording: Recording, options: Options) -> PreparedCurves:
    """Read the table of a scan and choose its frames and its reference.

    Raises
    ------
    UsageError
        If the reference is not in the table.
    WrongDataError, MissingInputError
        If its timing is not known or cannot be, its activity is not corrected for decay, or nothing is a reference.
    """
    if recording.problem:
        raise WrongDataError(recording.problem)
    table, by_mask = _table(recording), is_image(recording) and bool(options.reference_file)
    own = _read(recording, None if by_mask else table, by_mask=by_mask)
    frames = Frames(start=own.start, duration=own.duration)
    curves = own.curves
    if _uncorrected(recording):
        left = _left_of_decay(recording, frames, options)
        curves = {name: values / left for name, values in curves.items()}
    used = frames.start >= options.start - 1e-6
    if options.end:
        used &= frames.end <= options.end + 1e-6
    reference = () if by_mask else _reference(tuple(curves), options.reference, table or recording.series)
    notes: tuple[str, ...] = ()
    if len(frames.start) and frames.start[0] > LATE:
        notes = (f"its first frame begins {frames.start[0]:.1f} min after injection: the rise before is a guess",)
    if "infusion" in str(recording.metadata.get("ModeOfAdministration", "")).lower():
        notes = (*notes, "bolus-infusion: reference models hold; a ratio of uptake at equilibrium is BPnd + 1")
    kept = own.kept.copy()
    kept[own.kept] = used
    return PreparedCurves(
        frames=frames.some(used), table={name: values[used] for name, values in curves.items()}, reference=reference,
        kept=kept, about=_about(recording, options, reference), notes=notes, weights=_own_weights(own, used, options),
        df=dict.fromkeys(kinds_of(recording), 1),
    )  # fmt: skip


def _read(recording: Recording, table: Path | None, *, by_mask: bool) -> CurveTable:
    """Return the curves of a table; of an image whose reference is a mask its frames alone.

    Raises
    ------
    MissingInputError
        If an image has neither a table nor a mask of the reference.
    """
    if by_mask:
        return frames_of(recording, int((*open_image(recording.series).shape, 1)[3]))
    if table is None:
        raise MissingInputError(
            f"{recording.series.name} has no table of curves (*_tacs.tsv) of the same scan to take the reference from. "
            "Put it there, or name a mask in the space of the image: --set modalities.pet.reference_file=mask.nii.gz"
        )
    return read_curves(recording, table)


def _own_weights(own: CurveTable, used: Mask, options: Options) -> Floats | None:
    """Return the weights of the table where they are asked for, the largest 1.

    Raises
    ------
    MissingInputError
        If it has none.
    """
    if options.weights != "column":
        return None
    if own.weights is None or not own.weights[used].max(initial=0.0) > 0:
        raise MissingInputError(
            "modalities.pet.weights is column, and there is no column weights above 0 in the table of curves. Take "
            "decay, duration or uniform, or write the column."
        )
    return np.asarray(own.weights[used] / own.weights[used].max())


def _about(recording: Recording, options: Options, reference: tuple[str, ...]) -> dict[str, object]:
    """Return what sidecars say of the scan."""
    of_mask = [Path(options.reference_file).name] if options.reference_file and not reference else []
    said: dict[str, object] = {
        "TracerName": recording.metadata.get("TracerName", ""), "ReferenceRegion": [*reference, *of_mask],
        "Weights": options.weights, "DecayCorrectedHere": _uncorrected(recording),
        "ModeOfAdministration": recording.metadata.get("ModeOfAdministration", ""),
    }  # fmt: skip
    if is_image(recording):
        said["SmoothingFWHM"] = options.smoothing_fwhm
    for key in ("InjectedRadioactivity", "InjectedRadioactivityUnits", "InjectedMass", "InjectedMassUnits"):
        if key in recording.metadata:
            said[key] = recording.metadata[key]
    return said


def _uncorrected(recording: Recording) -> bool:
    return recording.metadata.get("ImageDecayCorrected") is False


def _left_of_decay(recording: Recording, frames: Frames, options: Options) -> Floats:
    """Return the share of activity that decay leaves in each frame, (frames,); refuse where that was not asked for."""
    nuclide = str(recording.metadata.get("TracerRadionuclide", "C11"))
    half = HALF_LIVES.get(nuclide)
    if not options.decay_correct or half is None:
        known = f"{nuclide} ({half:g} min)" if half else f"one of {', '.join(HALF_LIVES)}"
        raise WrongDataError(
            f"{recording.series.name}: ImageDecayCorrected is false; reference models need corrected activity. Set "
            f"modalities.pet.decay_correct=true to have it done with the half-life of {known}."
        )
    return left_of_decay(frames, half)


def _reference(names: tuple[str, ...], asked: str, table: Path) -> tuple[str, ...]:
    """Return the regions of the reference, as the table names them."""
    found: list[str] = []
    there = f"{', '.join(names[:12])}{' ...' if len(names) > 12 else ''}"
    if not asked.strip():
        raise UsageError(f"modalities.pet.reference names no region without receptors; {table.name} has {there}.")
    for word in (part.strip() for part in asked.split("+")):
        exact = [name for name in names if name == word] or [n for n in names if n.lower() == word.lower()]
        if not exact and word.lower() == "cerebellum":
            exact = [name for name in names if "cerebell" in name.lower() and "cortex" in name.lower()]
        if not exact:
            raise UsageError(
                f"Region {word!r} (modalities.pet.reference) is not in {table.name}; "
                f"{suggest(word, list(names))} It has {there}."
            )
        found += exact
    return tuple(dict.fromkeys(found))


def load(recording: Recording, prepared: PreparedCurves, options: Options) -> Curves:
    """Return the curves of a scan beside that of its reference.

    Raises
    ------
    WrongDataError, MissingInputError
        If a file cannot be read or does not fit, or the reference has no activity late in the scan.
    """
    domain: Sites | Voxels
    if is_image(recording):
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
    if _uncorrected(recording):
        activity /= _left_of_decay(recording, prepared.frames, options)[:, None].astype(np.float32)
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
