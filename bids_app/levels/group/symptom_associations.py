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
from bids_app.trial.association import AssociationResult, SymptomInputs
from bids_app.trial.cohort import Cohort
from bids_app.trial.outcomes import values_of
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.outcome import ClinicalOutcome


def outcome_asked(outcomes: tuple[ClinicalOutcome, ...], name: str, where: str) -> ClinicalOutcome:
    """Return the outcome that an association is about: the one named, else the primary or the only one.

    Raises
    ------
    UsageError
        If there is none, or several could be meant.
    """
    known = {outcome.table: outcome for outcome in outcomes}
    chosen = [known[name]] if name in known else [] if name else [o for o in outcomes if o.role == "primary"]
    if not name and not chosen:
        chosen = list(outcomes)
    if len(chosen) != 1:
        there = ", ".join(known) or "the outcomes that [outcomes.<name>] declares"
        raise UsageError(f"{where}.outcome is {name!r}; expected one of {there}.")
    return chosen[0]


def outcomes_asked(job: GroupJob) -> dict[str, Any]:
    """Return the associations of a job that look at an outcome."""
    return {name: o for name, o in job.associations.items() if plugs.association(name).asks == "outcome"}


def improvement_of(outcome: ClinicalOutcome, rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Return how much people improved at the endpoint; positive is better, NaN where it is not known."""
    values = values_of(outcome.columns, rows)
    return outcome.sign * (values[:, outcome.visits.index(outcome.endpoint)] - values[:, 0])


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
        outcome = outcome_asked(job.outcomes, options.outcome, f"associations.{name}")
        improvement = improvement_of(outcome, design.rows)
        if {"pre", "post"} - set(design.sessions):
            notes.append(f"{name}: the design has no sessions pre and post; nothing is related to {outcome.title}.")
            continue
        try:
            cohort = cohort_of(job, design)
            found += plug.contrasts(cohort, outcome.name, outcome.title, improvement, options)
        except DeqiError as error:
            notes.append(f"{name} of {outcome.title}: {error}")
    return replace(design, contrasts=tuple(found), notes=tuple(notes))


def associate(job: GroupJob, primary: Result, stacks: Stacks) -> Iterator[tuple[str, AssociationResult]]:
    """Yield what each association finds beside the primary contrast of one kind of map, by its name."""
    design = primary.map_set.design
    for name, options in outcomes_asked(job).items():
        outcome = outcome_asked(job.outcomes, options.outcome, f"associations.{name}")
        if {"pre", "post"} - set(design.sessions):
            continue
        given = SymptomInputs(
            result=primary,
            stacks=stacks,
            cohort=cohort_of(job, design),
            outcome=outcome,
            improvement=improvement_of(outcome, design.rows),
            regions=region_masks(options.regions, primary.map_set.voxels.grid, job.entities["space"]),
            inference=job.inference,
        )
        yield name, plugs.association(name).associate(given, options)
