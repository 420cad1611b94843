"""Rows that associations with references share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bids_app.spatial.regional_map import RegionSet

Matrix = NDArray[np.float64]

BARS = 40

OWN = ("part", "region", "x", "y", "z", "voxels", "t")
"""Columns of a table of regions; others are those of references."""


def regions_table(part: RegionSet, values: Mapping[str, Matrix]) -> list[dict[str, object]]:
    """Return where each region of a part lies, the map there, and other values of each, (regions,)."""
    return [
        {"part": part.name, "region": place.name, "x": place.centre[0], "y": place.centre[1], "z": place.centre[2],
         "voxels": int(part.given.voxels[column]), "t": part.observed[i],
         **{name: own[i] for name, own in values.items()}}
        for i, (place, column) in enumerate(zip(part.places, part.columns, strict=True))
    ]  # fmt: skip


def bars(part: str, kind: str, values: Matrix) -> list[dict[str, object]]:
    """Return how often a statistic of null maps takes which value; the first value is the observed one."""
    counts, edges = np.histogram(values[1:], BARS, range=(0.0, max(1e-9, float(values.max()))))
    return [
        {"part": part, "null": kind, "from": low, "to": high, "maps": int(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
