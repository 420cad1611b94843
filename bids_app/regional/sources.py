"""Maps from elsewhere by the regions of an atlas, whatever they come as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.parcels import places
from bids_app.dataset.references import TABLES, reference_files, table_by_regions, volume_by_regions
from bids_app.errors import UsageError
from bids_app.regional.matching import match
from bids_app.regional.parts import require_known
from bids_app.regional.tables import OWN

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reference:
    """A map from elsewhere.

    Attributes
    ----------
    name : str
        As its file or column is called.
    file : str
    values : (regions of the atlas,)
        NaN where it has none.
    """

    name: str
    file: str
    values: Matrix


def by_regions(
    files: Sequence[Path], atlas: Path, space: str, least: int, *, zeros_count: bool = False
) -> tuple[list[Reference], list[str]]:
    """Return every map of some files by the regions of an atlas, and what is to be said of them.

    Maps of one name, or named as a column of ours, are called after their file too.

    Raises
    ------
    DeqiError
        If one cannot be read, or rows of a table are no regions of the atlas.
    """
    found, said = list[Reference](), list[str]()
    for file in files:
        if not file.name.endswith(TABLES):
            volume = volume_by_regions(file, atlas, space, zeros_count=zeros_count)
            found.append(Reference(volume.name, file.name, volume.values))
            continue
        table, known = table_by_regions(file), places(atlas)
        names = [place.name for place in known]
        matched = match(table.regions, names, [place.number for place in known])
        said += [*table.notes, require_known(matched, known, file.name, least)]
        whole = np.full((len(known), len(table.columns)), np.nan)
        for i, name in enumerate(names):
            if name in matched.rows:
                whole[i] = table.values[matched.rows[name]]
        found += [Reference(name, file.name, whole[:, j]) for j, name in enumerate(table.columns)]
    return _told_apart(found), [note for note in said if note]


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
                f"associations.{where}: {word} is a result of this group level. A map goes with what was made of the "
                "same people even if nothing does: take references from elsewhere."
            )


@dataclass(frozen=True)
class Source:
    """Where references come from: the words that name them, the option for messages, and whether zeros are values."""

    words: tuple[str, ...]
    option: str
    zeros_count: bool = False


def files_of(source: Source, atlas: Path, space: str, least: int) -> list[Path]:
    """Return the files of references; all of them are read and understood once.

    Raises
    ------
    DeqiError
        If no map is named, or one cannot be understood.
    """
    files = reference_files(source.words, f"associations.{source.option}")
    by_regions(files, atlas, space, least, zeros_count=source.zeros_count)
    return files


def read(source: Source, atlas: Path, space: str, least: int) -> tuple[list[Reference], list[str]]:
    """Return the references that words name by the regions of the atlas, and what is to be said of them."""
    files = reference_files(source.words, source.option)
    return by_regions(files, atlas, space, least, zeros_count=source.zeros_count)
