"""How a run is cleaned: the options of `[modalities.fmri]`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Interval

from bids_app.vocabulary.options.describe import Doc

KINDS = ("filtered", "unfiltered", "raw")
"""Kinds of cleaning, each within the next where one model cleans."""


@dataclass(frozen=True)
class Options:
    """Options of `[modalities.fmri]`: how a run is cleaned."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    high_pass: Annotated[float, Ge(0), Doc("Lower edge of the pass band; 0 leaves it open.", "Hz")] = 0.008
    low_pass: Annotated[float, Ge(0), Doc("Upper edge of the pass band; 0 leaves it open.", "Hz")] = 0.1
    detrend: Annotated[int, Interval(ge=0, le=3), Doc("Order of the polynomial drift.")] = 1
    confounds: Annotated[
        str | tuple[str, ...], Doc("A preset, or patterns of confound columns; an empty list is none.")
    ] = "24P+csf+wm"
    more_confounds: Annotated[
        tuple[str, ...],
        Doc(
            "Further tables of confounds of each run (physiology, tedana, rapidtide), joined row by row: paths with "
            "entities in braces, what may be absent in brackets: physio/sub-{sub}[_ses-{ses}]_task-{task}_physio.tsv."
        ),
    ] = ()
    procedure: Annotated[
        Literal["one-model", "regress-then-filter"],
        Doc("Filter and regression in one model, or one after the other (for replication alone; censors nothing)."),
    ] = "one-model"
    dummy_scans: Annotated[int, Ge(0), Doc("Volumes left out at the start, whatever fMRIPrep flags beyond them.")] = 0
    fd_threshold: Annotated[
        float, Ge(0), Doc("Frames of a framewise displacement (Power) above it are censored; 0 keeps all.", "mm")
    ] = 0.5
    dvars_threshold: Annotated[
        float, Ge(0), Doc("Frames of a standardised DVARS above it are censored too (fMRIPrep flags 1.5); 0 keeps all.")
    ] = 0.0
    censor_before: Annotated[int, Ge(0), Doc("Frames censored before each that moved.")] = 0
    censor_after: Annotated[int, Ge(0), Doc("Frames censored after each that moved.")] = 1
    smoothing_fwhm: Annotated[float, Ge(0), Doc("Smoothing of target maps; seeds are never smoothed.", "mm")] = 6.0
    flip_column: Annotated[
        str, Doc("Column of participants.tsv that says whose left and right are exchanged; empty: nobody's.")
    ] = ""
    flip_value: Annotated[str, Doc("Value of that column for them, e.g. the side that hurts.")] = "right"
    min_df_res: Annotated[int, Ge(3), Doc("Residual degrees of freedom a session needs, its runs together.")] = 20
    min_minutes: Annotated[float, Ge(0), Doc("Minutes of kept frames a session needs.", "min")] = 4.0

    def __post_init__(self) -> None:
        """Refuse options that exclude each other."""
        if 0 < self.low_pass <= self.high_pass:
            raise ValueError(
                f"low_pass ({self.low_pass:g} Hz) must lie above high_pass ({self.high_pass:g} Hz), or be 0"
            )
        if self.stepwise and self.censors:
            raise ValueError(
                "procedure = 'regress-then-filter' knows no gaps, but frames shall be censored; set fd_threshold and "
                "dvars_threshold to 0, or take procedure = 'one-model'"
            )

    @property
    def censors(self) -> bool:
        """Whether frames may be left out for motion."""
        return self.fd_threshold > 0 or self.dvars_threshold > 0

    @property
    def stepwise(self) -> bool:
        """Whether the filter comes after the regression, as much of the literature did it."""
        return self.procedure == "regress-then-filter"
