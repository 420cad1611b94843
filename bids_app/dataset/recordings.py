"""Runs as they can be read: series, files beside it, sidecars and events brought together by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bids_app.dataset.layout import inherited, names_in
from bids_app.dataset.tables import read_json
from bids_app.errors import DeqiError
from bids_app.vocabulary.entities import without
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.recording import Recording

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
