"""PET: curves of regions that were extracted elsewhere (PETPrep, PETSurfer, own tables), with a reference region."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bids_app import __version__
from bids_app.dataset import pet_recordings
from bids_app.dataset.tables import Json
from bids_app.errors import UsageError
from bids_app.modalities import _pet_preparation, _pet_reading
from bids_app.vocabulary.curves import Curves, PreparedCurves
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.options.pet import KINDS, Options
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.run_state import RunState

if TYPE_CHECKING:
    from bids_app.derivatives.participant import SessionWriter
    from bids_app.vocabulary.domain import Domain

GIVES, DATATYPE, SUFFIX, SOURCE = "curves", "pet", "pet", "tables or images of PET"
ROOTS = ("", "petprep*", "petsurfer*")
ADVICE = "What would help: a longer scan, or fewer minutes (modalities.pet.min_minutes)"
QUALITY = {
    "tracer": "Name of the tracer.",
    "frames": "Frames that are used.",
    "minutes": "Minutes after injection that the last of them ends.",
    "mean_fd": "Mean framewise displacement of the frames that are used, in mm.",
    "max_fd": "Largest framewise displacement of the frames that are used, in mm.",
    "reference": "Regions that are the reference.",
    "reference_late": "Mean activity of the reference in the last third of the frames, in units of the table.",
    "injected": "Injected radioactivity, in the units of the sidecar.",
    "injected_mass": "Injected mass, in the units of the sidecar.",
}
_MINUTES = "; if the times of its table are minutes, its JSON must say so (Units of the column of starts: min)"

find, prepare, kinds_of = pet_recordings.find, _pet_preparation.prepare, _pet_preparation.kinds_of


def recordings(found: Found, search: Search, options: Options) -> list[Recording]:
    """Return scans with one table each.

    Raises
    ------
    UsageError
        If a scan has several tables, and none is chosen, or no scan has the reference.
    """
    made = pet_recordings.recordings_of(found, search, options.seg)
    wrong = [problem for one in made if (problem := _pet_preparation.without_reference(one, options))]
    if made and len(wrong) == len(made):
        raise UsageError(wrong[0])
    return made


def load(
    recording: Recording, prepared: PreparedCurves, options: Options, kinds: Collection[str] = KINDS  # noqa: ARG001
) -> Curves:  # fmt: skip
    """Return the curves of a scan beside that of its reference.

    Raises
    ------
    WrongDataError, MissingInputError
        If a file cannot be read or does not fit, or the reference has no activity late in the scan.
    """
    return _pet_reading.load(recording, prepared, options)


def write_session(writer: SessionWriter, runs: Sequence[RunState], domain: Domain) -> None:
    """Write the mask of an image, and its mean that figures are drawn on; of tables nothing."""
    (run,) = runs
    if isinstance(domain, Voxels) and isinstance(run.loaded, Curves):
        lasts = run.loaded.frames.duration
        writer.mask(domain, [run.recording])
        writer.background(lasts @ run.loaded.values / lasts.sum(), domain, [run.recording])


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
        if count < options.min_frames or last < options.min_minutes:
            return (
                f"{count} frames (at least {options.min_frames} needed) that end {last:.0f} min after injection "
                f"(at least {options.min_minutes:g} needed){_MINUTES if last < options.min_minutes / 10 else ''}"
            )
    return ""


def summary(runs: Sequence[RunState], options: Options) -> str:  # noqa: ARG001  (a verb of every modality)
    """Return what a session has."""
    plans = [run.prepared for run in runs if isinstance(run.prepared, PreparedCurves)]
    return "; ".join(
        f"{len(plan.frames.start)} frames to {plan.frames.end[-1]:.0f} min, reference "
        f"{', '.join(map(str, plan.about['ReferenceRegion']))}"  # type: ignore[call-overload]
        for plan in plans
    )


def quality_row(run: RunState) -> dict[str, object]:
    """Return the quality of one scan."""
    plan, loaded = run.prepared, run.loaded
    if not isinstance(plan, PreparedCurves):
        return {}
    moved = np.zeros(0) if plan.displacement is None else plan.displacement[np.isfinite(plan.displacement)]
    late = loaded.reference[-max(len(loaded.reference) // 3, 1) :].mean() if isinstance(loaded, Curves) else None
    return {
        "tracer": plan.about.get("TracerName"), "frames": len(plan.frames.start),
        "minutes": float(plan.frames.end.max(initial=0.0)), "reference": " ".join(plan.reference),
        "mean_fd": moved.mean() if len(moved) else None, "max_fd": moved.max() if len(moved) else None,
        "reference_late": late, "injected": plan.about.get("InjectedRadioactivity"),
        "injected_mass": plan.about.get("InjectedMass"),
    }  # fmt: skip


def by_arm(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what pages show of a scan: the activity of its reference per injected activity, and what was injected."""
    absent = np.array([np.nan])
    late, injected, mass = (
        float(runs.get(name, absent)[0]) for name in ("reference_late", "injected", "injected_mass")
    )
    return {"reference": late / injected if injected > 0 else float("nan"), "injected": injected, "injected_mass": mass}


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session."""
    moved = runs.get("mean_fd", np.array([np.nan]))
    return {
        "min_minutes": Quality("minutes after injection", float(np.nanmax(runs["minutes"])), " min"),
        "max_mean_fd": Quality("mean FD", float(moved[0]), " mm"),
    }


def absent(bids_dir: Path) -> str:
    """Return what to say where there is nothing to read."""
    return (
        f"No curves of PET in {bids_dir}, and no derivative of PETPrep or PETSurfer was given (-d NAME=PATH). "
        "deqi reads tables of curves (*_tacs.tsv), images in a standard space (*_desc-preproc_pet.nii.gz), and the "
        "*_pet.json of the scan."
    )


def methods_of(o: Json) -> str:
    """Return what was done to the scans, in words."""
    weights = {
        "decay": "the counts in each frame",
        "duration": "their duration",
        "uniform": "all frames alike",
        "column": "the weights in the tables",
    }
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
