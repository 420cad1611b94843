"""Recordings of EEG: cleaned ones of mne-bids-pipeline or any other derivative, else the raw ones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bids_app.dataset.layout import inherited, names_in, read_description, scan_folders
from bids_app.dataset.recordings import positions_in, recordings
from bids_app.errors import MissingInputError, NothingSelectedError, UsageError
from bids_app.vocabulary.entities import Entities, join, parse, without
from bids_app.vocabulary.found import Candidate, Found, Search
from bids_app.vocabulary.recording import Recording

ENDINGS = (".set", ".edf", ".bdf", ".vhdr", ".fif")

EPOCHS, CONTINUOUS, DERIVATIVE, RAW = "epochs", "continuous", "derivative", "raw"
"""Forms of a recording, the best first: clean epochs and series of mne-bids-pipeline, those of another derivative, and
what came from the amplifier."""


def form_of(name: str, *, derivative: bool) -> str:
    """Return in which form a file has a recording; nothing if it has none that is taken.

    >>> form_of("sub-01_task-EC_proc-clean_epo.fif", derivative=True)
    'epochs'
    >>> form_of("sub-01_task-EC_eeg.vmrk", derivative=False)
    ''
    """
    entities, suffix, ending = parse(name)
    if ending not in ENDINGS or entities.get("split", "1").lstrip("0") != "1":
        return ""
    if ending == ".fif" and suffix in ("epo", "raw") and derivative:
        return {"epo": EPOCHS, "raw": CONTINUOUS}[suffix] if entities.get("proc") == "clean" else ""
    if suffix != "eeg":
        return ""
    return DERIVATIVE if derivative else RAW


def find(search: Search) -> Found:
    """Return the recordings of the participants asked for, each in the best form that is there.

    Raises
    ------
    NothingSelectedError, UsageError
        If there is none, or a derivative has one in several versions.
    """
    best: dict[str, dict[str, list[tuple[str, Candidate]]]] = {}
    for root, form, one in _there(search):
        if search.selection.includes(one.series, one.entities):
            key = join(without(one.entities, *search.selection.join, "desc"), "eeg", "")
            best.setdefault(key, {}).setdefault(form, []).append((root, one))
    if not best:
        raise NothingSelectedError(
            f"No recording of EEG (*_eeg with {', '.join(ENDINGS)}, or *_proc-clean_epo.fif) of {len(search.people)} "
            f"participants matches {search.selection.describe()} in {', '.join(map(str, search.roots.values()))}."
        )
    runs: dict[str, list[Candidate]] = {name: [] for name in search.roots}
    for key, forms in best.items():
        # Events are found in a continuous recording; spectra are better of epochs, of which more was looked at.
        order = (CONTINUOUS, EPOCHS) if search.with_events else (EPOCHS, CONTINUOUS)
        for root, one in forms[min(forms, key=(*order, DERIVATIVE, RAW).index)]:
            runs[root].append(one)
        _require_one_version(key, [one for root, one in forms.get(DERIVATIVE, ())])
    return Found(runs=runs)


def _there(search: Search) -> Iterator[tuple[str, str, Candidate]]:
    """Yield every recording with the name of its dataset and its form."""
    for name, root in search.roots.items():
        derivative = name != "raw" or read_description(root).get("DatasetType") == "derivative"
        for label in search.people:
            for folder, names, _ in scan_folders(root, label, "eeg"):
                for file in names:
                    if form := form_of(file, derivative=derivative):
                        entities = without(parse(file)[0], "proc", "split")
                        yield name, form, Candidate(entities, Path(folder, file), _beside(root, entities, folder, file))


def _beside(root: Path, entities: Entities, folder: str, file: str) -> dict[str, Path]:
    """Return the files that belong to a recording: its samples, where they stand apart, and its table of channels."""
    stem, listed = Path(folder, file).with_suffix(""), cache(names_in)
    apart = {"samples": Path(f"{stem}.fdt")} if file.endswith(".set") else {}
    if file.endswith(".vhdr"):
        apart = {"samples": Path(f"{stem}.eeg"), "marks": Path(f"{stem}.vmrk")}
    tables = inherited(root, entities, "channels", ".tsv", listed, "eeg")[-1:]
    there = {kind: path for kind, path in apart.items() if path.exists()}
    return {**there, **({"channels": tables[0]} if tables else {}), **_electrodes(Path(folder), entities)}


def _electrodes(folder: Path, entities: Entities) -> dict[str, Path]:
    """Return the table of positions of a session and what its coordinates are, if both are there."""
    session = {key: entities[key] for key in ("sub", "ses") if key in entities}
    for name in sorted(names_in(str(folder))):
        own, suffix, ending = parse(name)
        about = folder / name.replace("_electrodes.tsv", "_coordsystem.json")
        if (suffix, ending) == ("electrodes", ".tsv") and session.items() <= own.items() and about.exists():
            return {"electrodes": folder / name, "coordsystem": about}
    return {}


def positions_of(recording: Recording) -> dict[str, tuple[float, ...]]:
    """Return where electrodes lie by electrodes.tsv, mm; nothing where there is no such table.

    Raises
    ------
    WrongDataError
        If the unit of its coordinates is not declared.
    """
    return positions_in(recording, "electrodes", "EEGCoordinateUnits", 1000.0)


def _require_one_version(key: str, candidates: list[Candidate]) -> None:
    versions = sorted({one.entities.get("desc", "none") for one in candidates})
    if len(versions) > 1:
        raise UsageError(
            f"{key} is there in several versions (desc {', '.join(versions)}), and only one is analysed. Give the "
            "folder of one of them with -d NAME=PATH."
        )


def recordings_of(found: Found, search: Search, *, take_raw: bool) -> list[Recording]:
    """Return recordings with what their sidecars say, and their events.

    Raises
    ------
    MissingInputError
        If all of them are raw, and such are not to be taken.
    """
    there = [one for name, own in found.runs.items() for one in own if name != RAW]
    if raw := [] if take_raw or there else found.runs.get(RAW, []):
        raise MissingInputError(f"{without_cleaning(raw[0].series.name)} Such recordings: {len(raw)}.")
    return recordings(found, search, modality="eeg", suffix="eeg", datatype="eeg")


def without_cleaning(name: str) -> str:
    """Return what to say of a recording that was not cleaned."""
    return (
        f"{name}: no cleaned EEG was found, only raw. Run mne-bids-pipeline (task_is_rest = True, "
        "rest_epochs_duration = 4) and pass -d, or set modalities.eeg.raw=minimal, which removes no eye or muscle "
        "artefact."
    )


def scanned_with(recording: Recording) -> Path | None:
    """Return the fMRI series that a recording was made together with: one of the same name in `func`, if any."""
    folder = recording.series.parent.parent / "func"
    wanted = join(without(recording.entities, "desc"), "bold", "")
    return next((folder / name for name in names_in(folder) if name.startswith((f"{wanted}.",))), None)
