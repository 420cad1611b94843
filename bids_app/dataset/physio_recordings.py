"""Recordings of physiology: all files of one task and run, whatever device made them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.layout import inherited, names_in, scan_folders
from bids_app.dataset.recordings import together
from bids_app.dataset.series_stream import SeriesStream
from bids_app.errors import MissingInputError, NothingSelectedError, WrongDataError
from bids_app.vocabulary.entities import join, parse, without
from bids_app.vocabulary.found import Candidate, Found, Search
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.traces import Trace

FOLDERS = ("func", "eeg", "beh")
SUFFIX, EVENTS, ENDING = "physio", "physioevents", ".tsv.gz"


def find(search: Search) -> Found:
    """Return recordings of the participants asked for: one for all files of a task and run.

    Raises
    ------
    NothingSelectedError
        If there is none.
    """
    runs: dict[str, list[Candidate]] = {}
    for name, root in search.roots.items():
        groups: dict[str, list[Path]] = {}
        beats = {_key(path): path for path in _files(root, search.people, EVENTS)}
        for path in _files(root, search.people, SUFFIX):
            entities = without(parse(path.name)[0], "recording", "desc")
            if search.selection.includes(path, entities):
                groups.setdefault(_key(path), []).append(path)
        runs[name] = [
            Candidate(
                without(parse(own[0].name)[0], "recording", "desc"),
                own[0],
                {**_numbered(own[1:]), **({"beats": beats[key]} if key in beats else {})},
            )
            for key, own in groups.items()
        ]
    if not any(runs.values()):
        raise NothingSelectedError(
            f"No physiology (*_physio.tsv.gz in func, eeg or beh) of {len(search.people)} participants matches "
            f"{search.selection.describe()} in {', '.join(map(str, search.roots.values()))}."
        )
    return Found(runs=runs)


def _key(path: Path) -> str:
    """Return what the files of one task and run have in common."""
    return join(without(parse(path.name)[0], "recording", "desc"), SUFFIX, "")


def _files(root: Path, people: Sequence[str], suffix: str) -> Iterator[Path]:
    for label in people:
        for datatype in FOLDERS:
            for folder, names, _ in scan_folders(root, label, datatype):
                yield from (Path(folder, name) for name in names if name.endswith(f"_{suffix}{ENDING}"))


def _numbered(others: Sequence[Path]) -> dict[str, Path]:
    return {f"recording{i + 1}": path for i, path in enumerate(others)}


def recordings_of(found: Found, search: Search) -> list[Recording]:
    """Return recordings; the sidecar of each file is read with it."""
    made, listed = [], cache(names_in)
    for name, runs in found.runs.items():
        root = search.roots[name]
        for entities, series, companions in runs:
            files = [series, *companions.values()]
            sidecars = [path for file in files for path in sidecars_of(root, file, listed)]
            events, notes = (
                inherited(root, entities, "events", ending, listed, series.parent.name)[-1:]
                for ending in (".tsv", ".json")
            )
            made.append(
                Recording(
                    modality="physio", entities=entities, series=series, companions=companions, root=root,
                    dataset=name, links=tuple(search.links.items()), joined=search.selection.join,
                    sidecars=tuple(dict.fromkeys(sidecars)), events=events[0] if events else None,
                    event_sidecars=tuple(notes),
                )
            )  # fmt: skip
    return made


def sidecars_of(root: Path, file: Path, listed: object = names_in) -> list[Path]:
    """Return what describes one file by BIDS inheritance, the most general first."""
    entities, suffix, _ = parse(file.name)
    return inherited(root, without(entities, "desc"), suffix, ".json", listed, file.parent.name)  # type: ignore[arg-type]


def columns_of(root: Path, file: Path) -> tuple[tuple[str, ...], Mapping[str, object]]:
    """Return the columns of a file, and what its sidecars say.

    Raises
    ------
    MissingInputError
        If it has no sidecar.
    WrongDataError
        If the sidecar lacks what the file cannot be read without.
    """
    sidecars = sidecars_of(root, file)
    if not sidecars:
        raise MissingInputError(
            f"{file.name} has no sidecar: Columns, SamplingFrequency and StartTime are not known. Write a JSON of the "
            "same name beside it."
        )
    about, problem = together(sidecars)
    if problem:
        raise WrongDataError(problem)
    columns, rate, start = (about.get(key) for key in ("Columns", "SamplingFrequency", "StartTime"))
    if not isinstance(columns, list) or not _positive(rate) or not isinstance(start, int | float):
        raise WrongDataError(
            f"{sidecars[-1].name} has Columns {columns!r}, SamplingFrequency {rate!r} and StartTime {start!r}; "
            "expected a list of names, and numbers (Hz, s), such as "
            '{"Columns": ["cardiac"], "SamplingFrequency": 100, "StartTime": 0}'
        )
    return tuple(map(str, columns)), about


def _positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def read_traces(root: Path, file: Path) -> dict[str, Trace]:
    """Return every column of a file.

    Raises
    ------
    DeqiError
        If it cannot be read, or has other columns than its sidecar says.
    """
    columns, about = columns_of(root, file)
    values = _numbers(file)
    if values.shape[1] != len(columns):
        raise WrongDataError(
            f"{file.name} has {values.shape[1]} columns, its sidecar names {len(columns)} ({', '.join(columns)}). BIDS "
            "has no header in it; correct Columns, or take the header out of the file."
        )
    rate, start = float(str(about["SamplingFrequency"])), float(str(about["StartTime"]))
    return {
        name: Trace(values[:, i], rate, start, _said(about, name, "Units"), _said(about, name, "Calibration"))
        for i, name in enumerate(columns)
    }


def _said(about: Mapping[str, object], column: str, key: str) -> str:
    said = about.get(column)
    return str(said.get(key, "")) if isinstance(said, dict) else ""


def read_beats(root: Path, file: Path) -> NDArray[np.float64]:
    """Return the times of beats that someone found already, (beats,) s: rows whose trial_type is beat.

    Raises
    ------
    MissingInputError, WrongDataError
        If the file cannot be read, or its sidecar does not name its columns.
    """
    about, problem = together(sidecars_of(root, file))
    columns = about.get("Columns")
    if problem or not isinstance(columns, list) or {"onset", "trial_type"} - set(columns):
        raise WrongDataError(
            problem or f"{file.name}: its sidecar has Columns {columns!r}; expected onset, duration and trial_type"
        )
    onset, kind = columns.index("onset"), columns.index("trial_type")
    rows = [line.rstrip("\n").split("\t") for line in _text(file).splitlines() if line.strip()]
    return np.sort([float(row[onset]) for row in rows if row[kind].strip().lower() == "beat"])


def scanned_seconds(recording: Recording) -> float | None:
    """Return how long the scan lasted that a recording was made with; None where there is none of its name beside.

    Raises
    ------
    WrongDataError
        If the series cannot be read.
    """
    folder = recording.series.parent
    stem = join(recording.entities, "bold", "")
    series = [folder / name for name in names_in(folder) if name in (f"{stem}.nii.gz", f"{stem}.nii")]
    if folder.name != "func" or not series or not series[0].exists():
        return None
    scan = SeriesStream(series[0])
    about, _ = together(inherited(recording.root, recording.entities, "bold", ".json", names_in, "func"))
    step = about.get("RepetitionTime", scan.header_step)
    return scan.frames * float(step) if isinstance(step, int | float) and step > 0 else None


def _numbers(file: Path) -> NDArray[np.float64]:
    try:
        return np.genfromtxt(
            _text(file).splitlines(), delimiter="\t", missing_values="n/a", filling_values=np.nan, ndmin=2
        )
    except ValueError as error:
        raise WrongDataError(f"{file.name} cannot be read ({error}). Copy it again.") from error


def _text(file: Path) -> str:
    try:
        with gzip.open(file, "rt", encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError as error:
        raise MissingInputError(f"{file} does not exist; it is needed here.") from error
    except (OSError, EOFError, ValueError) as error:
        raise WrongDataError(f"{file.name} cannot be read ({error}). Copy it again.") from error
