"""Tables with a row for each region of an atlas, such as regions x genes, and where they come from."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import read_json, require_content, stands
from bids_app.errors import MissingInputError, WrongDataError

_DATE = re.compile(r"^(\d{1,2}-[A-Z][a-z]{2}|[A-Z][a-z]{2}-\d{1,2}|\d{4}-\d{2}-\d{2}( .*)?)$")
"""What spreadsheets make of genes such as SEPT2 and MARCH1 (doi:10.1186/s13059-016-1044-7)."""

NAMED = 8
"""Columns left out that a note names."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RegionTable:
    """A table of numbers, (regions, columns); NaN where none stands.

    `notes` tell what was left out or joined, `provenance` what the JSON beside the table says.
    """

    regions: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    notes: tuple[str, ...]
    provenance: Mapping[str, object]


def sidecar(path: Path) -> Path:
    """Return where the JSON with the provenance of a table, or volume, lies if it has one."""
    return path.with_name(re.sub(r"\.(csv|tsv|nii)(\.gz)?$", "", path.name) + ".json")


def stem(path: Path) -> str:
    """Return the name of a table or volume without its ending."""
    return sidecar(path).stem


def read_rows(path: Path) -> list[list[str]]:
    """Return the cells of a .csv or .tsv, compressed or not, without empty rows.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read, or rows have unequal lengths.
    """
    content = require_content(path).read_bytes()
    try:
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
        delimiter = "," if path.name.removesuffix(".gz").endswith(".csv") else "\t"
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except (OSError, EOFError, zlib.error) as error:
        raise MissingInputError(f"{path} breaks off or is damaged ({error}). Copy it again.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise WrongDataError(f"{path} is not a text table: {error}") from error
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise WrongDataError(f"{path}, line {number} has {len(row)} values for {len(rows[0])} columns.")
    return rows


def read_region_table(path: Path) -> RegionTable:
    """Return a table whose first column names regions.

    Columns that stand twice are joined by their mean, those without a name, or with a name that a spreadsheet has made
    a date, are left out; notes tell of each.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read, a region stands twice, or a cell is no number.
    """
    header, *rows = read_rows(path) or [[]]
    if len(header) < 2 or not rows:
        raise WrongDataError(
            f"{path} has {len(rows)} rows of {len(header)} columns; expected a row for each region: its name first, "
            "then a column for each gene or map."
        )
    regions = tuple(row[0].strip() for row in rows)
    if twice := sorted({name for name in regions if regions.count(name) > 1}):
        raise WrongDataError(f"{path} names regions twice: {', '.join(twice[:NAMED])}. Each region has one row.")
    values = _numbers(path, header, rows)
    names = [name.strip() for name in header[1:]]
    kept, notes = _usable(names)
    columns, values, joined = _joined([names[j] for j in kept], values[:, kept])
    about = sidecar(path)
    return RegionTable(
        regions=regions,
        columns=columns,
        values=values,
        notes=(*notes, *joined),
        provenance=read_json(about) if stands(about) else {},
    )


def _numbers(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    known = {"": "nan", "n/a": "nan", "NA": "nan"}
    text = np.array([[known.get(cell.strip(), cell) for cell in row[1:]] for row in rows], dtype=object)
    try:
        return np.asarray(text.astype(np.float64))
    except ValueError:
        row, column = next((i, j) for i, line in enumerate(text) for j, cell in enumerate(line) if not _number(cell))
        raise WrongDataError(
            f"{path}: {rows[row][0]}, {header[column + 1]} is {text[row, column]!r}; expected a number, or n/a."
        ) from None


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _usable(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return which columns have a name to go by, and what is said of the others."""
    nameless = [j for j, name in enumerate(names) if not name or name.startswith("Unnamed:")]
    dates = [j for j, name in enumerate(names) if _DATE.match(name)]
    notes = [f"{len(nameless)} columns without a name are left out."] if nameless else []
    if dates:
        notes.append(f"Left out, for a spreadsheet made dates of their names: {_some([names[j] for j in dates])}.")
    return [j for j in range(len(names)) if j not in {*nameless, *dates}], notes


def _joined(
    names: Sequence[str], values: NDArray[np.float64]
) -> tuple[tuple[str, ...], NDArray[np.float64], list[str]]:
    """Return columns with each name once: those of one name become their mean."""
    first: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        first.setdefault(name, []).append(j)
    twice = [name for name, places in first.items() if len(places) > 1]
    if not twice:
        return tuple(names), values, []
    whole = np.stack([values[:, places].mean(axis=1) for places in first.values()], axis=1)
    return tuple(first), whole, [f"Columns that stand more than once are joined by their mean: {_some(twice)}."]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
