"""Ratio of uptake (SUVR) that measures of regions and of voxels share: FDG and tracers without a kinetic model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.statistics.kinetics.reference import uptake_ratio
from bids_app.vocabulary.curves import Curves
from bids_app.vocabulary.options.describe import Doc

METHODS = (
    "The ratio of uptake (SUVR) was the mean activity of the frames within a time window, weighted by their duration, "
    "over that of the reference. It is no binding potential, and where treatment changes the reference, every ratio "
    "moves the other way: the activity of the reference is tabulated beside it."
)


@dataclass(frozen=True)
class UptakeOptions:
    """Options of every ratio of uptake."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    window: Annotated[
        tuple[float, float], Doc("Minutes after injection whose frames are averaged, from and to.", "min")
    ] = (60.0, 90.0)  # fmt: skip

    def __post_init__(self) -> None:
        """Refuse a window that is none."""
        if self.window[0] >= self.window[1]:
            raise ValueError(f"window begins at {self.window[0]:g} min and ends at {self.window[1]:g} min")


def ratio(curves: Curves, options: UptakeOptions) -> NDArray[np.float64]:
    """Return the ratio of every curve, (n,).

    Raises
    ------
    NotMeasurableError
        If no frame lies in the window.
    """
    first, last = options.window
    found = uptake_ratio(curves.frames, curves.reference, curves.values, first, last)
    if not np.isfinite(found).any():
        frames = curves.frames
        raise NotMeasurableError(
            f"no frame lies between {first:g} and {last:g} min; the scan has {len(frames.start)} from "
            f"{frames.start[0]:.0f} to {frames.end[-1]:.0f} min (option window)"
        )
    return found


def reference_uptake(curves: Curves, options: UptakeOptions) -> float:
    """Return the mean activity of the reference in the window."""
    inside = (curves.frames.start >= options.window[0] - 1e-6) & (curves.frames.end <= options.window[1] + 1e-6)
    return float(np.average(curves.reference[inside], weights=curves.frames.duration[inside]))
