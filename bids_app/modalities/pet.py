"""PET: curves of regions that were extracted elsewhere (PETPrep, PETSurfer, own tables), with a reference region."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app import __version__
from bids_app.dataset import pet_recordings
from bids_app.dataset.pet_tables import columns_in, read_curves
from bids_app.dataset.tables import Json
from bids_app.errors import UsageError, WrongDataError, suggest
from bids_app.vocabulary.curves import LATE, Curves, Frames, PreparedCurves
from bids_app.vocabulary.domain import Sites
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.options.pet import HALF_LIVES, KINDS, Options
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.run_state import RunState

GIVES, DATATYPE, SUFFIX, SOURCE = "curves", "pet", "pet", "curves of PET"
ROOTS = ("", "petprep*", "petsurfer*")
ADVICE = "What would help: a longer scan, or fewer minutes (modalities.pet.min_minutes)"
QUALITY = {
    "tracer": "Name of the tracer.",
    "frames": "Frames that are used.",
    "minutes": "Minutes after injection that the last of them ends.",
    "reference": "Regions that are the reference.",
    "reference_late": "Mean activity of the reference in the last third of the frames, in units of the table.",
    "injected": "Injected radioactivity, in the units of the sidecar.",
    "injected_mass": "Injected mass, in the units of the sidecar.",
}

_FEWEST = 8
"""Frames of a scan."""

find = pet_recordings.find


def recordings(found: Found, search: Search, options: Options) -> list[Recording]:
    """Return scans with one table each.

    Raises
    ------
    UsageError
        If a scan has several tables, and none is chosen, or no scan has the reference.
    """
    made = pet_recordings.recordings_of(found, search, options.seg)
    wrong = [problem for one in made if (problem := _without_reference(one, options.reference))]
    if made and len(wrong) == len(made):
        raise UsageError(wrong[0])
    return made


def _without_reference(recording: Recording, asked: str) -> str:
    """Return what is wrong with the reference of a scan, by the head of its table alone; nothing if it is there."""
    try:
        _reference(columns_in(recording), asked, recording)
    except UsageError as error:
        return str(error)
    return ""


def prepare(recording: Recording, options: Options) -> PreparedCurves:
    """Read the curves of a scan and choose its frames and its reference.

    Raises
    ------
    UsageError
        If the reference is not in the table.
    WrongDataError, MissingInputError
        If its timing is not known or cannot be, or its activity is not corrected for decay.
    """
    if recording.problem:
        raise WrongDataError(recording.problem)
    table = read_curves(recording)
    frames = Frames(start=table.start, duration=table.duration)
    curves = table.curves
    if recording.metadata.get("ImageDecayCorrected") is False:
        curves = _decay_corrected(curves, frames, recording, options)
    kept = frames.start >= options.start - 1e-6
    if options.end:
        kept &= frames.end <= options.end + 1e-6
    reference, notes = _reference(tuple(curves), options.reference, recording)
    if len(frames.start) and frames.start[0] > LATE:
        late = f"its first frame begins {frames.start[0]:.1f} min after injection: the rise before is a guess"
        notes = (*notes, late)
    said = {
        "TracerName": recording.metadata.get("TracerName", ""), "ReferenceRegion": list(reference),
        "Weights": options.weights, "DecayCorrectedHere": recording.metadata.get("ImageDecayCorrected") is False,
        "ModeOfAdministration": recording.metadata.get("ModeOfAdministration", ""),
    }  # fmt: skip
    for key in ("InjectedRadioactivity", "InjectedRadioactivityUnits", "InjectedMass", "InjectedMassUnits"):
        if key in recording.metadata:
            said[key] = recording.metadata[key]
    return PreparedCurves(
        frames=frames.some(kept), table={name: values[kept] for name, values in curves.items()}, reference=reference,
        about=said, notes=notes,
    )  # fmt: skip


def _decay_corrected(
    curves: Mapping[str, NDArray[np.float64]], frames: Frames, recording: Recording, options: Options
) -> dict[str, NDArray[np.float64]]:
    """Return activity as it was at injection; refuse where that was not asked for."""
    nuclide = str(recording.metadata.get("TracerRadionuclide", "C11"))
    half = HALF_LIVES.get(nuclide)
    if not options.decay_correct or half is None:
        known = f"{nuclide} ({half:g} min)" if half else f"one of {', '.join(HALF_LIVES)}"
        raise WrongDataError(
            f"{recording.series.name}: ImageDecayCorrected is false; reference models need corrected activity. Set "
            f"modalities.pet.decay_correct=true to have it done with the half-life of {known}."
        )
    return {name: values / _left(frames, half) for name, values in curves.items()}


def _left(frames: Frames, half_life: float) -> NDArray[np.float64]:
    """Return the share of activity that is left on average in each frame, (frames,)."""
    rate = np.log(2) / half_life
    return np.asarray((np.exp(-rate * frames.start) - np.exp(-rate * frames.end)) / (rate * frames.duration))


def _reference(
    names: tuple[str, ...], asked: str, recording: Recording
) -> tuple[tuple[str, ...], tuple[str, ...]]:  # fmt: skip
    """Return the regions of the reference, and what is to be said of the choice."""
    found: list[str] = []
    for word in (part.strip() for part in asked.split("+")):
        exact = [name for name in names if name == word] or [n for n in names if n.lower() == word.lower()]
        if not exact and word.lower() == "cerebellum":
            exact = [name for name in names if "cerebell" in name.lower() and "cortex" in name.lower()]
        if not exact:
            raise UsageError(
                f"Region {word!r} (modalities.pet.reference) is not in {recording.series.name}; "
                f"{suggest(word, list(names))} It has {', '.join(names[:12])}{' ...' if len(names) > 12 else ''}."
            )
        found += exact
    said = () if {part.strip() for part in asked.split("+")} == set(found) else (f"reference: {', '.join(found)}",)
    return tuple(dict.fromkeys(found)), said


def load(
    recording: Recording, prepared: PreparedCurves, options: Options, kinds: Collection[str] = KINDS  # noqa: ARG001
) -> Curves:  # fmt: skip
    """Return the curves of a scan beside that of its reference.

    Raises
    ------
    WrongDataError
        If the reference has no activity late in the scan.
    """
    reference = np.mean([prepared.table[name] for name in prepared.reference], axis=0)
    if (reference[-max(len(reference) // 3, 1) :] <= 0).any():
        raise WrongDataError(
            f"{recording.series.name}: the reference ({', '.join(prepared.reference)}) has no activity in late frames."
        )
    names = tuple(name for name in prepared.table if name not in prepared.reference)
    values = np.stack([prepared.table[name] for name in names], axis=1)
    half = HALF_LIVES.get(str(recording.metadata.get("TracerRadionuclide", "C11")), HALF_LIVES["C11"])
    return Curves(
        frames=prepared.frames, values=values, reference=reference,
        weights=_weights(prepared.frames, values.mean(axis=1), options.weights, half),
        domain=Sites(names=names, unit="region"), about=prepared.about,
    )  # fmt: skip


def _weights(frames: Frames, whole: NDArray[np.float64], kind: str, half_life: float) -> NDArray[np.float64]:
    """Return the weight of each frame, (frames,), the largest 1; by counts: 1 over the variance of activity."""
    if kind == "uniform":
        return np.ones(len(whole))
    found = frames.duration.copy()
    if kind == "decay":
        found = found * _left(frames, half_life) / np.maximum(whole, 0.01 * whole.max())
    return np.asarray(found / found.max())


def describe(prepared: PreparedCurves, options: Options, kind: str = KINDS[0]) -> dict[str, object]:  # noqa: ARG001
    """Return what was read, as sidecars carry it."""
    return {"Cleaning": kind, "FramesUsed": len(prepared.frames.start), **prepared.about}


def too_little(runs: Sequence[RunState], options: Options) -> str:
    """Return why a session cannot be used, or nothing."""
    if len(runs) > 1:
        return (
            "Two PET runs of one session are two injections and are not averaged; choose with dataset.stage=run or "
            "--bids-filter-file"
        )
    plans = [run.prepared for run in runs if isinstance(run.prepared, PreparedCurves)]
    for plan in plans:
        count, last = len(plan.frames.start), float(plan.frames.end.max(initial=0.0))
        if count < _FEWEST or last < options.min_minutes:
            return (
                f"{count} frames (at least {_FEWEST} needed) that end {last:.0f} min after injection (at least "
                f"{options.min_minutes:g} needed)"
            )
    return ""


def summary(runs: Sequence[RunState], options: Options) -> str:  # noqa: ARG001  (a verb of every modality)
    """Return what a session has."""
    plans = [run.prepared for run in runs if isinstance(run.prepared, PreparedCurves)]
    return "; ".join(f"{len(plan.frames.start)} frames, {len(plan.table)} regions" for plan in plans)


def quality_row(run: RunState) -> dict[str, object]:
    """Return the quality of one scan."""
    plan, loaded = run.prepared, run.loaded
    if not isinstance(plan, PreparedCurves):
        return {}
    late = loaded.reference[-max(len(loaded.reference) // 3, 1) :].mean() if isinstance(loaded, Curves) else None
    return {
        "tracer": plan.about.get("TracerName"), "frames": len(plan.frames.start),
        "minutes": float(plan.frames.end.max(initial=0.0)), "reference": " ".join(plan.reference),
        "reference_late": late, "injected": plan.about.get("InjectedRadioactivity"),
        "injected_mass": plan.about.get("InjectedMass"),
    }  # fmt: skip


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session."""
    return {"min_minutes": Quality("minutes after injection", float(np.nanmax(runs["minutes"])), " min")}


