"""Columns of studies.tsv with which effects may be associated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.statistics.synthesis.meta_regression import STUDIES_A_COLUMN, MetaRegression, meta_regression
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.studies import Studies

Floats = NDArray[np.float64]

Moderators = Annotated[
    tuple[str, ...],
    Doc("Columns of studies.tsv with which effects may be associated (meta-regression); ten studies for each."),
]


def regressed(y: Floats, v: Floats, columns: Floats, names: Sequence[str], estimator: str) -> MetaRegression | str:
    """Return the regression of effects, (studies, elements), on columns, (studies, columns), or why there is none."""
    kept = np.isfinite(columns).all(axis=1)
    if kept.sum() < STUDIES_A_COLUMN * len(names):
        said = f"{int(kept.sum())} studies have {', '.join(names)}; {STUDIES_A_COLUMN} are needed for each column."
        return f"no meta-regression: {said}"
    try:
        return meta_regression(y[kept], v[kept], columns[kept], estimator if estimator in ("FE", "DL") else "REML")
    except ValueError as error:
        return f"no meta-regression on {', '.join(names)}: {error}"


def columns_of(studies: Studies, who: Sequence[str], names: Sequence[str], option: str) -> Floats:
    """Return the columns of studies, (studies, columns), NaN where nothing is told.

    Raises
    ------
    WrongDataError
        If a column is not there or holds text.
    """
    there = {name for one in who for name in studies.studies[one].facts}
    if absent := [name for name in names if name not in there]:
        raise WrongDataError(f"studies.tsv has no column {', '.join(absent)}, named in {option}.")
    rows = []
    for one in who:
        facts = studies.studies[one].facts
        try:
            rows.append([float(facts.get(name) or "nan") for name in names])
        except ValueError as error:
            raise WrongDataError(f"studies.tsv, {one}: {error}; moderators hold numbers or n/a.") from error
    return np.array(rows, dtype=np.float64).reshape(len(who), len(names))
