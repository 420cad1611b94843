"""Options of a synthesis of maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge

from bids_app.syntheses import _moderators
from bids_app.vocabulary.options.describe import Doc


@dataclass(frozen=True)
class Options:
    """Options of `[syntheses.maps]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    contrasts: Annotated[
        tuple[str, ...],
        Doc(
            "Comparisons between arms of the outputs of deqi, such as one a visit, each pooled for itself and shown "
            "beside the others, e.g. verumVsShamWeek4; empty: the primary one."
        ),
    ] = ()
    estimator: Annotated[
        Literal["FE", "DL", "HE", "PM", "REML", "ML"],
        Doc("Estimator of the variance between studies; p corrected over the brain are had with DL."),
    ] = "DL"
    scale: Annotated[
        Literal["auto", "effect", "g", "z"],
        Doc(
            "What is pooled: effects in their own unit, Hedges' g, or z by Stouffer; auto: effects where all studies "
            "were made alike, else g, else z."
        ),
    ] = "auto"
    force_standardised: Annotated[bool, Doc("Pool studies that were made with different settings, as Hedges' g.")] = (
        False
    )
    moderators: _moderators.Moderators = ()
    least: Annotated[int, Ge(3), Doc("Studies from which on something may be claimed.")] = 6
    conservative: Annotated[
        bool, Doc("Never let Hartung and Knapp's limits be narrower than those of 1 / sum of weights.")
    ] = False