def absent(bids_dir: Path) -> str:
    """Return what to say where there is nothing to read."""
    return (
        f"No curves of PET in {bids_dir}, and no derivative of PETPrep or PETSurfer was given (-d NAME=PATH). "
        "deqi reads tables of curves (*_tacs.tsv) and the *_pet.json of the scan."
    )


def methods_of(o: Json) -> str:
    """Return what was done to the scans, in words."""
    weights = {"decay": "the counts in each frame", "duration": "their duration", "uniform": "all frames alike"}
    return (
        f"Curves of regions were read with deqi {__version__}, a BIDS App [@Gorgolewski2017]; times are minutes after "
        f"injection by the sidecar of the scan. The reference was {o['reference']}; frames were weighted by "
        f"{weights[str(o['weights'])]}. Scans that end before {o['min_minutes']:g} min were excluded."
    )


def reporting_items(options: Json, about: Json) -> dict[str, dict[str, str]]:
    """Return the answers of the checklist on the scan."""
    mass = f"{about.get('InjectedMass', '')} {about.get('InjectedMassUnits', '')}".strip()
    dose = f"{about.get('InjectedRadioactivity', '')} {about.get('InjectedRadioactivityUnits', '')}".strip()
    return {
        "PET": {
            "Tracer": str(about.get("TracerName", "")),
            "Injected radioactivity and mass (first participant)": ", ".join(filter(None, (dose, mass))),
            "Mode of administration": str(about.get("ModeOfAdministration", "")),
            "Scanner, reconstruction, attenuation and motion correction": "",
            "Reference region": ", ".join(map(str, about.get("ReferenceRegion", []))),
            "Partial volume correction": "",
            "Weights of frames": str(options.get("weights", "")),
        }
    }
