"""Series that fMRIPrep preprocessed: which of them are asked for, and the one space that they are taken in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bids_app.dataset.layout import (
    functional_files,
    functional_folders,
    is_surface,
    series_entities,
)
from bids_app.errors import NothingSelectedError, UsageError

STANDARD_SPACE = "MNI152NLin2009cAsym"

NO_SURFACES = (
    "series on surfaces (GIFTI, CIFTI) are not read yet. Take a volume space: run fMRIPrep with --output-spaces "
    f"{STANDARD_SPACE}:res-2."
)


@dataclass(frozen=True)
class Selection:
    """Which runs are asked for; empty means all. `matches` is a further test of a file, if there is one."""

    sessions: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    space: str = ""
    resolution: str = ""
    matches: Callable[[Path], bool] | None = None

    def takes(self, entities: Mapping[str, str]) -> bool:
        """Tell whether task, space and resolution of a file are among those asked for."""
        return (
            (not self.tasks or entities.get("task") in self.tasks)
            and (not self.space or entities.get("space") == self.space)
            and (not self.resolution or entities.get("res") == self.resolution)
        )

    def describe(self) -> str:
        """Return the filters in words, for messages."""
        said = {"session": ",".join(self.sessions), "task": ",".join(self.tasks), "space": self.space}
        return ", ".join(f"{key} {value}" for key, value in said.items() if value) or "no filter"


class Series(NamedTuple):
    """A preprocessed series by its name alone: its folder, its entities, and all that lies in the folder."""

    folder: str
    name: str
    entities: Mapping[str, str]
    beside: Sequence[str]

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.folder, self.name)


def find_series(root: Path, participants: Iterable[str], selection: Selection) -> tuple[list[Series], list[str]]:
    """Return volumetric series that pass the filters, in any space, and which folders cannot be looked into."""
    found, problems = [], []
    for participant in participants:
        for folder, names, problem in functional_folders(root, participant):
            if problem:
                problems.append(f"sub-{participant}: {problem}")
            for name in names:
                entities = series_entities(name)
                # A copy of a folder, "sub-01 copy", holds the files of somebody else.
                if entities and entities.get("sub") == participant and _wanted(entities, selection):
                    found.append(Series(folder, name, entities, names))
    return [one for one in found if selection.matches(one.path)] if selection.matches else found, problems


def _wanted(entities: Mapping[str, str], selection: Selection) -> bool:
    return (not selection.sessions or entities.get("ses") in selection.sessions) and (
        not selection.tasks or entities.get("task") in selection.tasks
    )


def has_surfaces(root: Path, participants: Iterable[str]) -> bool:
    """Tell whether there are series on surfaces, which are not read yet."""
    return any(is_surface(path.name) for label in participants for path in functional_files(root, label))


def choose_space(series: Sequence[Series], selection: Selection) -> tuple[str, str | None]:
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
    resolutions = sorted({one.entities.get("res") or "" for one in series if one.entities.get("space") == space})
    if selection.resolution:
        return space, selection.resolution
    if len(resolutions) > 1:
        raise UsageError(
            f"Space {space} is there in resolutions {', '.join(r or 'native' for r in resolutions)}; "
            f"choose one: --space {space}:res-{next(r for r in resolutions if r)}"
        )
    return space, resolutions[0] or None


def _space_of(found: AbstractSet[str], wanted: str) -> str:
    spaces = sorted(space for space in found if space.startswith("MNI"))
    if wanted.startswith("fs"):
        raise UsageError(f"--space {wanted}: {NO_SURFACES}")
    if wanted and not wanted.startswith("MNI"):
        raise UsageError(f"--space {wanted} is not a standard (MNI) space, in which seeds and groups are defined.")
    if wanted and wanted not in spaces:
        raise NothingSelectedError(
            f"No preprocessed series in space {wanted}; found {', '.join(spaces) or 'none in a standard space'}."
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
