"""What is on record of a trial besides its images: treatment, guesses, expectation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

from bids_app.vocabulary.options.describe import Doc

MASS = "mass_index"
DOSE = ("needle_sessions", "needles_per_session", "needle_depth_mm", "needle_retention_min", "needle_deqi")
"""Columns that are made of ratings of sensations, and of tables of needles."""


@dataclass(frozen=True)
class TrialOptions:
    """Options of `[trial]`: which columns tell of treatment and of what people thought of it."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    title: Annotated[str, Doc("Title of the trial, the heading of its pages; empty: the name of the dataset.")] = ""
    registration: Annotated[
        str, Doc("Registry and number of the trial, e.g. NCT01234567; empty: as phenotype/acupuncture.json says.")
    ] = ""
    guess: Annotated[str, Doc("Column with the guessed arm; any other word counts as 'do not know'.")] = "guess_arm"
    before: Annotated[
        tuple[str, ...], Doc("Columns recorded before randomisation, tabulated by arm, e.g. credibility.")
    ] = ("expectation", "expectancy", "credibility")
    after: Annotated[
        tuple[str, ...], Doc("Columns recorded after randomisation (dose, deqi): tabulated, never covariates.")
    ] = ("n_sessions_planned", "n_sessions_attended", "mean_retention_min", "mean_deqi", "rescue_medication")
    sensations: Annotated[
        str, Doc("Prefix of the columns with needle sensation ratings, from which the MASS index is computed.")
    ] = "mass_"

    @property
    def later(self) -> tuple[str, ...]:
        """Columns that arise after randomisation."""
        return tuple(dict.fromkeys((*self.after, MASS, *DOSE, self.guess)))


@dataclass(frozen=True, kw_only=True)
class Needle:
    """One needle of one session: a point, its side, depth (mm), time it stayed (s) and the deqi that was felt."""

    participant: str
    session: str
    point: str
    side: str
    depth: float
    duration: float
    deqi: float


@dataclass(frozen=True)
class Treatment:
    """What the dataset says of how participants were treated.

    `arms` holds the STRICTA items of each arm by their keys; `faults` tells what could not be understood.
    """

    needles: tuple[Needle, ...] = ()
    arms: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    trial: Mapping[str, object] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
