"""The jobs that predict an outcome: one for each task whose maps before treatment are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from bids_app.derivatives.paths import record_path
from bids_app.settings import Settings
from bids_app.vocabulary.job import GroupJob, PredictionJob


def plan_predictions(settings: Settings, jobs: Sequence[GroupJob]) -> Iterator[PredictionJob]:
    """Yield a job beside each group job, if a predictor is asked for, or was: what it left must not outlive that.

    Those alone that have the measure that is predicted from, wherever one has it.
    """
    having = [job for job in jobs if settings.prediction.measure in _measures(job)]
    for job in having or jobs:
        own = {f.name: getattr(job, f.name) for f in fields(job)}
        own["label"] = job.label.replace("group_", "prediction_", 1)
        if settings.predictors or record_path(job.output_dir, own["label"]).exists():
            yield PredictionJob(**own, predictors=settings.predictors, prediction=settings.prediction)


def _measures(job: GroupJob) -> set[str]:
    return {key.measure for maps in job.sessions.values() for key in maps.maps}
