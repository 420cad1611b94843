"""The jobs that predict an outcome: one for each task whose maps before treatment are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from bids_app.settings import Settings
from bids_app.vocabulary.job import GroupJob, PredictionJob


def plan_predictions(settings: Settings, jobs: Sequence[GroupJob]) -> Iterator[PredictionJob]:
    """Yield a job beside each group job, if any predictor is asked for."""
    for job in jobs if settings.predictors else ():
        own = {f.name: getattr(job, f.name) for f in fields(job)}
        own["label"] = job.label.replace("group_", "prediction_", 1)
        yield PredictionJob(**own, predictors=settings.predictors, prediction=settings.prediction)
