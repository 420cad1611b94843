"""The design of a run with events: conditions, columns convolved with a response function, contrasts in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.statistics.task_events import Condition, Events, seconds
from bids_app.vocabulary.terms import signed_terms

Matrix = NDArray[np.float64]
Floats = NDArray[np.float64]


IMPULSE = 0.2
"""Share of a repetition time; what is shorter has no length that the sampling of the response could show."""

OVERSAMPLING = 50
"""Steps a volume in which responses are convolved."""


MINUTES = "minutes"
"""The modulator that needs no column: minutes, which also pass while an event lasts."""


def with_modulators(
    events: Events, table: Mapping[str, Sequence[str]], modulators: Sequence[str], step: float = 1.0
) -> Events:
    """Return events with a condition for each modulator `condition*column`, and why others are left out.

    Ratings are centred within their condition; events without one get 0, the mean. `condition*minutes` counts minutes
    in pieces of `step` s, so that it grows while a block lasts; from when on does not matter, since it is centred. A
    column of that name comes first.
    """
    conditions, refused = dict(events.conditions), dict(events.refused)
    for word in modulators:
        kind, _, column = (part.strip() for part in word.partition("*"))
        if column == MINUTES and column not in table:
            try:
                conditions[f"{kind}*{column}"] = _minutes(events, kind, step)
            except NotMeasurableError as error:
                refused[word] = str(error)
            continue
        why, centred = _centred(events, table, kind, column)
        if why:
            refused[word] = why
            continue
        own = events.conditions[kind]
        conditions[f"{kind}*{column}"] = Condition(own.onsets, own.durations, centred, kind)
    return Events(conditions, events.rows, refused)


def _minutes(events: Events, kind: str, step: float) -> Condition:
    """Return the events of a condition in pieces, weighted by minutes, centred over the time that events take.

    Raises
    ------
    NotMeasurableError
        If the trial type is not there, or there is one event without length.
    """
    if kind not in events.conditions:
        raise NotMeasurableError(f"there is no trial_type {kind!r}; the events have {', '.join(events.conditions)}")
    own = events.conditions[kind]
    counts = np.maximum(np.ceil(own.durations / step - 1e-9).astype(int), 1)
    lasting = np.repeat(own.durations / counts, counts)
    nth = np.concatenate([np.arange(count) for count in counts])
    onsets = np.repeat(own.onsets, counts) + nth * lasting
    minutes = (onsets + lasting / 2) / 60
    weights = minutes - np.average(minutes, weights=lasting if lasting.any() else None)
    if not np.ptp(weights) > 0:
        raise NotMeasurableError(f"there is one event {kind!r} without length; minutes cannot modulate it")
    return Condition(onsets, lasting, weights, kind)


def _centred(events: Events, table: Mapping[str, Sequence[str]], kind: str, column: str) -> tuple[str, Floats]:
    if kind not in events.conditions or column not in table:
        there = ", ".join(events.conditions)
        return (
            f"it needs a trial_type {kind!r} and a column {column!r}; the events have {there} and {', '.join(table)}",
            np.empty(0),
        )
    ratings = seconds(table, column)[events.rows[kind]]
    known = np.isfinite(ratings)
    centred = np.where(known, ratings - np.mean(ratings[known]), 0.0) if known.any() else np.zeros(len(ratings))
    why = "" if centred.any() else f"{column!r} is the same for all events {kind!r}; it cannot modulate"
    return why, centred


def response_columns(found: Mapping[str, Condition], times: Floats, model: str) -> tuple[Matrix, list[str]]:
    """Return the columns of all conditions convolved with a response function, (frames, n), and their names.

    The first column of a condition has its name; derivatives have a suffix. A modulated column is made orthogonal
    to its own condition and to nothing else. Columns are scaled so that the response to one event of the condition's
    median duration has a peak of 1: a coefficient is the size of that peak, whatever the durations and the repetition
    time (Pernet 2014, doi:10.3389/fnins.2014.00001).
    """
    from nilearn.glm.first_level.hemodynamic_models import compute_regressor

    step = float(times[1] - times[0])
    columns: list[Floats] = []
    names: list[str] = []
    for name, condition in found.items():
        durations = np.where(condition.durations < IMPULSE * step, 0.0, condition.durations)
        events = np.vstack([condition.onsets, durations, condition.weights])
        made, suffixes = compute_regressor(events, model, times, con_id="x", oversampling=OVERSAMPLING)
        # A modulator is scaled as its condition is, also where it comes in pieces: its coefficient is per unit.
        whole = found[condition.parent].durations if condition.parent else durations
        whole = np.where(whole < IMPULSE * step, 0.0, whole)
        made = made / peak(float(np.median(whole)), step, model)
        kept = made[:, :1] if condition.parent else made
        for column, suffix in zip(kept.T, suffixes, strict=False):
            if condition.parent:
                own = columns[names.index(condition.parent)]
                columns.append(column - own * (own @ column / (own @ own)))
            else:
                columns.append(np.asarray(column, dtype=np.float64))
            names.append(name + suffix.removeprefix("x"))
    return np.column_stack(columns), names


def response_functions(model: str, step: float) -> list[Floats]:
    """Return the response to an impulse at steps of `step` s, and its derivative where the model has one, (32 s,)."""
    from nilearn.glm.first_level.hemodynamic_models import spm_hrf, spm_time_derivative

    made = [spm_hrf, *([spm_time_derivative] if model.endswith("+ derivative") else [])]
    return [np.asarray(one(step, oversampling=1, time_length=32.0), dtype=np.float64) for one in made]


def peak(duration: float, step: float, model: str) -> float:
    """Return the largest value of the response to one event, as it is convolved for a repetition time of `step` s."""
    from nilearn.glm.first_level.hemodynamic_models import compute_regressor

    shape = model.partition(" + ")[0]
    fine = np.arange(0.0, duration + 32.0, step / OVERSAMPLING)
    alone = np.array([[0.0], [duration], [1.0]])
    response, _ = compute_regressor(alone, shape, fine, con_id="x", oversampling=1, min_onset=0)
    return float(response[:, 0].max())


def contrast_vector(words: str, names: Sequence[str]) -> Floats:
    """Return the weights, (columns,), of a contrast such as `rotation - rest` or `0.5*a + 0.5*b - c` over the columns.

    Names may hold signs and blanks themselves (`needle-rotation - rest`): the longest name that fits is taken.

    Raises
    ------
    NotMeasurableError
        If it names something that is no column.
    """
    weights = np.zeros(len(names))
    for name, weight in terms_of(words, names):
        weights[names.index(name)] += weight
    return weights


def terms_of(words: str, names: Sequence[str]) -> list[tuple[str, float]]:
    """Return the terms of a contrast over names, each with its weight.

    Raises
    ------
    NotMeasurableError
        As `contrast_vector` does.
    """
    try:
        return signed_terms(words, names)
    except ValueError as error:
        raise NotMeasurableError(
            f"contrast {words!r} names {str(error)!r}; the events have {', '.join(names)}"
        ) from error
