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
        If the table has another number of rows than the series has volumes.
    """
    table = read_tsv(path)
    rows = len(next(iter(table.values()), []))
    if rows != frames:
        raise WrongDataError(
            f"{path} has {rows} rows, the series has {frames} volumes; they must be equal. "
            "Table and series belong to different runs, or one is cut short: copy both again."
        )
    columns = {name: numeric(values) for name, values in table.items()}
    return {name: column for name, column in columns.items() if column is not None}
