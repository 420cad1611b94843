"""Confound tables of fMRIPrep, as numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import numeric, read_tsv
from bids_app.errors import WrongDataError


def read_confounds(path: Path, frames: int) -> dict[str, NDArray[np.float64]]:
    """Return the numeric columns of a confound table, (frames,) each; n/a is NaN.

    Raises
    ------
    WrongDataError
        If the table has another number of rows than the series has volumes, or holds words among numbers.
    """
    table = read_tsv(path)
    rows = len(next(iter(table.values()), []))
    if rows != frames:
        raise WrongDataError(
            f"{path} has {rows} rows, the series has {frames} volumes; they must be equal. "
            "Table and series belong to different runs, or one is cut short: copy both again."
        )
    columns = {name: _column(path, name, values) for name, values in table.items()}
    return {name: column for name, column in columns.items() if column is not None}


def _column(path: Path, name: str, values: list[str]) -> NDArray[np.float64] | None:
    """Return a column as numbers, None if it is one of words.

    Raises
    ------
    WrongDataError
        If it holds words among numbers, or a number beyond all bounds: silently left out it would change the model.
    """
    column = numeric(values)
    if column is not None and not np.isinf(column).any():
        return column
    wrong = [(line, value) for line, value in enumerate(values, 2) if (n := numeric([value])) is None or np.isinf(n[0])]
    if len(wrong) == len(values):
        return None
    line, value = wrong[0]
    raise WrongDataError(
        f"{path}, line {line}: {name} is {value[:40]!r}; expected a number, or n/a. Copy the table again from fMRIPrep."
    )
