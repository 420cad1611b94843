"""Recordings of near-infrared spectroscopy in BIDS: SNIRF files, the tables beside them, and who was there too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from bids_app.dataset.layout import inherited, names_in, participants_in, scan_folders
from bids_app.dataset.recordings import positions_in, recordings
from bids_app.dataset.tables import read_json, read_tsv
from bids_app.errors import NothingSelectedError, NotMeasurableError
from bids_app.vocabulary.entities import Entities, parse
from bids_app.vocabulary.found import Candidate, Found, Search
from bids_app.vocabulary.optics import PRACTITIONER, optode_name
from bids_app.vocabulary.recording import Recording

ENDING = "_nirs.snirf"


def find(search: Search) -> Found:
    """Return the recordings of the participants asked for.

    Raises
    ------
    NothingSelectedError
        If there is none.
    """
    runs = {
        name: [
            one for label in search.people for one in _there(root, label)
            if search.selection.includes(one.series, one.entities)
        ]
        for name, root in search.roots.items()
    }  # fmt: skip
    if not any(runs.values()):
        raise NothingSelectedError(
            f"No recording of fNIRS (sub-*/nirs/*{ENDING}) of {len(search.people)} participants matches "
            f"{search.selection.describe()} in {', '.join(map(str, search.roots.values()))}."
        )
    return Found(runs=runs)


def _there(root: Path, label: str) -> Iterator[Candidate]:
    for folder, names, _ in scan_folders(root, label, "nirs"):
        for file in names:
            if file.endswith(ENDING):
                entities = parse(file)[0]
                yield Candidate(entities, Path(folder, file), _beside(root, entities))


def _beside(root: Path, entities: Entities) -> dict[str, Path]:
    """Return the tables that apply to a recording."""
    listed = cache(names_in)
    wanted = {"channels": ".tsv", "optodes": ".tsv", "coordsystem": ".json"}
    found = {kind: inherited(root, entities, kind, ending, listed, "nirs")[-1:] for kind, ending in wanted.items()}
    return {kind: paths[0] for kind, paths in found.items() if paths}


def recordings_of(found: Found, search: Search) -> list[Recording]:
    """Return recordings with what their sidecars say, their events, and who was there too."""
    plain = recordings(found, replace(search, with_events=True), modality="fnirs", suffix="nirs", datatype="nirs")
    dyads = {name: dyads_in(root) for name, root in search.roots.items()}
    return [_with_partner(one, dyads[one.dataset], search) for one in plain]


class Dyads:
    """Who was recorded together: recordings by the column `dyad_id` of scans.tsv."""

    def __init__(self, root: Path) -> None:
        self.members: dict[str, list[tuple[Path, str]]] = {}
        self.of: dict[Path, str] = {}
        self.roles = _roles(root)
        for label in participants_in(root):
            for table in sorted((root / f"sub-{label}").rglob("*_scans.tsv")):
                columns = read_tsv(table)
                times = columns.get("acq_time", ["n/a"] * len(columns.get("filename", ())))
                rows = zip(columns.get("filename", ()), columns.get("dyad_id", ()), times, strict=False)
                for name, dyad, time in rows:
                    path = table.parent / name
                    if dyad not in ("n/a", "") and name.endswith(ENDING):
                        self.members.setdefault(dyad, []).append((path, time))
                        self.of[path] = dyad

    def role(self, path: Path) -> str:
        """Return the role of whose recording a file is."""
        return self.roles.get(parse(path.name)[0]["sub"], "")


dyads_in = cache(Dyads)


def _roles(root: Path) -> Mapping[str, str]:
    path = root / "participants.tsv"
    table = read_tsv(path) if path.exists() else {}
    people = (name.removeprefix("sub-") for name in table.get("participant_id", ()))
    return dict(zip(people, (role.lower() for role in table.get("role", ())), strict=False))


def _with_partner(own: Recording, dyads: Dyads, search: Search) -> Recording:
    """Return a recording of a patient with that of the practitioner who was there; others as they are."""
    dyad = dyads.of.get(own.series)
    if dyad is None:
        return own
    metadata = {**own.metadata, "Dyad": dyad, "Role": dyads.role(own.series)}
    if metadata["Role"] == PRACTITIONER:
        return replace(own, metadata=metadata)
    here = next(time for path, time in dyads.members[dyad] if path == own.series)
    try:
        other, time = _belonging(own.series, here, dyads.members[dyad])
    except NotMeasurableError as error:
        return replace(own, metadata={**metadata, "DyadProblem": f"dyad {dyad} {error}"})
    entities = parse(other.name)[0]
    partner = Found(runs={own.dataset: [Candidate(entities, other, _beside(own.root, entities))]})
    (found,) = recordings(partner, replace(search, with_events=True), modality="fnirs", suffix="nirs", datatype="nirs")
    found = replace(found, metadata={**found.metadata, "Dyad": dyad, "Role": dyads.role(other), "AcquiredAt": time})
    return replace(own, metadata={**metadata, "AcquiredAt": here}, partner=found)


def _belonging(series: Path, here: str, members: Sequence[tuple[Path, str]]) -> tuple[Path, str]:
    """Return the other's recording that belongs to one, and when it was made: of the same task and run, or the nearest.

    Raises
    ------
    NotMeasurableError
        If a dyad is not of two people, or it cannot be told which recording belongs to it.
    """
    own = parse(series.name)[0]
    people = sorted({parse(path.name)[0]["sub"] for path, _ in members})
    if len(people) != 2:
        who = ", ".join(f"sub-{label}" for label in people)
        raise NotMeasurableError(f"has {who}{' alone' if len(people) == 1 else ''}; two people are needed")
    others = [(path, time) for path, time in members if parse(path.name)[0]["sub"] != own["sub"]]
    alike = [one for one in others if all(parse(one[0].name)[0].get(key) == own.get(key) for key in ("task", "run"))]
    found = alike or others
    apart = [_seconds_between(here, time) for _, time in found]
    if len(found) > 1 and None in apart:
        names = ", ".join(path.name for path, _ in found)
        raise NotMeasurableError(f"has {names} for {series.name}; task, run or acq_time of scans.tsv must tell which")
    path, time = found[0] if len(found) == 1 else min(zip(apart, found, strict=True))[1]
    if not path.is_file():
        raise NotMeasurableError(f"lacks {path.name}, which scans.tsv names")
    return path, time


def _seconds_between(one: str, other: str) -> float | None:
    """Return how far two times of scans.tsv are apart, s; None where one is not told, or only one has a zone."""
    try:
        return abs((dt.datetime.fromisoformat(one) - dt.datetime.fromisoformat(other)).total_seconds())
    except (TypeError, ValueError):
        return None


def positions_of(recording: Recording) -> dict[str, tuple[float, ...]]:
    """Return where sources and detectors are by optodes.tsv, m; nothing where there is no such table.

    Raises
    ------
    WrongDataError
        If the unit of its coordinates is not declared.
    """
    found = positions_in(recording, "optodes", "NIRSCoordinateUnits")
    return {optode_name(name): place for name, place in found.items()}


def space_of(recording: Recording) -> str:
    """Return the space that positions of optodes are in, as coordsystem.json names it; often nothing."""
    path = recording.companions.get("coordsystem")
    return str(read_json(path).get("NIRSCoordinateSystem", "")) if path else ""


def channel_words(recording: Recording, column: str) -> dict[str, set[str]]:
    """Return what a column of channels.tsv says of each pair of source and detector, in lower case."""
    path = recording.companions.get("channels")
    table = read_tsv(path) if path else {}
    if column not in table or not {"source", "detector"} <= table.keys():
        return {}
    found: dict[str, set[str]] = {}
    for source, detector, word in zip(table["source"], table["detector"], table[column], strict=True):
        if "n/a" not in (source, detector):
            found.setdefault(f"{optode_name(source)}-{optode_name(detector)}", set()).add(word.lower())
    return found


def age_of(recording: Recording) -> float | None:
    """Return the age of a participant by participants.tsv, years; None where it is not told."""
    path = recording.root / "participants.tsv"
    table = read_tsv(path) if path.exists() else {}
    people = [name.removeprefix("sub-") for name in table.get("participant_id", ())]
    ages = dict(zip(people, table.get("age", ()), strict=False))
    try:
        return float(ages[recording.participant])
    except (KeyError, ValueError):
        return None
