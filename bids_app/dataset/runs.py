"""Runs as they can be read: series, mask, confounds, sidecars and events brought together by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bids_app.dataset.fmriprep import Series
from bids_app.dataset.layout import modern_name, names_in
from bids_app.dataset.tables import read_json
from bids_app.errors import DeqiError
from bids_app.vocabulary.entities import parse, without
from bids_app.vocabulary.recording import Recording

Listed = Callable[[str], list[str]]
"""Folder -> what lies in it that may apply to several runs."""


class Complete(NamedTuple):
    """A run of which every file that is needed is there, by their names alone."""

    series: Series
    mask: str
    confounds: str


def complete(
    series: Iterable[Series], space: str, resolution: str | None
) -> tuple[list[Complete], list[tuple[Series, str]]]:
    """Bring series of one space together with the masks and confounds that lie beside them.

    Returns
    -------
    runs, incomplete
        Runs that can be read, and those that cannot, with why.
    """
    runs, incomplete = [], []
    for one in series:
        if one.entities.get("space") != space or one.entities.get("res") != resolution:
            continue
        stem = modern_name(one.name).partition("_desc-preproc_bold.")[0]
        mask = f"{stem}_desc-brain_mask.nii.gz"
        confounds = f"{_SPATIAL.sub('', stem)}_desc-confounds_timeseries.tsv"
        there = {name: name for name in one.beside}
        if mask not in there or confounds not in there:
            there = {modern_name(name): name for name in one.beside}
        if absent := [name for name in (mask, confounds) if name not in there]:
            why = "so it cannot be cleaned. Copy the file from the fMRIPrep output, or run fMRIPrep again."
            incomplete.append((one, f"{one.name} has no {absent[0]} beside it, {why}"))
        else:
            runs.append(Complete(one, there[mask], there[confounds]))
    return runs, incomplete


_SPATIAL = re.compile(r"_(space|cohort|res|den)-[^_]+")
"""Entities that confounds, which belong to no space, do not have."""


def recordings(name: str, root: Path, raw: Path | None, runs: Iterable[Complete]) -> list[Recording]:
    """Return runs with what their sidecars say, and their events.

    Parameters
    ----------
    name, root : str, Path
        Derivative dataset that the runs are in.
    raw : Path or None
        Dataset that may have their events; None if nobody reads events.
    """
    found, listed = [], cache(_general_files)
    for series, mask, confounds in runs:
        path, entities = series.path, series.entities
        sidecars = _sidecars(root, series, listed)
        metadata, problem = _metadata(sidecars)
        events = raw and (_events(raw, entities, listed) or _events(root, entities, listed))
        found.append(
            Recording(
                without(entities, "desc"), path, path.with_name(mask), path.with_name(confounds), root, name,
                tuple(sidecars), metadata, events, problem=problem,
            )
        )  # fmt: skip
    return found


def _metadata(sidecars: Iterable[Path]) -> tuple[dict[str, object], str]:
    """Return what sidecars say together, and what is wrong with one: it is the fault of that run alone."""
    metadata: dict[str, object] = {}
    try:
        for sidecar in sidecars:
            metadata.update(read_json(sidecar))
    except DeqiError as error:
        return {}, str(error)
    return metadata, ""


def _general_files(folder: str) -> list[str]:
    """Return what in a folder may apply to several runs: the folder of a dataset holds thousands of people besides."""
    with suppress(OSError):  # of a folder that cannot be looked into nothing is known
        return [name for name in names_in(folder) if name.endswith((".json", "_events.tsv"))]
    return []


def _events(root: Path, entities: Mapping[str, str], listed: Listed) -> Path | None:
    """Return the events table of a run: in its folder or, by BIDS inheritance, above; the most particular one."""
    person = f"{root}/sub-{entities['sub']}"
    session = f"{person}/ses-{entities['ses']}" if "ses" in entities else person
    for folder in dict.fromkeys((f"{session}/func", session, person, str(root))):
        fitting = [
            (len(own), name)
            for name in listed(folder)
            if name.endswith("_events.tsv")
            and (own := parse(name)[0]).items() <= entities.items()
            and own.get("task") == entities.get("task")
        ]
        if fitting:
            return Path(folder, max(fitting)[1])
    return None


def _sidecars(root: Path, series: Series, listed: Listed) -> list[Path]:
    """Return sidecars that apply to a series by BIDS inheritance, the most general first."""
    task = series.entities.get("task")
    own = series.name.removesuffix(".gz").removesuffix(".nii") + ".json"
    general = [f"task-{task}_bold.json", f"task-{task}_desc-preproc_bold.json"]
    found = [root / name for name in general if name in listed(str(root))]
    return [*found, Path(series.folder, own)] if own in series.beside else found
