"""Confound tables of fMRIPrep, as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import numeric, read_tsv
from bids_app.errors import WrongDataError


def read_confounds(path: Path, frames: int, matters: Callable[[str], bool]) -> dict[str, NDArray[np.float64]]:
    """Return the numeric columns of a confound table, (frames,) each; n/a is NaN.

    Parameters
    ----------
    matters : callable
        Tells of a column whether results may depend on it; others may hold anything, and are passed over then.

    Raises
    ------
    WrongDataError
        If the table has another number of rows than the series has volumes, or a column that matters holds words.
    """
    table = read_tsv(path)
    rows = len(next(iter(table.values()), []))
    if rows != frames:
        raise WrongDataError(
            f"{path} has {rows} rows, the series has {frames} volumes; they must be equal. "
            "Table and series belong to different runs, or one is cut short: copy both again."
        )
    columns = {name: numeric(values) for name, values in table.items()}
    sound = {name: column for name, column in columns.items() if column is not None and not np.isinf(column).any()}
    for name in table.keys() - sound.keys():
        if matters(name):  # silently left out it would change the model
            raise _not_a_number(path, name, table[name])
    return sound


def joined_confounds(
    paths: Sequence[Path], frames: int, matters: Callable[[str], bool]
) -> dict[str, NDArray[np.float64]]:
    """Return the columns of all confound tables of a run.

    Raises
    ------
    WrongDataError
        As `read_confounds` does, or if two tables have a column of one name with other values.
    """
    first, *others = paths
    joined = read_confounds(first, frames, matters)
    for path in others:
        for name, column in read_confounds(path, frames, matters).items():
            if name in joined and not np.allclose(joined[name], column, rtol=1e-6, atol=1e-9, equal_nan=True):
                raise WrongDataError(
                    f"{path} and {first} both have a column {name!r}, with other values. Rename it in one of them."
                )
            joined.setdefault(name, column)
    return joined


def _not_a_number(path: Path, name: str, values: list[str]) -> WrongDataError:
    """Return what to say of a column that holds words, or numbers beyond all bounds."""
    wrong = [(line, value) for line, value in enumerate(values, 2) if (n := numeric([value])) is None or np.isinf(n[0])]
    line, value = wrong[0]
    return WrongDataError(
        f"{path}, line {line}: {name} is {value[:40]!r}; expected a number, or n/a. Copy the table again from fMRIPrep."
    )
