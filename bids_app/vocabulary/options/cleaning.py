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

    high_pass: Annotated[float, Ge(0), Doc("High-pass cut-off; 0: no high-pass filter.", "Hz")] = 0.008
    low_pass: Annotated[float, Ge(0), Doc("Low-pass cut-off; 0: no low-pass filter.", "Hz")] = 0.1
    detrend: Annotated[int, Interval(ge=0, le=3), Doc("Order of the polynomial drift.")] = 1
    confounds: Annotated[
        str | tuple[str, ...], Doc("Confound strategy: a preset, or patterns of confound columns; an empty list: none.")
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
        Doc("Filter and regression in one model, or regression before filtering (replication only; no censoring)."),
    ] = "one-model"
    dummy_scans: Annotated[
        int,
        Ge(0),
        Doc("Number of initial volumes to discard, in addition to non-steady-state volumes flagged by fMRIPrep."),
    ] = 0
    fd_threshold: Annotated[
        float,
        Ge(0),
        Doc("Censor volumes whose framewise displacement (Power 2012) exceeds this value; 0 disables censoring.", "mm"),
    ] = 0.5
    dvars_threshold: Annotated[
        float,
        Ge(0),
        Doc("Censor volumes whose standardised DVARS exceeds this value (fMRIPrep flags 1.5); 0 disables it."),
    ] = 0.0
    censor_before: Annotated[int, Ge(0), Doc("Volumes also censored before each volume with motion.")] = 0
    censor_after: Annotated[int, Ge(0), Doc("Volumes also censored after each volume with motion.")] = 1
    smoothing_fwhm: Annotated[
        float, Ge(0), Doc("Smoothing kernel (FWHM) of target maps; seed series are never smoothed.", "mm")
    ] = 6.0
    flip_column: Annotated[
        str, Doc("Column of participants.tsv that selects participants for left-right flipping; empty: none.")
    ] = ""
    flip_value: Annotated[str, Doc("Value of that column for flipped participants, e.g. the painful side.")] = "right"
    min_df_res: Annotated[int, Ge(3), Doc("Minimum residual degrees of freedom of a session over its runs.")] = 20
    min_minutes: Annotated[float, Ge(0), Doc("Minimum minutes of uncensored data of a session.", "min")] = 4.0

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
