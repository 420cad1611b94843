"""Does the change in the brain go with relief? Slopes within arms, their difference, and who gains from which arm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from bids_app.dataset.atlases.requests import region_files
from bids_app.errors import UsageError, WrongDataError
from bids_app.trial.association import AssociationResult, SymptomInputs
from bids_app.trial.brain_symptom import Coupled
from bids_app.trial.cohort import Cohort
from bids_app.trial.contrasts import labels_of, moderated, slope
from bids_app.trial.region_values import declared_regions, leave_one_out
from bids_app.vocabulary.design import IT, Contrast, ContrastSpec, ContrastText, Response
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.region_request import RegionRequest

_NAME = "brain_symptom"
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

_CHANGE = Response({"post": 1.0, "pre": -1.0})
_BEFORE = Response({"pre": 1.0}, "pre")
_LEAVE_ONE_OUT = "leave-one-out"
_FEWEST = 3
"""People of an arm whose improvement must be known."""


def check(options: Options, output_dir: Path) -> None:
    """Refuse values of places that the same data chose.

    Raises
    ------
    UsageError
        If clusters of the whole sample, or files of the group level, are asked for.
    """
    reason = (
        "A value that is read where the same participants differ most is associated with their relief even if nothing "
        "is: what chose the place counts twice (circular). Name regions beforehand (associations.brain_symptom."
        f'regions), or take clusters = "{_LEAVE_ONE_OUT}", where no participant chooses the place of their own value.'
    )
    if options.clusters not in ("", _LEAVE_ONE_OUT):
        raise UsageError(f"associations.brain_symptom.clusters = {options.clusters!r}. {reason}")
    group = (output_dir / "group").resolve()
    for word in options.regions:
        path = Path(word.partition("=")[2].partition("#")[0] or word)
        made = path.name.endswith((".nii", ".nii.gz")) and ("_contrast-" in path.name or "_clusters" in path.name)
        if made or group in path.resolve().parents:
            raise UsageError(f"associations.brain_symptom.regions: {word} is a result of a group level. {reason}")


def files(options: Options, space: str) -> list[Path]:
    """Return the files of the regions that are named."""
    return region_files(RegionRequest(words=options.regions), space)


def contrasts(
    cohort: Cohort, name: str, title: str, improvement: NDArray[np.float64], options: Options
) -> Iterator[Contrast]:
    """Yield the contrasts of maps that ask how they go with improvement.

    Parameters
    ----------
    name, title : str
        Of the outcome, in files and in words.
    improvement : (participants,)
        Positive is better; NaN where it is not known.

    Raises
    ------
    WrongDataError
        If it is known of too few participants of an arm, or the same in all of them.
    """
    for i, arm in enumerate(cohort.arms):
        known = improvement[(cohort.arm == i) & np.isfinite(improvement)]
        if len(known) < _FEWEST or np.ptp(known) == 0:
            raise WrongDataError(
                f"improvement is known of {len(known)} people of {arm}; at least {_FEWEST} are needed who differ."
            )
    stem = as_label(f"{name} x")[:-1]
    labels = dict(zip(cohort.arms, labels_of(cohort.arms), strict=True))
    arms = {f"arm_{arm}": (cohort.arm == i).astype(np.float64) for i, arm in enumerate(cohort.arms[:-1])}
    sign = f"positive = larger change where {title} improved more"
    what = f"the change in {IT}"

    def asked(label: str, words: ContrastText, outcome: Response = _CHANGE) -> ContrastSpec:
        return ContrastSpec(name=label, words=words, outcome=outcome, association=_NAME)

    for arm in cohort.arms:
        words = ContrastText(
            question=f"Is {what} associated with improvement of {title} within {arm}? An association.",
            sign=sign,
            arm=arm,
        )
        yield slope(cohort, asked(_joined(labels[arm], stem, "Slope"), words), improvement, {}, arm)
    if len(cohort.arms) < 2:
        return
    words = ContrastText(
        question=f"Is {what} associated with improvement of {title}, given the arm? An association.", sign=sign
    )
    yield slope(cohort, asked(_joined("all", stem, "Slope"), words), improvement, arms)
    first, control = cohort.arms[0], cohort.arms[-1]
    pair = f"{labels[first]}Vs{labels[control][:1].upper()}{labels[control][1:]}"
    own = (cohort.arm == 0).astype(np.float64)
    both = np.where(np.isin(cohort.arm, [0, len(cohort.arms) - 1]), improvement, np.nan)
    centred = both - np.nanmean(both)
    words = ContrastText(
        question=f"Does the slope of {what} on improvement of {title} differ between {first} and {control}?",
        sign=f"positive = steeper in {first}",
        found=f"{what} is associated differently with improvement of {title} in {first} and {control}",
        absent=f"No difference between the slopes of {first} and {control}", compares=(first, control),
    )  # fmt: skip
    yield slope(cohort, asked(_joined(pair, stem, "Slope"), words), own * centred, {"arm": own, stem: centred})
    if options.baseline:
        words = ContrastText(
            question=f"Does {IT} before treatment tell who improves more in {title} under {first} than under "
            f"{control}?",
            sign=f"positive = where it is larger, {first} does better against {control}",
            found=f"{IT} before treatment tells who gains more from {first} than from {control}",
            absent=f"Not shown that {IT} before treatment tells who gains more from {first}",
            compares=(first, control),
        )
        yield moderated(cohort, asked(_joined(pair, stem, "ByBaseline"), words, _BEFORE), both, own)


def _joined(*words: Sequence[str] | str) -> str:
    first, *rest = (str(word) for word in words)
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def associate(given: SymptomInputs, options: Options) -> AssociationResult:
    """Return how the change of regions goes with improvement, by region, and every person's values."""
    regions = list(declared_regions(given))
    missing = sorted(set(given.regions) - {region.name for region in regions})
    if options.clusters:
        regions.append(leave_one_out(given))
    people = Coupled(given)
    mediated = [people.mediation(region, options.draws) for region in regions] if options.mediation else []
    values = [
        {
            "participant_id": row["participant_id"],
            "arm": row["arm"],
            "region": region.name,
            "before": region.before[i],
            "change": region.after[i] - region.before[i],
            "improvement": given.improvement[i],
        }
        for region in regions
        for i, row in enumerate(given.cohort.rows)
    ]
    tables = {
        "brainSymptom": [row for region in regions for row in people.rows(region)],
        "brainSymptomValues": values,
        "brainSymptomPaths": [found for found in mediated if found],
    }
    about = {
        "Outcome": given.outcome.title,
        "Units": given.outcome.units,
        "Noun": given.result.map_set.output.noun,
        "Arms": list(given.cohort.arms),
        "Alpha": given.inference.alpha,
        "Notes": [f"Region {name} has no voxel that all participants have." for name in missing],
    }
    return AssociationResult(tables, about)
