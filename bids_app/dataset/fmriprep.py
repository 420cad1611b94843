"""Series that fMRIPrep preprocessed: which of them are asked for, and the one space that they are taken in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple, Protocol

from bids_app.dataset.layout import is_surface, scan_files, scan_folders, series_entities
from bids_app.errors import NothingSelectedError, UsageError
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.selection import NATIVE, Selection

STANDARD_SPACE = "MNI152NLin2009cAsym"

NO_SURFACES = (
    "series on surfaces (GIFTI, CIFTI) are not read yet. Take a volume space: run fMRIPrep with --output-spaces "
    f"{STANDARD_SPACE}:res-2."
)


class Named(Protocol):
    """A series by its name alone."""

    @property
    def entities(self) -> Mapping[str, str]:
        """Entities of its name."""


class BoldFile(NamedTuple):
    """A preprocessed series by its name alone: its folder, its entities, and all that lies in the folder."""

    folder: str
    name: str
    entities: Mapping[str, str]
    beside: Sequence[str]

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.folder, self.name)


def find_series(root: Path, participants: Iterable[str], selection: Selection) -> tuple[list[BoldFile], list[Note]]:
    """Return volumetric series that pass the filters, in any space, and which folders cannot be looked into."""
    found, problems = [], []
    for participant in participants:
        for folder, names, problem in scan_folders(root, participant):
            if problem:
                problems.append(Note(text=f"sub-{participant}: {problem}", participant=participant))
            for name in names:
                entities = series_entities(name, selection.desc)
                # A copy of a folder, "sub-01 copy", holds the files of someone else.
                if not entities or entities.get("sub") != participant or not selection.names(entities):
                    continue
                if name.endswith(".nii") and f"{name}.gz" in names:
                    said = f"sub-{participant}: {name} is there as .nii and .nii.gz; the second is read"
                    problems.append(Note(text=said, participant=participant))
                    continue
                found.append(BoldFile(folder, name, entities, names))
    return [one for one in found if selection.matches(one.path)] if selection.matches else found, problems


def has_surfaces(root: Path, participants: Iterable[str]) -> bool:
    """Tell whether there are series on surfaces, which are not read yet."""
    return any(is_surface(path.name) for label in participants for path in scan_files(root, label, "func"))


def choose_space(series: Sequence[Named], selection: Selection) -> tuple[str, str | None]:
    """Return the space, and the resolution label or None, that all runs are taken in.

    The one asked for; else MNI152NLin2009cAsym; else the only standard space there is.

    Raises
    ------
    NothingSelectedError
        If no series is in a standard space, or none in the one asked for.
    UsageError
        If there are several and none was asked for, or the one asked for is not standard.
    """
    space = _space_of({one.entities["space"] for one in series if "space" in one.entities}, selection.space)
    resolutions = sorted({one.entities.get("res", NATIVE) for one in series if one.entities.get("space") == space})
    if selection.resolution and selection.resolution not in resolutions:
        raise NothingSelectedError(
            f"Space {space} is not there in resolution {selection.resolution}; there is {', '.join(resolutions)}. "
            f"Ask for --space {space}:{_modifier(resolutions[0])}"
        )
    if len(resolutions) > 1 and not selection.resolution:
        said = " or ".join(f"--space {space}:{_modifier(resolution)}" for resolution in resolutions)
        raise UsageError(f"Space {space} is there in resolutions {', '.join(resolutions)}; choose one: {said}")
    chosen = selection.resolution or resolutions[0]
    return space, None if chosen == NATIVE else chosen


def _modifier(resolution: str) -> str:
    return f"res-{resolution}"


def _space_of(found: AbstractSet[str], wanted: str) -> str:
    spaces = sorted(space for space in found if space.startswith("MNI"))
    if wanted.startswith("fs"):
        raise UsageError(f"--space {wanted}: {NO_SURFACES}")
    if wanted and wanted not in spaces:
        there = {space.lower(): space for space in spaces}.get(wanted.lower())
        hint = f" Did you mean --space {there}?" if there else ""
        if not wanted.upper().startswith("MNI"):
            raise UsageError(f"--space {wanted} is not a standard (MNI) space, in which seeds and groups are defined.")
        raise NothingSelectedError(
            f"No preprocessed series in space {wanted}; found {', '.join(spaces) or 'none in a standard space'}.{hint}"
        )
    if wanted or STANDARD_SPACE in spaces:
        return wanted or STANDARD_SPACE
    if not spaces:
        raise NothingSelectedError(
            "No preprocessed series in a standard (MNI) space. Run fMRIPrep with "
            f"--output-spaces {STANDARD_SPACE}:res-2."
        )
    if len(spaces) > 1:
        raise UsageError(f"Series are there in {', '.join(spaces)}; choose one: --space {spaces[0]}")
    return spaces[0]
