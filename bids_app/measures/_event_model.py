"""Columns of a run with events, which models of responses and of task-dependent connectivity share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import numpy as np

from bids_app.errors import NotMeasurableError
from bids_app.statistics import task_design, task_model
from bids_app.statistics.task_design import Floats, Matrix
from bids_app.statistics.task_events import Condition, sort_events
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.signals import TaskDesign


class WithEvents(Protocol):
    """A series with events, sampled every `repetition_time` s."""

    @property
    def task(self) -> TaskDesign | None:
        """What happened."""

    @property
    def repetition_time(self) -> float:
        """Seconds between samples."""


@dataclass(frozen=True, eq=False, kw_only=True)
class EventColumns:
    """What happened during a run as columns of a model.

    Attributes
    ----------
    conditions : mapping of Condition
    columns : (frames, n)
        Convolved with the response function, of all frames; `names` are theirs.
    nuisance : (frames, m)
        Constant, drift and confounds.
    refused : mapping of str
        Which events are left out, and why.
    """

    conditions: Mapping[str, Condition]
    columns: Matrix
    names: Sequence[str]
    nuisance: Matrix
    refused: Mapping[str, str]


def event_columns(signals: WithEvents, hrf: str, modulators: Sequence[str] = ()) -> EventColumns:
    """Return the columns of a run.

    Raises
    ------
    NotMeasurableError
        If the run has no events.
    """
    task = signals.task
    if task is None or not task.events:
        raise NotMeasurableError("the run has no events file")
    end = float(task.times[-1]) + signals.repetition_time
    sorted_events = sort_events(task.events, end)
    events = task_design.with_modulators(sorted_events, task.events, modulators, signals.repetition_time)
    columns, names = task_design.response_columns(events.conditions, task.times, hrf)
    return EventColumns(
        conditions=events.conditions, columns=columns, names=names, nuisance=task.nuisance, refused=events.refused
    )


def contrasts_of(
    words: Sequence[str], names: Sequence[str], design: Matrix, first: int
) -> tuple[dict[str, Floats], dict[str, str]]:
    """Return the weights of each contrast over a design, (columns,), and why others cannot be had.

    Parameters
    ----------
    names : sequence of str
        Of the columns that contrasts may name; the first of them is column `first` of the design.
    design : (kept frames, columns)
    """
    contrasts, refused = dict[str, Floats](), dict[str, str]()
    for one in words:
        try:
            own = task_design.contrast_vector(one, names)
        except NotMeasurableError as error:
            refused[f"contrast {one}"] = str(error)
            continue
        weights = np.pad(own, (first, design.shape[1] - first - len(names)))
        if task_model.estimable(design, weights):
            contrasts[one] = weights
        else:
            refused[f"contrast {one}"] = "it is collinear with the rest of the model (confounds, or frames that went)"
    return contrasts, refused


def labels_of_contrasts(contrasts: Iterable[str], before: str = "") -> dict[str, str]:
    """Return each contrast as a label of file names, with words before it.

    Raises
    ------
    NotMeasurableError
        If two would have one name.
    """
    labels = {words: as_label(f"{before} {words.replace('-', ' minus ').replace('*', ' by ')}") for words in contrasts}
    if len({label.lower() for label in labels.values()}) < len(labels):
        raise NotMeasurableError(f"contrasts would have one file name: {', '.join(labels)}; name trial types apart")
    return labels


def counted(effects: Sequence[Feature]) -> dict[str, int]:
    """Return the events of each condition over runs."""
    counts = [dict(f.metadata["Events"]) for f in effects]  # type: ignore[call-overload]
    return {name: sum(count.get(name, 0) for count in counts) for name in dict.fromkeys(chain(*counts))}
