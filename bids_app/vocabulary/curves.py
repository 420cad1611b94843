"""What a modality of tracers hands to the measures: activity over time of regions, and of tissue without receptors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.domain import Sites, Voxels

Floats = NDArray[np.float64]

LATE = 1.0
"""Minutes after injection from which on a first frame is late: the tracer has come, and the rise was not seen."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Frames:
    """Frames of a scan, in order.

    Attributes
    ----------
    start, duration : (frames,) min
        From injection on.
    """

    start: Floats
    duration: Floats

    @cached_property
    def end(self) -> Floats:
        """When each frame ends, (frames,) min."""
        return self.start + self.duration

    @cached_property
    def middle(self) -> Floats:
        """The middle of each frame, (frames,) min."""
        return self.start + self.duration / 2

    @cached_property
    def gap(self) -> Floats:
        """Minutes from the end of the frame before to the start of each, (frames,); from injection, of a late first."""
        first = self.start[0] if self.start[0] > LATE else 0.0
        return np.asarray(np.append(first, self.start[1:] - self.end[:-1]))

    def some(self, kept: NDArray[np.bool_]) -> Frames:
        """Return the frames that are kept, (frames,) bool."""
        return Frames(start=self.start[kept], duration=self.duration[kept])


@dataclass(frozen=True, kw_only=True)
class PreparedCurves:
    """What will be done to a scan, known from its tables.

    Attributes
    ----------
    frames : Frames
        Those that are used.
    table : mapping of (frames,)
        Activity of each region.
    reference : tuple of str
        Regions that are averaged as the reference; none where that is a mask.
    kept : (frames,) bool
        Which frames of the file are used.
    about : mapping
        What sidecars say of the scan.
    weights : (frames,) or None
        Of the table itself, where they are to be taken.
    displacement : (frames,) mm or None
        Of the head from the frame before, where it is known.
    """

    frames: Frames
    table: Mapping[str, Floats]
    reference: tuple[str, ...]
    kept: NDArray[np.bool_]
    about: Mapping[str, object] = field(default_factory=dict)
    weights: Floats | None = None
    displacement: Floats | None = None
    notes: tuple[str, ...] = ()
    df: Mapping[str, int] = field(default_factory=lambda: {"regions": 1})


@dataclass(frozen=True, eq=False, kw_only=True)
class Curves:
    """Activity over time.

    Attributes
    ----------
    frames : Frames
    values : (frames, places)
        Of regions, or of voxels.
    reference : (frames,)
        Of tissue without receptors.
    weights : (frames,)
        Up to 1; what each frame counts in a fit.
    domain : Sites or Voxels
    displacement : (frames,) mm or None
        Of the head from the frame before, where it is known.
    threads : int
        Processors that a measure may use.
    """

    frames: Frames
    values: Floats
    reference: Floats
    weights: Floats
    domain: Sites | Voxels
    about: Mapping[str, object] = field(default_factory=dict)
    displacement: Floats | None = None
    threads: int = 1

    def cleaned(self, kind: str, threads: int = 1) -> Curves:  # noqa: ARG002  (an image or a table has one kind)
        """Return it for so many processors."""
        return replace(self, threads=threads)
