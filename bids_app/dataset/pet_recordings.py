"""Tables of curves of PET: found by their names, and brought together with what the raw sidecar says of the scan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bids_app.dataset.layout import inherited, names_in, scan_folders
from bids_app.dataset.recordings import together
from bids_app.errors import NothingSelectedError, UsageError
from bids_app.vocabulary.entities import Entities, join, parse, without
from bids_app.vocabulary.found import Candidate, Found, Search
from bids_app.vocabulary.recording import Recording

SUFFIXES = ("tacs", "timeseries")
"""PETPrep wrote the second until 2025."""

OF_THE_SCAN = ("sub", "ses", "task", "acq", "trc", "rec", "run")
"""Entities of an injection; others tell what was made of it."""


def find(search: Search) -> Found:
    """Return the tables of the participants asked for: one recording for each scan, with all its tables.

    Raises
    ------
    NothingSelectedError
        If there is none.
    """
    runs: dict[str, list[Candidate]] = {}
    for name, root in search.roots.items():
        scans: dict[str, list[tuple[Entities, Path]]] = {}
        for entities, path in _tables(root, search):
            own = {key: value for key, value in entities.items() if key in OF_THE_SCAN}
            scans.setdefault(join(own, "pet", ""), []).append((own, path))
        runs[name] = [
            Candidate(own[0][0], own[0][1], {f"curves{i + 1}": path for i, (_, path) in enumerate(own[1:])})
            for own in scans.values()
        ]
    if not any(runs.values()):
        raise NothingSelectedError(
            f"No curves (*_tacs.tsv or *_timeseries.tsv in pet) of {len(search.people)} participants match "
            f"{search.selection.describe()} in {', '.join(map(str, search.roots.values()))}."
        )
    return Found(runs=runs)


def _tables(root: Path, search: Search) -> Iterator[tuple[Entities, Path]]:
    for label in search.people:
        for folder, names, _ in scan_folders(root, label, "pet"):
            for name in sorted(names):
                entities, suffix, ending = parse(name)
                if suffix in SUFFIXES and ending == ".tsv" and search.selection.names(entities):
                    yield entities, Path(folder, name)


def recordings_of(found: Found, search: Search, seg: str) -> list[Recording]:
    """Return scans with one table each and the sidecars of the raw scan.

    Raises
    ------
    UsageError
        If a scan has several tables, and none is chosen.
    """
    made, listed = [], cache(names_in)
    for name, runs in found.runs.items():
        for entities, series, others in runs:
            table = _chosen([series, *others.values()], seg)
            places = dict.fromkeys((search.bids_dir, search.roots[name]))
            own = without(entities, "desc")
            sidecars = [path for place in places for path in inherited(place, own, "pet", ".json", listed, "pet")]
            metadata, problem = together(sidecars)
            labels = {"seg": parse(table.name)[0]["seg"]} if "seg" in parse(table.name)[0] else {}
            made.append(
                Recording(
                    modality="pet", entities={**own, **labels}, series=table, root=search.roots[name], dataset=name,
                    links=tuple(search.links.items()), joined=search.selection.join, sidecars=tuple(sidecars),
                    metadata=metadata, problem=problem,
                )
            )  # fmt: skip
    return made


def _chosen(tables: list[Path], seg: str) -> Path:
    wanted = [path for path in tables if not seg or parse(path.name)[0].get("seg") == seg]
    if len(wanted) == 1:
        return wanted[0]
    there = sorted({parse(path.name)[0].get("seg", "none") for path in tables})
    if not wanted:
        raise UsageError(f"modalities.pet.seg is {seg!r}; {tables[0].name} is beside tables of {', '.join(there)}.")
    raise UsageError(
        f"{wanted[0].name} is there with {len(wanted) - 1} other tables of the same scan ({', '.join(there)}). Choose "
        f"one: --set modalities.pet.seg={there[0]}"
    )
