"""Columns of studies with which pooled maps are associated, voxel by voxel: looked at, and never claimed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from bids_app.statistics.synthesis.meta_regression import MetaRegression
from bids_app.syntheses import _map_options, _moderators
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.synthesis import Columns, SynthesisRequest

Floats = NDArray[np.float64]

TILE = 32_768
"""Voxels that are regressed at once."""


class Slopes(NamedTuple):
    """Maps and a table of slopes, or why there are none."""

    maps: dict[str, NDArray[np.floating]]
    table: Columns
    warnings: tuple[str, ...]


class MapRegression(NamedTuple):
    """What slopes are had from: studies by name, effects and variances (studies, voxels), and the voxels."""

    studies: Sequence[str]
    effects: Floats
    variances: Floats
    domain: Voxels


def slopes(given: MapRegression, request: SynthesisRequest, options: _map_options.Options) -> Slopes:
    """Return how effects are associated with columns of studies, each given the others.

    Raises
    ------
    WrongDataError
        If a column is not there or holds text.
    """
    names = options.moderators
    if not names:
        return Slopes({}, {}, ())
    columns = _moderators.columns_of(request.studies, given.studies, names, "syntheses.maps.moderators")
    parts: list[MetaRegression] = []
    for start in range(0, given.effects.shape[1], TILE):
        y, v = (values[:, start : start + TILE] for values in (given.effects, given.variances))
        found = _moderators.regressed(y, v, columns, names, options.estimator)
        if isinstance(found, str):
            return Slopes({}, {}, (found,))
        parts.append(found)
    t, slope, p = (
        np.concatenate([getattr(one, name)[1:] for one in parts], axis=1) for name in ("t", "coefficients", "p")
    )
    q = np.array([stats.false_discovery_control(np.nan_to_num(one, nan=1.0)) for one in p])
    maps: dict[str, NDArray[np.floating]] = {"tau2Rest": np.concatenate([one.tau2 for one in parts])}
    for name, values in (("slope", slope), ("t", t), ("q", q)):
        maps |= {f"{name}{_label(column)}": row for column, row in zip(names, values, strict=True)}
    at = np.nanargmax(np.where(np.isfinite(t), np.abs(t), -1.0), axis=1)
    where, rows = given.domain.positions[at], np.arange(len(names))
    table: dict[str, Sequence[object]] = {
        "column": names,
        "studies": [int(np.isfinite(columns).all(1).sum())] * len(at),
    }
    table |= {axis: [*values] for axis, values in zip("xyz", where.T, strict=True)}
    table |= {
        "place": [request.named(place[None]) or None for place in where], "slope": [*slope[rows, at]],
        "peak_t": [*t[rows, at]], "q": [*q[rows, at]],
    }  # fmt: skip
    return Slopes(maps, table, ())


def _label(column: str) -> str:
    label = as_label(column)
    return label[:1].upper() + label[1:]
