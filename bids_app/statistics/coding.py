"""Covariates from the words of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError

MISSING = ("n/a", "na", "nan", "")
"""What BIDS tables write for a missing value, and what spreadsheets and programs write, in lower case."""


def code_covariates(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Return numeric columns as they are and text columns as indicators of all levels but the first.

    Raises
    ------
    WrongDataError
        For a covariate that is the same for everybody, not finite, or text that differs between all.
    """
    columns: dict[str, NDArray[np.float64]] = {}
    for name in names:
        values = [row[name] for row in rows]
        try:
            column = np.array(values, dtype=np.float64)
            if not np.isfinite(column).all():
                raise WrongDataError(f"Covariate {name!r} holds values that are not finite.")
            if np.ptp(column) == 0:
                raise WrongDataError(f"Covariate {name!r} is {values[0]} for everybody; leave it out.")
            columns[name] = column
        except ValueError:
            levels = sorted(set(values))
            if len(levels) == len(rows):
                message = f"Covariate {name!r} is text that differs between all participants; expected levels."
                raise WrongDataError(message) from None
            for level in levels[1:]:
                columns[f"{name}_{level}"] = np.array([float(value == level) for value in values])
    return columns
