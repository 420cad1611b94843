"""Options of `[modalities.eeg]`: what is taken as clean, and how it is referenced and cut into segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Interval

from bids_app.vocabulary.options.describe import Doc

KINDS = ("clean",)
"""Kinds of cleaning."""


@dataclass(frozen=True)
class Options:
    """Options of `[modalities.eeg]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    raw: Annotated[
        Literal["refuse", "minimal"],
        Doc(
            "What to do where there is no cleaned recording: refuse, or minimal (1 Hz high-pass, bad channels and "
            "large amplitudes out; no correction of eye and muscle artefacts, and every result says so)."
        ),
    ] = "refuse"
    reference: Annotated[
        Literal["average", "keep"],
        Doc("Reference: the average of all good channels, or keep that of the file."),
    ] = "average"
    artefacts_removed: Annotated[
        bool, Doc("Recordings during electroacupuncture are taken: the artefacts of its current were removed.")
    ] = False
    segment_seconds: Annotated[float, Gt(0), Doc("Length of the segments that spectra are averaged over.", "s")] = 4.0
    overlap: Annotated[float, Interval(ge=0, lt=1), Doc("Proportion by which neighbouring segments overlap.")] = 0.5
    reject_uv: Annotated[
        float,
        Ge(0),
        Doc("Segments with a larger peak-to-peak amplitude in any good channel are excluded; 0 excludes none.", "µV"),
    ] = 150.0
    max_interpolated: Annotated[
        float, Interval(ge=0, le=1), Doc("Maximum proportion of bad channels, which are interpolated.")
    ] = 0.15
    min_seconds: Annotated[
        float, Ge(0), Doc("Minimum seconds of clean segments of a session; 120 are advised.", "s")
    ] = 60.0
    montage: Annotated[
        str, Doc("Cap that gives positions by the names of channels; see bids_app/presets/montages.")
    ] = "standard_1005"
