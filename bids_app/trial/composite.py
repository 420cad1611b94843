"""Composites of several tests, such as thermal and mechanical thresholds of quantitative sensory testing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.covariate_coding import numbers

Floats = NDArray[np.float64]
Rows = Mapping[str, Mapping[str, str]]


def composite(values: Floats, signs: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Return the mean of signed z values over the tests that are known of each participant.

    Parameters
    ----------
    values : (participants, tests)
    signs : (tests,)
        What each test counts: -1 for those of which a larger value means less.
    mean, deviation : (tests,)
        Of the reference.

    Returns
    -------
    (participants,)
        NaN where no test is known.
    """
    z = signs * (values - mean) / deviation
    known = np.isfinite(z)
    total = np.where(known, z, 0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def with_composite(rows: Rows, stem: str, parts: Mapping[str, float], visits: Sequence[str]) -> Rows:
    """Return rows with a column `<stem>_<visit>` for each visit: z by mean and SD of all participants at the first.

    Raises
    ------
    WrongDataError
        If a test is not there, or does not vary before treatment.
    """
    labels = list(rows)
    values = {visit: _values(rows, parts, visit) for visit in visits}
    first = values[visits[0]]
    with np.errstate(invalid="ignore"):
        mean, deviation = np.nanmean(first, axis=0), np.nanstd(first, axis=0, ddof=1)
    if flat := [name for name, spread in zip(parts, deviation, strict=True) if not spread > 0]:
        raise WrongDataError(
            f"mean_of of {stem}: {', '.join(flat)} does not vary at {visits[0]} over all participants, so it has no z."
        )
    signs = np.array(list(parts.values()), dtype=np.float64)
    found = {label: dict(row) for label, row in rows.items()}
    for visit in visits:
        for label, value in zip(labels, composite(values[visit], signs, mean, deviation), strict=True):
            found[label][f"{stem}_{visit}"] = f"{value:.10g}" if np.isfinite(value) else "n/a"
    return found


def _values(rows: Rows, parts: Mapping[str, float], visit: str) -> Floats:
    columns = [f"{name}_{visit}" for name in parts]
    known = {column for row in rows.values() for column in row}
    if absent := [column for column in columns if column not in known]:
        raise WrongDataError(f"mean_of names {', '.join(absent)}, which no table about participants has.")
    table = [numbers([row.get(column, "n/a") for column in columns]) for row in rows.values()]
    return np.array(table, dtype=np.float64).reshape(len(rows), len(columns))
