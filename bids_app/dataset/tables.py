"""Tab-separated tables and JSON files as BIDS writes them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bids_app.errors import InvalidBidsError, MissingInputError, WrongDataError
from bids_app.vocabulary.near_matches import nearest

Json = Mapping[str, Any]
"""What a JSON or TOML file says, before it is read as a record or as options."""

TableRow = dict[str, Any]
"""A row of a table that was read: text, or a number where its column holds numbers."""

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def stands(path: Path) -> bool:
    """Tell whether a file is there, even as a link of DataLad / git-annex whose content is elsewhere."""
    return path.exists() or path.is_symlink()


def require_content(path: Path) -> Path:
    """Return the path if a file with content stands there.

    Raises
    ------
    MissingInputError
        If it is absent, empty, or a link of DataLad / git-annex whose content is not here.
    """
    if path.is_symlink() and not path.exists():
        raise MissingInputError(f"{path} is a link without content (DataLad / git-annex). Get it: datalad get '{path}'")
    if path.is_dir():
        raise MissingInputError(f"{path} is a folder; expected a file. Copy it again.")
    if not path.is_file():
        raise MissingInputError(f"{path} does not exist; it is needed here.")
    if not os.access(path, os.R_OK):
        raise MissingInputError(f"{path} may not be read by user {os.getuid()}. Give yourself the right: chmod a+r.")
    size = path.stat().st_size
    if size == 0:
        raise MissingInputError(
            f"{path} is empty (0 bytes); expected content. Copy it again, or get it: datalad get '{path}'"
        )
    if size < LONGEST_POINTER:
        _require_no_pointer(path)
    return path


LONGEST_POINTER = 32768
"""Bytes; git-annex takes no longer file for a pointer, and those of git-lfs are shorter."""

POINTERS = {
    b"/annex/objects/": "datalad get '{path}' (git annex get '{path}')",
    b"version https://git-lfs": "git lfs pull --include '{path}'",
}
"""First bytes of files that stand for content which is elsewhere, and how to get it."""


def _require_no_pointer(path: Path) -> None:
    with path.open("rb") as stream:
        start = stream.read(64)
    for mark, command in POINTERS.items():
        if start.startswith(mark):
            raise MissingInputError(
                f"{path} is a pointer to content that is not here (git-annex or git-lfs). "
                f"Get it: {command.format(path=path)}"
            )


def read_tsv(path: Path) -> dict[str, list[str]]:
    """Return the columns of a table as text.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read, is not text, has a column twice or rows of unequal length.
    """
    require_content(path)
    try:
        text = _MARKED.sub("", _decoded(path))
        # BIDS has no quoting: a lone quotation mark would swallow the lines that follow.
        reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
        header, *rows = [[_unquoted(cell) for cell in row] for row in reader if row] or [[]]
    except csv.Error as error:
        raise WrongDataError(f"{path} is not a tab-separated text table: {error}") from error
    _require_tabs(path, header)
    if len(set(header)) != len(header):
        twice = sorted({name for name in header if header.count(name) > 1})
        raise WrongDataError(f"{path} has columns twice: {', '.join(twice)}. Each name may stand once.")
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise WrongDataError(
                f"{path}, line {number} has {len(row)} values for {len(header)} columns. "
                "Separate values by tabs and write n/a where there is none."
            )
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def labels_of(table: Mapping[str, list[str]], path: Path, column: str, prefix: str) -> list[str]:
    """Return the labels in a column of identifiers, without blanks around them and without their prefix.

    Raises
    ------
    InvalidBidsError
        If the table has no such column, or a row has no identifier: what it says would belong to no one.
    """
    if column not in table:
        near = nearest(column, table)
        meant = f" Is {near!r} meant? Write it as {column}." if near else ""
        raise InvalidBidsError(f"{path} has columns {', '.join(table)}; expected {column} among them.{meant}")
    labels = [cell.strip().removeprefix(prefix) for cell in table[column]]
    blank = [str(line) for line, label in enumerate(labels, 2) if label.lower() in ("", "n/a")]
    if blank:
        raise InvalidBidsError(f"{path}, line {', '.join(blank[:5])}: no {column}. Write it, or take the row out.")
    return labels


def _decoded(path: Path) -> str:
    """Return the text of a table, which BIDS has in UTF-8.

    Raises
    ------
    WrongDataError
        If it is in another encoding; the message says how to save it.
    """
    content = path.read_bytes()
    letters = [byte != 0 for byte in content[:4]]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or letters in ([True, False] * 2, [False, True] * 2):
        raise WrongDataError(f"{path} is in UTF-16 (Excel calls it 'Unicode text'). Save it as UTF-8, with tabs.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise WrongDataError(
            f"{path} is not in UTF-8 (line {line}). Save it as UTF-8; spreadsheets ask for the encoding on saving."
        ) from error


def _require_tabs(path: Path, header: list[str]) -> None:
    """Refuse a table of which the one column is several, set apart by something else than tabs."""
    for mark, name in ((";", "semicolons"), (",", "commas")):
        if len(header) == 1 and mark in header[0]:
            raise WrongDataError(
                f"{path} separates its columns by {name}; BIDS tables are separated by tabs. Save it as "
                "tab-separated text (.tsv)."
            )


def _unquoted(cell: str) -> str:
    """Return a cell without the quotation marks that spreadsheets set around it."""
    whole = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if whole else cell


_MARKED = re.compile(r"(?m)(?:^|(?<=\t))'(?=[=+@])")
"""The quote that `derivatives.files.write_table` sets before what looks like a formula."""


_TEXT = dict.fromkeys(
    (
        "participant_id",
        "arm",
        "visit",
        "comparison",
        "map",
        "gene",
        "set",
        "region",
        "part",
        "file",
        "leading",
        "place",
    ),
    str,
)
"""Columns that are text whatever they hold: a gradient may be called 1, and a gene NA."""


def read_frame(path: Path) -> pd.DataFrame:
    """Return a table of ours with its types; n/a is missing, identifiers and arms stay text."""
    import pandas as pd

    text = _MARKED.sub("", path.read_text(encoding="utf-8"))
    return pd.read_csv(
        io.StringIO(text), sep="\t", na_values="n/a", keep_default_na=False, quoting=csv.QUOTE_NONE, dtype=_TEXT
    )


def numeric(values: list[str]) -> NDArray[np.float64] | None:
    """Return a column as numbers with NaN for n/a, or None if it holds other text."""
    import numpy as np  # not above: the launcher of the container reads JSON on hosts without numpy

    try:
        numbers = np.array([np.nan if v.strip() in ("n/a", "", "nan", "NaN") else float(v) for v in values])
    except ValueError:
        return None
    return None if any("_" in value for value in values) else numbers  # 1_000 is a number to Python alone


def read_json(path: Path) -> Json:
    """Return a JSON object.

    Raises
    ------
    MissingInputError, WrongDataError
        If it cannot be read or is not an object.
    """
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        require_content(path)
        raise WrongDataError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise WrongDataError(f"{path} holds a {type(content).__name__}; expected a JSON object.")
    return content
