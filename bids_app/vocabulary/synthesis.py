"""What a synthesis of studies is asked, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Namer
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.studies import Studies
from bids_app.vocabulary.synthesis_sidecars import SynthesisSidecar

Columns = Mapping[str, Sequence[object]]


MINUS, OPPOSITE = " minus ", " or "
"""Between two contrasts that are compared, and between the two directions of one, in the title of a subject."""


class Subject(NamedTuple):
    """What is brought together: in words, and as a label of file names."""

    title: str
    label: str


class Images(Protocol):
    """Reads images of studies on one grid."""

    @property
    def moved(self) -> Sequence[Path]:
        """Those read so far that were interpolated, for their grids are others."""

    def __call__(self, path: Path) -> NDArray[np.float64]:
        """Return values (x, y, z), NaN where there are none."""


@dataclass(frozen=True, eq=False, kw_only=True)
class SynthesisRequest:
    """What a synthesis works on.

    Attributes
    ----------
    brain : Voxels or None
        Grid and mask, where one is needed.
    inference : Inference
        Level and seed.
    named : callable
        Names a place of the brain.
    images : Images or None
        Reads images on the grid of `brain`, where a synthesis asks for maps.
    progress : callable
        Takes what is done, all there is, and the height that passes so far.
    """

    studies: Studies
    subject: Subject
    inference: Inference
    brain: Voxels | None = None
    named: Namer = lambda _: ""
    images: Images | None = None
    threads: int = 1
    progress: Callable[[int, int, float], None] = lambda *_: None


@dataclass(frozen=True, eq=False, kw_only=True)
class SynthesisResult:
    """What a synthesis gives.

    Attributes
    ----------
    about : SynthesisSidecar
        Its sidecar.
    maps : mapping of (voxels,) arrays
        By the label of `stat`.
    tables : mapping of columns
        By suffix; who is in it and why not (`studies`) is written of every sidecar.
    """

    about: SynthesisSidecar
    maps: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)
    domain: Voxels | None = None
    tables: Mapping[str, Columns] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
