"""Is the change in the brain associated with the change in another measurement? Alpha, heart rate, QST."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from bids_app.dataset.atlases.requests import region_files
from bids_app.errors import UsageError
from bids_app.trial.association import AssociationResult, OutcomeInputs
from bids_app.trial.cohort import Cohort
from bids_app.trial.outcome_slopes import RelatedOutcome, refuse_places_chosen_by_the_data, slopes
from bids_app.trial.related_values import Related
from bids_app.vocabulary.design import Contrast
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.region_request import RegionRequest

ASKS, ASKS_BY = "outcome", "column"
KINDS = ("measurement",)


@dataclass(frozen=True)
class Options:
    """Options of `[associations.coupled_change]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    column: Annotated[
        str,
        Doc(
            'Column without the visit, or name, of an outcome of the kind "measurement" whose change is related to '
            "that of maps (alphaCorrected_EC, lnRMSSD_rest); empty: the only one."
        ),
    ] = ""
    within: Annotated[bool, Doc("Slopes within each arm, and whether they differ.")] = True
    pooled: Annotated[bool, Doc("One slope of all arms, given the arm.")] = True
    regions: Annotated[
        tuple[str, ...],
        Doc("Prespecified regions, written as for --seeds, whose values are related to the column as well."),
    ] = ()
    clusters: Annotated[
        str, Doc("'leave-one-out': each participant's value in the largest cluster of all others; empty: none.")
    ] = ""


METHODS = (
    "Changes in the brain were related to changes of the other measurement within each arm and over arms given the "
    "arm, and the slopes of arms were compared, by exchanging residuals within arms and strata [@Freedman1983]. These "
    "are associations: participants were not randomised to have more or less change."
)


def check(options: Options, output_dir: Path) -> None:
    """Refuse values of places that the same data chose.

    Raises
    ------
    UsageError
        If clusters of the whole sample, or files of the group level, are asked for, or no question is left.
    """
    if not (options.within or options.pooled):
        raise UsageError("associations.coupled_change: within and pooled are both false; nothing is asked.")
    refuse_places_chosen_by_the_data("coupled_change", options.regions, options.clusters, output_dir)


def files(options: Options, space: str) -> list[Path]:
    """Return the files of the regions that are named."""
    return region_files(RegionRequest(words=options.regions), space)


def contrasts(cohort: Cohort, to: RelatedOutcome, options: Options) -> Iterator[Contrast]:
    """Yield the contrasts of maps that ask how their change is associated with that of the column.

    Raises
    ------
    WrongDataError
        If it is known of too few participants of an arm, or the same in all of them.
    """
    asked = [*(["within", "difference"] if options.within else []), *(["pooled"] if options.pooled else [])]
    yield from slopes(cohort, to, asked)


def associate(given: OutcomeInputs, options: Options) -> AssociationResult:
    """Return how changes of regions are associated with that of the column, and every participant's values."""
    related = Related(given, options.clusters)
    return AssociationResult(related.tables("coupledChange"), related.about())
