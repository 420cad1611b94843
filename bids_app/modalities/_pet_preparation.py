"""What will be done to a scan of PET, by its tables and sidecars alone: frames, reference, weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.pet_tables import CurveTable, columns_in, displacement_of, frames_of, read_curves
from bids_app.dataset.volumes import open_image
from bids_app.errors import MissingInputError, UsageError, WrongDataError, suggest
from bids_app.statistics.kinetics.frames import left_of_decay
from bids_app.vocabulary.curves import LATE, Frames, PreparedCurves
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.options.pet import HALF_LIVES, Options
from bids_app.vocabulary.recording import Recording

Floats = NDArray[np.float64]


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
    if uncorrected(recording):
        left = left_in_scan(recording, frames, options)
        curves = {name: values / left for name, values in curves.items()}
    moved = displacement_of(recording, len(own.kept))
    moved = None if moved is None else moved[own.kept]
    used, left_out = _used(frames, moved, options)
    reference = () if by_mask else _reference(tuple(curves), options.reference, table or recording.series)
    notes = left_out
    if len(frames.start) and frames.start[0] > LATE:
        notes = (
            *notes,
            f"its first frame begins {frames.start[0]:.1f} min after injection: the rise before is a guess",
        )
    if "infusion" in str(recording.metadata.get("ModeOfAdministration", "")).lower():
        notes = (*notes, "bolus-infusion: reference models hold; a ratio of uptake at equilibrium is BPnd + 1")
    kept = own.kept.copy()
    kept[own.kept] = used
    return PreparedCurves(
        frames=frames.some(used), table={name: values[used] for name, values in curves.items()}, reference=reference,
        kept=kept, about=_about(recording, options, reference), notes=notes, weights=_own_weights(own, used, options),
        displacement=None if moved is None else moved[used],
        df=dict.fromkeys(kinds_of(recording), 1),
    )  # fmt: skip


def _used(frames: Frames, moved: Floats | None, options: Options) -> tuple[Mask, tuple[str, ...]]:
    """Return which frames are used, (frames,), and what is to be said of those that are left out for motion."""
    used = frames.start >= options.start - 1e-6
    if options.end:
        used &= frames.end <= options.end + 1e-6
    if not options.max_frame_fd:
        return used, ()
    if moved is None:
        return used, ("no table of confounds tells its framewise displacement, so no frame is left out for motion",)
    far = used & (moved > options.max_frame_fd)
    times = ", ".join(f"{start:.0f}" for start in frames.start[far])
    return used & ~far, (f"{far.sum()} frames moved too far and are left out, at {times} min",) if far.any() else ()


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
        "Weights": options.weights, "DecayCorrectedHere": uncorrected(recording),
        "ModeOfAdministration": recording.metadata.get("ModeOfAdministration", ""),
    }  # fmt: skip
    if is_image(recording):
        said["SmoothingFWHM"] = options.smoothing_fwhm
    for key in ("InjectedRadioactivity", "InjectedRadioactivityUnits", "InjectedMass", "InjectedMassUnits"):
        if key in recording.metadata:
            said[key] = recording.metadata[key]
    return said


def uncorrected(recording: Recording) -> bool:
    return recording.metadata.get("ImageDecayCorrected") is False


def left_in_scan(recording: Recording, frames: Frames, options: Options) -> Floats:
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
