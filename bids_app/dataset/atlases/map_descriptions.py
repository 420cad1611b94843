"""Who made maps from elsewhere, of what and how: a JSON beside each, or a table that lists the files of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bids_app.dataset.atlases.tables import read_rows, sidecar, stem
from bids_app.dataset.tables import read_json, stands
from bids_app.errors import WrongDataError, suggest

SAID = {
    "description": ("description",),
    "receptor": ("receptor", "target"),
    "tracer": ("tracer", "tracername"),
    "citation": ("citation", "reference", "doi", "referencesandlinks"),
}
"""What is kept of a map, and the keys and columns that say it, in any case; TracerName and so on are those of BIDS."""

LISTS = "file"
"""First column of a table that lists maps."""

Notes = Mapping[str, str]


def lists_maps(path: Path) -> bool:
    """Tell whether a table lists files of maps instead of being one.

    Raises
    ------
    DeqiError
        If it cannot be read.
    """
    rows = read_rows(path)
    return bool(rows) and rows[0][0].strip().lower() == LISTS


def notes_of_files(files: Sequence[Path], lists: Sequence[Path]) -> dict[Path, dict[str, Notes]]:
    """Return what is known of each file: of its maps by their names, of all of them by an empty one.

    Raises
    ------
    DeqiError
        If a JSON or list cannot be read, or a list names a file that is not among them.
    """
    found = {file: _beside(file) for file in files}
    for path in lists:
        known = {name: file for file in files for name in (file.name, stem(file))}
        header, *rows = read_rows(path)
        for row in rows:
            if row[0].strip() not in known:
                raise WrongDataError(f"{path} lists {row[0]!r}, which is none of the maps; {suggest(row[0], known)}")
            own = found[known[row[0].strip()]]
            own[""] = {**own.get("", {}), **_said(dict(zip(header, row, strict=True)))}
    return found


def _beside(file: Path) -> dict[str, Notes]:
    about = read_json(sidecar(file)) if stands(sidecar(file)) else {}
    columns = {name: _said(value) for name, value in about.items() if isinstance(value, dict)}
    return {"": _said(about), **columns}


def _said(about: Mapping[str, object]) -> Notes:
    plain = {key.strip().lower(): _text(value) for key, value in about.items() if not isinstance(value, dict)}
    said = {name: next((plain[key] for key in keys if plain.get(key)), "") for name, keys in SAID.items()}
    return {name: text for name, text in said.items() if text and text != "n/a"}


def _text(value: object) -> str:
    return "; ".join(map(_text, value)) if isinstance(value, list) else str(value).strip()
