"""Maps from elsewhere by the regions of an atlas, whatever they come as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.map_descriptions import Notes, lists_maps, notes_of_files
from bids_app.dataset.atlases.names import match
from bids_app.dataset.atlases.parcels import AtlasRegion, atlas_regions
from bids_app.dataset.atlases.reference_maps import TABLES, reference_files, table_by_regions, volume_by_regions
from bids_app.dataset.atlases.tables import sidecar
from bids_app.dataset.tables import stands
from bids_app.errors import UsageError
from bids_app.spatial.region_sets import require_known
from bids_app.spatial.result_tables import OWN

Matrix = NDArray[np.float64]

NOTHING_SAID = (
    "Nothing is said of who made these maps, and of what: put a JSON beside each, or a table of all into their folder "
    "(columns file, receptor, tracer, citation):"
)


@dataclass(frozen=True, eq=False)
class Reference:
    """A map from elsewhere.

    Attributes
    ----------
    name : str
        As its file or column is called; after its file too if that is needed to tell it apart.
    file : str
    values : (regions of the atlas,)
        NaN where it has none.
    about : mapping
        What is known of it: description, receptor, tracer, citation.
    """

    name: str
    file: str
    values: Matrix
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Its name without that of its file."""
        return self.name.removeprefix(f"{self.file}: ")


def by_regions(
    files: Sequence[Path], atlas: Path, space: str, least: int, *, zeros_count: bool = False
) -> tuple[list[Reference], list[str]]:
    """Return every map of some files by the regions of an atlas, and what is to be said of them.

    Tables whose first column is `file` tell of the others. Maps of one name, or named as a column of ours, are called
    after their file too.

    Raises
    ------
    DeqiError
        If one cannot be read, rows of a table are no regions of the atlas, or there are lists alone.
    """
    lists = [file for file in files if file.name.endswith(TABLES) and lists_maps(file)]
    maps = [file for file in files if file not in lists]
    if not maps:
        raise UsageError(f"{lists[0]} lists maps, and none of them is named. Name them too, or the folder of all.")
    notes, found, said = notes_of_files(maps, lists), list[Reference](), list[str]()
    for file in maps:
        if file.name.endswith(TABLES):
            own, told = _of_table(file, atlas_regions(atlas), notes[file], least)
            found += own
            said += told
        else:
            volume = volume_by_regions(file, atlas, space, zeros_count=zeros_count)
            found.append(Reference(volume.name, file.name, volume.values, notes[file][""]))
    return _told_apart(found), [note for note in said if note]


def _of_table(
    file: Path, known: Sequence[AtlasRegion], notes: Mapping[str, Notes], least: int
) -> tuple[list[Reference], list[str]]:
    table = table_by_regions(file)
    matched = match(table.regions, [place.name for place in known], [place.number for place in known])
    said = [*table.notes, require_known(matched, known, file.name, least)]
    whole = np.full((len(known), len(table.columns)), np.nan)
    for i, place in enumerate(known):
        if place.name in matched.rows:
            whole[i] = table.values[matched.rows[place.name]]
    about = [{**notes[""], **notes.get(name, {})} for name in table.columns]
    return [Reference(name, file.name, whole[:, j], about[j]) for j, name in enumerate(table.columns)], said


def _told_apart(references: Sequence[Reference]) -> list[Reference]:
    names = [reference.name for reference in references]
    return [
        replace(one, name=f"{one.file}: {one.name}") if names.count(one.name) > 1 or one.name in OWN else one
        for one in references
    ]


def require_elsewhere(words: Sequence[str], output_dir: Path, where: str) -> None:
    """Refuse results of the group level as references of themselves.

    Raises
    ------
    UsageError
        With the reason.
    """
    group = (output_dir / "group").resolve()
    for word in filter(None, words):
        path = Path(word).resolve()
        if group == path or group in path.parents:
            raise UsageError(
                f"associations.{where}: {word} is a result of this group level. A map is associated with what was made "
                "of the same participants even if nothing is: take references from elsewhere."
            )


def describe_references(references: Sequence[Reference]) -> dict[str, dict[str, str]]:
    """Return what a sidecar says of references."""
    return {
        one.name: {"File": one.file, **{key.capitalize(): text for key, text in one.about.items()}}
        for one in references
    }


@dataclass(frozen=True)
class Source:
    """Where references come from: the words that name them, the option for messages, and whether zeros are values."""

    words: tuple[str, ...]
    option: str
    zeros_count: bool = False


def files_of(source: Source, atlas: Path, space: str, least: int) -> list[Path]:
    """Return the files of references, and what lies beside them; all of it is read and understood once.

    Raises
    ------
    DeqiError
        If no map is named, or one cannot be understood.
    """
    files = reference_files(source.words, f"associations.{source.option}")
    by_regions(files, atlas, space, least, zeros_count=source.zeros_count)
    return [*files, *(describe_references for file in files if stands(describe_references := sidecar(file)))]


def read(source: Source, atlas: Path, space: str, least: int) -> tuple[list[Reference], list[str]]:
    """Return the references that words name by the regions of the atlas, and what is to be said of them."""
    files = reference_files(source.words, source.option)
    known, said = by_regions(files, atlas, space, least, zeros_count=source.zeros_count)
    unknown = [one.name for one in known if not one.about]
    return known, [*said, *([f"{NOTHING_SAID} {', '.join(unknown)}."] if unknown else [])]
