"""Options of `[modalities.pet]`: which curves are read, and what tissue has no receptors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from bids_app.vocabulary.options.describe import Doc

KINDS = ("regions", "voxels")
"""Kinds of cleaning: curves of a table, and those of an image."""

HALF_LIVES = {"C11": 20.364, "F18": 109.77, "O15": 2.037, "N13": 9.965, "Ga68": 67.71, "Cu64": 762.0, "Zr89": 4704.7}
"""Minutes."""


@dataclass(frozen=True)
class Options:
    """Options of `[modalities.pet]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    reference: Annotated[
        str, Doc("Region without receptors, as its table names it; several are averaged: A+B.")
    ] = "cerebellum"  # fmt: skip
    reference_file: Annotated[
        str, Doc("Mask of tissue without receptors in the space of the images; maps take it in place of the region.")
    ] = ""  # fmt: skip
    seg: Annotated[str, Doc("Segmentation whose curves are read (seg-gtm: gtm), where there are several.")] = ""
    weights: Annotated[
        Literal["decay", "duration", "uniform", "column"],
        Doc("What each frame counts: by the counts in it (decay), by its duration, all alike, or by a column weights."),
    ] = "decay"
    start: Annotated[float, Ge(0), Doc("Start of the first frame that is used.", "min")] = 0.0
    end: Annotated[float, Ge(0), Doc("End of the last frame that is used; 0: all.", "min")] = 0.0
    min_minutes: Annotated[float, Ge(0), Doc("Minimum minutes after injection that a scan must reach.", "min")] = 40.0
    min_frames: Annotated[int, Ge(1), Doc("Minimum frames of a scan; 1 for ratios of uptake of a static scan.")] = 8
    max_frame_fd: Annotated[
        float, Ge(0), Doc("Maximum framewise displacement of a frame that is used; 0: none is left out.", "mm")
    ] = 0.0  # fmt: skip
    smoothing_fwhm: Annotated[
        float, Ge(0), Doc("Smoothing of the frames of images before models are fitted (FWHM).", "mm")
    ] = 5.0  # fmt: skip
    decay_correct: Annotated[
        bool, Doc("Correct curves for decay where the sidecar says that they were not (ImageDecayCorrected).")
    ] = False
