"""Is the change in the brain associated with relief? Slopes within arms, their difference, who gains from which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge

from bids_app.dataset.atlases.requests import region_files
from bids_app.trial.association import AssociationResult, OutcomeInputs
from bids_app.trial.cohort import Cohort
from bids_app.trial.contrasts import moderated
from bids_app.trial.outcome_slopes import (
    RelatedOutcome,
    asked,
    between_first_and_last,
    named,
    pair_of,
    refuse_places_chosen_by_the_data,
    slopes,
    stem_of,
)
from bids_app.trial.related_values import Related
from bids_app.vocabulary.design import IT, Contrast, ContrastText, Response
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.region_request import RegionRequest

ASKS = "outcome"


@dataclass(frozen=True)
class Options:
    """Options of `[associations.brain_symptom]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    outcome: Annotated[str, Doc("Outcome whose improvement is related to maps; empty: the primary one.")] = ""
    regions: Annotated[
        tuple[str, ...],
        Doc("Prespecified regions, written as for --seeds, whose values are related to the outcome as well."),
    ] = ()
    clusters: Annotated[
        str, Doc("'leave-one-out': each participant's value in the largest cluster of all others; empty: none.")
    ] = ""
    baseline: Annotated[bool, Doc("Test whether baseline maps moderate the treatment effect (arm x baseline map).")] = (
        True
    )
    mediation: Annotated[bool, Doc("Estimate paths from arm through a region to the outcome (exploratory).")] = False
    draws: Annotated[int, Ge(100), Doc("Bootstrap samples for the limits of paths.")] = 2000


METHODS = (
    "Improvement was related to change in the brain within each arm, and the slopes of arms were compared, by "
    "exchanging residuals within arms and strata [@Freedman1983]; whether the brain before treatment tells who "
    "gains more from which arm, by exchanging improvements within arms and strata. These are associations: people were "
    "not drawn to have more or less change. Values of regions came from regions declared beforehand or, person by "
    "person, from clusters of all others."
)

_BEFORE = Response({"pre": 1.0}, "pre")


def check(options: Options, output_dir: Path) -> None:
    """Refuse values of places that the same data chose.

    Raises
    ------
    UsageError
        If clusters of the whole sample, or files of the group level, are asked for.
    """
    refuse_places_chosen_by_the_data("brain_symptom", options.regions, options.clusters, output_dir)


def files(options: Options, space: str) -> list[Path]:
    """Return the files of the regions that are named."""
    return region_files(RegionRequest(words=options.regions), space)


def contrasts(cohort: Cohort, to: RelatedOutcome, options: Options) -> Iterator[Contrast]:
    """Yield the contrasts of maps that ask how they are associated with improvement.

    Raises
    ------
    WrongDataError
        If it is known of too few participants of an arm, or the same in all of them.
    """
    yield from slopes(cohort, to)
    if len(cohort.arms) < 2 or not (options.baseline and to.improves):
        return
    first, control = cohort.arms[0], cohort.arms[-1]
    words = ContrastText(
        question=f"Does {IT} before treatment tell who improves more in {to.title} under {first} than under {control}?",
        sign=f"positive = where it is larger, {first} does better against {control}",
        found=f"{IT} before treatment tells who gains more from {first} than from {control}",
        absent=f"Not shown that {IT} before treatment tells who gains more from {first}",
        compares=(first, control),
    )
    name = named(pair_of(cohort), stem_of(to), "ByBaseline")
    own = (cohort.arm == 0).astype(np.float64)
    yield moderated(cohort, asked(to, name, words, _BEFORE), between_first_and_last(cohort, to), own)


def associate(given: OutcomeInputs, options: Options) -> AssociationResult:
    """Return how changes of regions are associated with improvement, and every participant's values."""
    related = Related(given, options.clusters)
    paths = related.paths(options.draws) if options.mediation else []
    return AssociationResult({**related.tables("brainSymptom"), "brainSymptomPaths": paths}, related.about())
