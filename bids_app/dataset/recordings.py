"""Runs as they can be read: series, files beside it, sidecars and events brought together by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bids_app.dataset.layout import inherited, names_in
from bids_app.dataset.tables import read_json, read_tsv
from bids_app.errors import DeqiError, WrongDataError
from bids_app.vocabulary.entities import without
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.recording import Recording

METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Units of coordinates in BIDS."""

Listed = Callable[[str], list[str]]
"""Folder -> what lies in it that may apply to several runs."""


class SidecarMetadata(NamedTuple):
    """The sidecars of a run, what they say together, and what is wrong with one."""

    sidecars: list[Path]
    metadata: dict[str, object]
    problem: str = ""


def recordings(
    found: Found,
    search: Search,
    *,
    modality: str,
    suffix: str,
    datatype: str,
    describe: Callable[[Path, Mapping[str, str], Listed], SidecarMetadata] | None = None,
) -> list[Recording]:
    """Return runs with what their sidecars say, and their events.

    Parameters
    ----------
    modality, suffix, datatype : str
        Plug that reads them, suffix of their series, and folder that they lie in.
    describe : callable, optional
        Dataset, entities, folders -> sidecars of a run; by default those that BIDS inheritance gives.
    """
    made, listed = [], cache(general_files)
    for name, runs in found.runs.items():
        root = search.roots[name]
        for entities, series, companions in runs:
            if describe:
                sidecars, metadata, problem = describe(root, entities, listed)
            else:
                sidecars = inherited(root, entities, suffix, ".json", listed, datatype)
                metadata, problem = together(sidecars)
            places = (search.bids_dir, root) if search.with_events else ()
            tables = [inherited(place, entities, "events", ".tsv", listed, datatype)[-1:] for place in places]
            events = [path for own in tables for path in own]
            notes = [inherited(place, entities, "events", ".json", listed, datatype) for place in places]
            made.append(
                Recording(
                    modality=modality,
                    entities=without(entities, "desc"),
                    series=series,
                    companions=companions,
                    root=root,
                    dataset=name,
                    links=tuple(search.links.items()),
                    joined=search.selection.join,
                    sidecars=tuple(sidecars),
                    metadata=metadata,
                    events=events[0] if events else None,
                    event_sidecars=tuple(path for own in notes for path in own) if events else (),
                    problem=problem,
                )
            )
    return made


def together(sidecars: Iterable[Path]) -> tuple[dict[str, object], str]:
    """Return what sidecars say together, and what is wrong with one: it is the fault of that run alone."""
    metadata: dict[str, object] = {}
    try:
        for sidecar in sidecars:
            metadata.update(read_json(sidecar))
    except DeqiError as error:
        return {}, str(error)
    return metadata, ""


def general_files(folder: str) -> list[str]:
    """Return what in a folder may apply to several runs: the folder of a dataset holds thousands of people besides."""
    with suppress(OSError):  # of a folder that cannot be looked into nothing is known
        return [name for name in names_in(folder) if name.endswith((".json", "_events.tsv"))]
    return []


def positions_in(recording: Recording, kind: str, unit: str, per_metre: float = 1.0) -> dict[str, tuple[float, ...]]:
    """Return where electrodes or optodes lie by the table beside a recording; nothing where there is no such table.

    Parameters
    ----------
    kind : str
        The table: electrodes, optodes.
    unit : str
        What coordsystem.json calls the unit.
    per_metre : float
        Of the unit that is returned.

    Raises
    ------
    WrongDataError
        If the unit of its coordinates is not declared.
    """
    if not {kind, "coordsystem"} <= recording.companions.keys():
        return {}
    system = recording.companions["coordsystem"]
    table, told = read_tsv(recording.companions[kind]), read_json(system).get(unit)
    scale = METRES.get(str(told or ""))
    if scale is None:
        raise WrongDataError(f"{system.name} has {unit} {told!r}; expected {', '.join(METRES)}.")
    places = zip(*(table.get(axis, ()) for axis in "xyz"), strict=False)
    rows = zip(table.get("name", ()), places, strict=False)
    return {
        name: tuple(per_metre * scale * float(word) for word in place) for name, place in rows if "n/a" not in place
    }
