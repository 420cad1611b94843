"""Who can be predicted, and what is known of them before treatment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bids_app import plugs
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.levels.group import inputs
from bids_app.levels.group.outcome_associations import cohort_of, improvement_of, outcome_asked
from bids_app.statistics.clinical.responders import improvement
from bids_app.statistics.covariate_coding import read_column
from bids_app.statistics.prediction.preprocessing import Features
from bids_app.statistics.prediction.task import PredictionTask, Values
from bids_app.trial.cohort import Cohort, require_column
from bids_app.trial.outcomes import values_of
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.domain import Domain
from bids_app.vocabulary.job import PredictionJob
from bids_app.vocabulary.options.design import ArmOptions
from bids_app.vocabulary.options.prediction import Prediction
from bids_app.vocabulary.outcome import ClinicalOutcome
from bids_app.vocabulary.selected import Selected

SHARED = ("column", "active", "control", "more_arms", "covariates", "levels")
"""Options that designs with arms have in common."""

PER_FOLD = 4
"""People that there must be for each fold."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PredictionSample:
    """The people that are predicted, and what is known of them before treatment."""

    cohort: Cohort
    outcome: ClinicalOutcome
    task: PredictionTask
    features: Features
    clinical: Sequence[str]

    def features_of(self, name: str) -> Features:
        """Return one set of features: clinical ones, those of the brain, or both."""
        whole, nothing = self.features, np.empty((len(self.task.outcome), 0))
        if name == "clinical":
            return replace(whole, brain=nothing, confounds=nothing, names=self.clinical, components=0)
        names = [*self.clinical, *whole.names]
        return replace(whole, names=names) if name == "combined" else replace(whole, clinical=nothing)


def sample_of(job: PredictionJob) -> tuple[PredictionSample, list[str]]:
    """Return the participants with maps before treatment whose outcome is known, and who is left out.

    Raises
    ------
    DeqiError
        If too few are left, or a column or measure is not there.
    """
    options = job.prediction
    outcome = outcome_asked(job.outcomes, options.outcome, "prediction.outcome")
    before = _before(job)
    design, brain, names = _brain(before)
    cohort = cohort_of(before, design)
    target = _target(outcome, cohort, options)
    known = np.isfinite(target)
    notes = [f"{row['participant_id']} is not predicted: {outcome.title} is not known at both visits."
             for row, there in zip(cohort.rows, known, strict=True) if not there]  # fmt: skip
    rows = tuple(row for row, there in zip(cohort.rows, known, strict=True) if there)
    if len(rows) < PER_FOLD * options.folds:
        raise WrongDataError(
            f"{len(rows)} people can be predicted; at least {PER_FOLD * options.folds} are needed, {PER_FOLD} a fold."
        )
    cohort = replace(cohort, rows=rows)
    clinical = tuple(options.clinical) or (outcome.columns[0], *cohort.options.covariates)
    groups = (cohort.strata * len(cohort.arms) + cohort.arm).astype(np.intp)
    confounds = _columns(options.confounds, cohort)
    if not np.isfinite(confounds).all():
        raise WrongDataError(
            f"prediction.confounds: {', '.join(options.confounds)} must be known for all participants."
        )
    components = 0 if names else options.components
    features = Features(
        clinical=_columns(clinical, cohort), brain=brain[known], confounds=confounds, names=names, components=components
    )
    task = PredictionTask(target[known], groups, options.target == "responder", options.folds)
    return PredictionSample(cohort=cohort, outcome=outcome, task=task, features=features, clinical=clinical), notes


def _target(outcome: ClinicalOutcome, cohort: Cohort, options: Prediction) -> Values:
    """Return what is predicted of all participants, (n,); NaN where it is not known."""
    if options.target == "improvement":
        return improvement_of(outcome, cohort.rows)
    values = values_of(outcome.columns, cohort.rows)
    first, last = values[:, 0], values[:, outcome.visits.index(outcome.endpoint)]
    share = improvement(first, last, lower_is_better=outcome.lower_is_better)
    return np.where(np.isfinite(share), (share >= options.share - 1e-12).astype(np.float64), np.nan)


def _columns(names: Sequence[str], cohort: Cohort) -> Values:
    """Return columns as numbers, (n, columns); two words become 0 and 1."""
    found = [np.empty((len(cohort.rows), 0))]
    for name in names:
        require_column(name, {row["participant_id"]: row for row in cohort.rows}, "Correct [prediction].")
        column = read_column(name, cohort.rows, levels=cohort.levels)
        if column.values is None and len(column.levels) != 2:
            said = ", ".join(column.levels[:5])
            raise WrongDataError(f"prediction: {name} has {said}; expected numbers, or two words.")
        values = column.indicator(column.levels[1]) if column.values is None else column.values
        found.append(values[:, None])
    return np.concatenate(found, axis=1)


def _before(job: PredictionJob) -> PredictionJob:
    """Return the job with a design of the session before treatment alone."""
    options = job.design.options
    once = plugs.design("post_only").options
    session = getattr(options, "pre", "pre")
    shared = {name: getattr(options, name) for name in SHARED} if isinstance(options, ArmOptions) else {}
    alone = once(**{"session": session, "strata": options.drawn_within, **shared})
    return replace(job, design=Selected("post_only", alone), associations={})


def _brain(job: PredictionJob) -> tuple[Design, Values, list[str]]:
    """Return all participants' values of the chosen measure before treatment, side by side; voxels have no names."""
    measure = job.prediction.measure
    keys = [key for key in inputs.map_keys(job) if key.measure == measure]
    if not keys:
        there = sorted({key.measure for key in inputs.map_keys(job)})
        raise MissingInputError(f"prediction.measure is {measure!r}; there are {', '.join(there)}.")
    everyone, covered = inputs.participants_of(job)
    parts, names = [], list[str]()
    for key in keys:
        loaded = inputs.load_kind(job, key, covered)
        map_set, stacks = loaded.map_set, loaded.stacks
        if _who(map_set.design) != _who(everyone):
            raise WrongDataError(
                f"{key.label} is not known for all participants; exclude them with --participant-label."
            )
        parts.append(np.asarray(next(iter(stacks.values())), dtype=np.float64))
        names += [] if map_set.domain.is_map else [" ".join(map(str, label)) for label in _rows(map_set.domain)]
    return everyone, np.concatenate(parts, axis=1), names


def _rows(domain: Domain) -> Iterator[tuple[object, ...]]:
    """Yield what tells the rows of tables apart."""
    return zip(*domain.columns().values(), strict=True)


def _who(design: Design) -> list[str]:
    return [row["participant_id"] for row in design.rows]
