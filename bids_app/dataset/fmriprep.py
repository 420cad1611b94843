"""Runs that fMRIPrep preprocessed: series, mask and confounds brought together by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from bids_app.dataset.layout import functional_files, is_series, is_surface, modern_name
from bids_app.dataset.tables import read_json, stands
from bids_app.errors import MissingInputError, NothingSelectedError, UsageError
from bids_app.vocabulary.entities import join, parse, without
from bids_app.vocabulary.recording import Recording

STANDARD_SPACE = "MNI152NLin2009cAsym"

NO_SURFACES = (
    "series on surfaces (GIFTI, CIFTI) are not read yet. Take a volume space: run fMRIPrep with --output-spaces "
    f"{STANDARD_SPACE}:res-2."
)


@dataclass(frozen=True)
class Selection:
    """Which runs are asked for; empty means all. `matches` is a further test of a file."""

    sessions: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    space: str = ""
    resolution: str = ""
    matches: Callable[[Path], bool] = lambda path: True

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


def find_series(root: Path, participants: Iterable[str], selection: Selection) -> dict[Path, dict[str, str]]:
    """Return volumetric series in standard spaces that pass the filters, with their entities."""
    found = {}
    for participant in participants:
        for path in functional_files(root, participant):
            if not is_series(path.name):
                continue
            entities, _, _ = parse(modern_name(path.name))
            wanted = (
                (not selection.sessions or entities.get("ses") in selection.sessions)
                and (not selection.tasks or entities.get("task") in selection.tasks)
                and selection.matches(path)
            )
            if wanted:
                found[path] = entities
    return found


def has_surfaces(root: Path, participants: Iterable[str]) -> bool:
    """Tell whether there are series on surfaces, which are not read yet."""
    return any(is_surface(path.name) for label in participants for path in functional_files(root, label))


def choose_space(series: Mapping[Path, Mapping[str, str]], selection: Selection) -> tuple[str, str | None]:
    """Return the space, and the resolution label or None, that all runs are taken in.

    The one asked for; else MNI152NLin2009cAsym; else the only standard space there is.

    Raises
    ------
    NothingSelectedError
        If no series is in a standard space, or none in the one asked for.
    UsageError
        If there are several and none was asked for, or the one asked for is not standard.
    """
    space = _space_of({e["space"] for e in series.values() if "space" in e}, selection.space)
    resolutions = sorted({e.get("res") or "" for e in series.values() if e.get("space") == space})
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


def recordings(
    name: str, roots: tuple[Path, Path], series: Mapping[Path, Mapping[str, str]], space: str, resolution: str | None
) -> tuple[list[Recording], list[str]]:
    """Bring series of one space together with their masks and confounds.

    Parameters
    ----------
    roots : (derivatives, raw)
        Dataset that series are in, and the one that may have their events.

    Returns
    -------
    runs, incomplete
        Runs that can be read, and a sentence for each that cannot.
    """
    runs, incomplete = [], []
    for path, entities in series.items():
        if entities.get("space") != space or entities.get("res") != resolution:
            continue
        try:
            runs.append(_recording(name, *roots, path, entities))
        except MissingInputError as error:
            incomplete.append(str(error))
    return runs, incomplete


def _recording(name: str, root: Path, raw: Path, path: Path, entities: Mapping[str, str]) -> Recording:
    beside = {modern_name(p.name): p for p in functional_files(root, entities["sub"]) if p.parent == path.parent}
    mask = join({**entities, "desc": "brain"}, "mask", ".nii.gz")
    timing = without(entities, "space", "res", "den", "cohort")
    confounds = join({**timing, "desc": "confounds"}, "timeseries", ".tsv")
    for wanted in (mask, confounds):
        if wanted not in beside:
            raise MissingInputError(
                f"{path.name} has no {wanted} beside it, so it cannot be cleaned. Copy the file from the fMRIPrep "
                "output, or run fMRIPrep again."
            )
    sidecars = _sidecars(root, path, entities)
    metadata: dict[str, object] = {}
    for sidecar in sidecars:
        metadata.update(read_json(sidecar))
    return Recording(
        without(entities, "desc"), path, beside[mask], beside[confounds], root, name, tuple(sidecars), metadata,
        _events(raw, entities) or _events(root, entities),
    )  # fmt: skip


def _events(root: Path, entities: Mapping[str, str]) -> Path | None:
    """Return the events table of a run: in its folder or, by BIDS inheritance, above; the most particular one."""
    person = root / f"sub-{entities['sub']}"
    session = person / f"ses-{entities['ses']}" if "ses" in entities else person
    for folder in dict.fromkeys((session / "func", session, person, root)):
        fitting = [
            (len(own), path)
            for path in sorted(folder.glob("*_events.tsv"))
            if (own := parse(path.name)[0]).items() <= entities.items() and own.get("task") == entities.get("task")
        ]
        if fitting:
            return max(fitting)[1]
    return None


def _sidecars(root: Path, path: Path, entities: Mapping[str, str]) -> list[Path]:
    """Return sidecars that apply to a series by BIDS inheritance, the most general first."""
    own = path.with_name(path.name.removesuffix(".gz").removesuffix(".nii") + ".json")
    general = [root / f"task-{entities.get('task')}_bold.json"]
    general.append(root / f"task-{entities.get('task')}_desc-preproc_bold.json")
    return [candidate for candidate in (*general, own) if stands(candidate)]
