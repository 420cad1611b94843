"""What associations ask beside a design: their contrasts, over the very people that the design has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.participant_maps import region_masks
from bids_app.errors import DeqiError, UsageError
from bids_app.levels.group.arm_similarity import Stacks
from bids_app.statistics.result import Result
from bids_app.trial.association import AssociationResult, OutcomeInputs
from bids_app.trial.cohort import Cohort
from bids_app.trial.outcome_slopes import RelatedOutcome
from bids_app.trial.outcomes import visit_values
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.outcome import ClinicalOutcome


def outcome_asked(
    outcomes: tuple[ClinicalOutcome, ...], name: str, where: str, kinds: tuple[str, ...] = ()
) -> ClinicalOutcome:
    """Return the outcome that an association is about: the one named, else the primary or the only one.

    `kinds` are those that it takes; nothing: all.

    Raises
    ------
    UsageError
        If there is none, or several could be meant.
    """
    outcomes = tuple(outcome for outcome in outcomes if not kinds or outcome.kind in kinds)
    known = {outcome.stem: outcome for outcome in outcomes} | {outcome.table: outcome for outcome in outcomes}
    chosen = [known[name]] if name in known else [] if name else [o for o in outcomes if o.role == "primary"]
    if not name and not chosen:
        chosen = list(outcomes)
    if len(chosen) != 1:
        of_kind = f' with kind = "{kinds[0]}"' if kinds else ""
        there = ", ".join(known) or f"the outcomes that [outcomes.<name>] declares{of_kind}"
        raise UsageError(f"{where} is {name!r}; expected one of {there}.")
    return chosen[0]


def outcomes_asked(job: GroupJob) -> dict[str, Any]:
    """Return the associations of a job that look at an outcome."""
    return {name: o for name, o in job.associations.items() if plugs.association(name).asks == "outcome"}


def improvement_of(outcome: ClinicalOutcome, rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Return how much people improved at the endpoint; positive is better, NaN where it is not known."""
    values = visit_values(outcome, rows)
    return outcome.sign * (values[:, outcome.visits.index(outcome.endpoint)] - values[:, 0])


def _outcome_of(job: GroupJob, name: str, options: Any) -> ClinicalOutcome:
    plug = plugs.association(name)
    where = f"associations.{name}.{plug.asks_by}"
    return outcome_asked(job.outcomes, getattr(options, plug.asks_by), where, plug.kinds)


def _related(association: str, outcome: ClinicalOutcome, rows: Sequence[Mapping[str, str]]) -> RelatedOutcome:
    """Return what maps are related to."""
    return RelatedOutcome(
        association=association, name=outcome.name, title=outcome.title, improves=outcome.sided,
        values=improvement_of(outcome, rows),
    )  # fmt: skip


def cohort_of(job: GroupJob, design: Design) -> Cohort:
    """Return the people of a design as those who are asked."""
    options = job.design.options
    return Cohort(
        rows=design.rows,
        arms=design.arms or ("all",),
        lost=design.lost,
        options=options,
        levels=frozenset((*options.levels, *job.coded)),
    )


def with_associations(job: GroupJob, design: Design) -> Design:
    """Return a design with the contrasts of its associations; those that too few people answer are notes."""
    found, notes = list(design.contrasts), list(design.notes)
    for name, options in outcomes_asked(job).items():
        plug = plugs.association(name)
        outcome = _outcome_of(job, name, options)
        if {"pre", "post"} - set(design.sessions):
            notes.append(f"{name}: the design has no sessions pre and post; nothing is related to {outcome.title}.")
            continue
        try:
            cohort = cohort_of(job, design)
            found += plug.contrasts(cohort, _related(name, outcome, design.rows), options)
        except DeqiError as error:
            notes.append(f"{name} of {outcome.title}: {error}")
    return replace(design, contrasts=tuple(found), notes=tuple(notes))


def associate(job: GroupJob, primary: Result, stacks: Stacks) -> Iterator[tuple[str, AssociationResult]]:
    """Yield what each association finds beside the primary contrast of one kind of map, by its name."""
    design = primary.map_set.design
    for name, options in outcomes_asked(job).items():
        plug, outcome = plugs.association(name), _outcome_of(job, name, options)
        if {"pre", "post"} - set(design.sessions) or plug.of_tables == primary.map_set.domain.is_map:
            continue
        maps, regions = primary.map_set, dict[str, Mask]()
        if maps.domain.is_map:
            regions = region_masks(options.regions, maps.voxels.grid, job.entities["space"])
        given = OutcomeInputs(
            result=primary,
            stacks=stacks,
            cohort=cohort_of(job, design),
            outcome=outcome,
            to=_related(name, outcome, design.rows),
            regions=regions,
            inference=job.inference,
        )
        yield name, plug.associate(given, options)
