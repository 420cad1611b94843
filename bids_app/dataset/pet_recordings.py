"""Scans of PET found by their names: tables of curves, images in a standard space, sidecars of the scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from bids_app.dataset.fmriprep import choose_space
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

_GRID = ("space", "cohort", "res")
_IMAGES = (".nii.gz", ".nii")

_Test = Callable[[Entities, str, str, str], bool]

TABLE, IMAGE, CONFOUNDS = "curves", "image", "confounds"
"""Kinds of companions of a candidate: every table of a scan, its image, and how the head moved from frame to frame."""


def find(search: Search) -> Found:
    """Return the scans of the participants asked for: of each its tables, and its image in the standard space.

    Raises
    ------
    NothingSelectedError
        If there is none.
    UsageError
        If images are there in several spaces or resolutions and none was chosen.
    """
    tables = {name: _scans(root, search, _is_table) for name, root in search.roots.items()}
    images = {name: _scans(root, search, _is_image) for name, root in search.roots.items()}
    motion = {
        scan: own[0].series for root in search.roots.values() for scan, own in _scans(root, search, _is_motion).items()
    }
    runs: dict[str, list[Candidate]] = {}
    for name, scans in tables.items():
        runs[name] = [_of_tables(own) for own in scans.values()]
    everything = [one for scans in images.values() for own in scans.values() for one in own]
    if everything:
        space, resolution = choose_space(everything, search.selection)
        for name, scans in images.items():
            for scan, own in scans.items():
                beside = [table for other in tables.values() for table in other.get(scan, [])]
                runs[name] += [
                    _of_image(one, beside, [*search.roots.values()])
                    for one in own
                    if one.entities["space"] == space and one.entities.get("res") == resolution
                ]
    if not any(runs.values()):
        raise NothingSelectedError(
            f"No curves (*_tacs.tsv or *_timeseries.tsv in pet) and no image in a standard space "
            f"(*_space-MNI*_desc-preproc_pet.nii.gz) of {len(search.people)} participants match "
            f"{search.selection.describe()} in {', '.join(map(str, search.roots.values()))}."
        )
    return Found(
        runs={name: [_with_motion(one, motion.get(_scan(one.entities))) for one in own] for name, own in runs.items()}
    )


def _is_table(entities: Entities, suffix: str, ending: str, desc: str) -> bool:  # noqa: ARG001  (as _is_image)
    return suffix in SUFFIXES and ending == ".tsv" and entities.get("desc") != "confounds"


def _is_motion(entities: Entities, suffix: str, ending: str, desc: str) -> bool:  # noqa: ARG001  (as _is_image)
    return suffix == "timeseries" and ending == ".tsv" and entities.get("desc") == "confounds"


def _is_image(entities: Entities, suffix: str, ending: str, desc: str) -> bool:
    standard = entities.get("space", "").startswith("MNI") and entities.get("desc") == desc
    return suffix == "pet" and ending in _IMAGES and standard


def _scans(root: Path, search: Search, wanted: _Test) -> dict[str, list[Candidate]]:
    """Return the files of a kind by the scan that they were made of."""
    scans: dict[str, list[Candidate]] = {}
    for label in search.people:
        for folder, names, _ in scan_folders(root, label, "pet"):
            for name in sorted(names):
                entities, suffix, ending = parse(name)
                # A copy of a folder, "sub-01 copy", holds the files of someone else; .nii.gz goes before .nii.
                strange = entities.get("sub") != label or (ending == ".nii" and f"{name}.gz" in names)
                if strange or not wanted(entities, suffix, ending, search.selection.desc):
                    continue
                if search.selection.includes(path := Path(folder, name), entities):
                    scans.setdefault(_scan(entities), []).append(Candidate(entities, path, {}))
    return scans


def _scan(entities: Mapping[str, str]) -> str:
    return join({key: value for key, value in entities.items() if key in OF_THE_SCAN}, "pet", "")


def _with_motion(one: Candidate, path: Path | None) -> Candidate:
    return one._replace(companions={**one.companions, CONFOUNDS: path}) if path else one


def _of_tables(own: list[Candidate]) -> Candidate:
    """Return the tables of a scan as one candidate."""
    first, *others = own
    scan = {key: value for key, value in first.entities.items() if key in OF_THE_SCAN}
    return Candidate(scan, first.series, {f"{TABLE}{i + 1}": one.series for i, one in enumerate(others)})


def _of_image(one: Candidate, tables: list[Candidate], roots: list[Path]) -> Candidate:
    """Return an image with the tables of its scan, and its mask: beside it, else the participant's in that space."""
    grid = {key: value for key, value in one.entities.items() if key in OF_THE_SCAN or key in _GRID}
    companions = {f"{TABLE}{i or ''}": table.series for i, table in enumerate(tables)}
    if masks := _masks(one, roots):
        companions["mask"] = masks[0]
    return Candidate(grid, one.series, {**companions, IMAGE: one.series})


def _masks(one: Candidate, roots: list[Path]) -> list[Path]:
    """Return masks of the brain in the space of an image, the best first: of the scan, of its session, of another."""
    found = []
    for kind in ("pet", "anat"):
        for root in roots:
            for folder, names, _ in scan_folders(root, one.entities["sub"], kind):
                for name in sorted(names):
                    entities, suffix, ending = parse(name)
                    same = entities.get("space") == one.entities["space"] and entities.get("desc") == "brain"
                    own = kind == "anat" or _scan(entities) == _scan(one.entities)
                    if suffix == "mask" and ending in _IMAGES and same and own:
                        elsewhere = entities.get("ses", one.entities.get("ses")) != one.entities.get("ses")
                        found.append((kind == "anat", elsewhere, Path(folder, name)))
    return [path for _, _, path in sorted(found, key=lambda one: one[:2])]


def recordings_of(found: Found, search: Search, seg: str) -> list[Recording]:
    """Return scans with the sidecars of the raw scan: one recording for the chosen table, one for the image.

    Raises
    ------
    UsageError
        If a scan has several tables, and none is chosen.
    """
    made, listed = [], cache(names_in)
    for name, runs in found.runs.items():
        for entities, first, others in runs:
            image = others.get(IMAGE)
            tables = [path for kind, path in others.items() if kind.startswith(TABLE)]
            companions = {kind: others[kind] for kind in ("mask", CONFOUNDS) if kind in others}
            if image is None:
                series = _chosen([first, *tables], seg)
                labels = {key: value for key, value in parse(series.name)[0].items() if key == "seg"}
            else:
                series = first
                companions |= {TABLE: _chosen(tables, seg)} if tables else {}
                labels = {}
            places = dict.fromkeys((search.bids_dir, search.roots[name]))
            scan = without(entities, *_GRID)
            sidecars = [path for place in places for path in inherited(place, scan, "pet", ".json", listed, "pet")]
            metadata, problem = together(sidecars)
            made.append(
                Recording(
                    modality="pet", entities={**entities, **labels}, series=series, root=search.roots[name],
                    dataset=name, companions=companions, links=tuple(search.links.items()),
                    joined=search.selection.join, sidecars=tuple(sidecars), metadata=metadata, problem=problem,
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
