"""Ratio of uptake of voxels (SUVR): what FDG and static scans give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bids_app.measures import _uptake_ratio
from bids_app.vocabulary.curves import Curves
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region


@dataclass(frozen=True)
class Options(_uptake_ratio.UptakeOptions):
    """Options of `[measures.uptake_map]`."""


CLEANING, TAKES, TITLE, ON_REQUEST = "voxels", "curves", "Ratio of uptake of voxels", True
_MAP = Output(
    name="uptake", kind="map", suffix="statmap", units="1", entities={"stat": "effect"}, entity="meas",
    labels=("suvr",), noun="the ratio of uptake", definite=True, scale="SUVR",
    description="Ratio of uptake (SUVR): activity over that of the reference.",
)  # fmt: skip
OUTPUTS = (_MAP,)
GROUP = _MAP
METHODS = _uptake_ratio.METHODS


def measure(curves: Curves, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the map.

    Raises
    ------
    NotMeasurableError
        If no frame lies in the window.
    """
    found = _uptake_ratio.ratio(curves, options).astype(np.float32)
    about = {"Window": list(options.window), "ReferenceUptake": _uptake_ratio.reference_uptake(curves, options)}
    yield Feature(_MAP, found, "suvr", {"Model": "suvr", **about, **curves.about})


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield what the one scan of a session has: injections are not averaged."""
    if len(runs) == 1:
        yield from runs[0]
