"""Options of `[modalities.fnirs]`: which channels are used, and how light becomes haemoglobin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Gt, Interval

from bids_app.vocabulary.options.describe import Doc

KINDS = ("haemoglobin",)
"""Kinds of cleaning."""


@dataclass(frozen=True)
class Options:
    """Options of `[modalities.fnirs]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    min_coupling: Annotated[
        float, Interval(ge=0, lt=1), Doc("Minimum scalp coupling index of a channel that is used; 0 uses all.")
    ] = 0.8
    motion: Annotated[
        Literal["tddr", "none"], Doc("How motion is reduced: temporal derivative distribution repair, or not.")
    ] = "tddr"
    ppf: Annotated[
        str,
        Doc(
            "Partial pathlength factor: one number, one for each wavelength (6,5.5), or age (participants.tsv has the "
            "age). Other toolboxes write 0.1 for what is 6 here."
        ),
    ] = "6"
    rate: Annotated[float, Gt(0), Doc("Samples a second that are kept, or somewhat more.", "Hz")] = 5.0
    short_distance: Annotated[
        float, Ge(0), Doc("Channels shorter than this reach the scalp alone, unless channels.tsv says which.", "mm")
    ] = 15.0
    min_good: Annotated[
        float, Interval(ge=0, le=1), Doc("Minimum proportion of good channels, short ones aside, of a session.")
    ] = 0.5
    min_events: Annotated[
        int, Ge(0), Doc("Minimum events of a trial type in a run, without which its contrasts are left out; 0: any.")
    ] = 2
    regions: Annotated[
        Mapping[str, tuple[str, ...]],
        Doc(
            'Channels of regions: [modalities.fnirs.regions] PFC = ["S1-D1", "S1-D2"], or a box of MNI space that '
            'their middle lies in: ["x -40 40", "y 40 100", "z 0 60"] (mm).'
        ),
    ] = field(default_factory=dict)
