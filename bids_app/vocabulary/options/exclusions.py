"""Whose sessions do not join the group: limits of quality, fixed before anybody looks at results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Interval

from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True, kw_only=True)
class Exclusions:
    """Options of `[exclusions]`; 0 is no limit. A session beyond one is lost and stands in the flow with the reason."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    max_mean_fd: Annotated[float, Ge(0), Doc("Maximum mean framewise displacement of a session.", "mm")] = 0.0
    max_censored: Annotated[float, Interval(ge=0, le=1), Doc("Maximum proportion of censored volumes.")] = 0.0
    min_minutes: Annotated[float, Ge(0), Doc("Minimum minutes of uncensored data.", "min")] = 0.0
    min_df_res: Annotated[int, Ge(0), Doc("Minimum residual degrees of freedom.")] = 0
    min_coverage: Annotated[
        float, Interval(ge=0, le=1), Doc("Minimum proportion of the brain mask with usable voxels.")
    ] = 0.0
    min_seconds: Annotated[float, Ge(0), Doc("Minimum seconds of clean segments (EEG).", "s")] = 0.0
    max_interpolated: Annotated[
        float, Interval(ge=0, le=1), Doc("Maximum proportion of interpolated channels (EEG).")
    ] = 0.0
    max_rejected: Annotated[float, Interval(ge=0, le=1), Doc("Maximum proportion of excluded segments (EEG).")] = 0.0
    min_good: Annotated[float, Interval(ge=0, le=1), Doc("Minimum proportion of good channels (fNIRS).")] = 0.0
    min_coupling: Annotated[
        float, Interval(ge=0, lt=1), Doc("Minimum median scalp coupling index of a session (fNIRS).")
    ] = 0.0
