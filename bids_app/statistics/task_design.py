"""The design of a run with events: conditions, columns convolved with a response function, contrasts in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError

Matrix = NDArray[np.float64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Condition:
    """Events of one kind: seconds from the first volume, seconds long, and weights.

    Weights are ones, or for a modulator the centred ratings; `parent` is the condition that it modulates.
    """

    onsets: Floats
    durations: Floats
    weights: Floats
    parent: str = ""


def conditions(events: Mapping[str, Sequence[str]], modulators: Sequence[str]) -> dict[str, Condition]:
    """Return the conditions of an events table by `trial_type`, and one for each modulator `condition*column`.

    Weights are centred within their condition; events without a rating get 0, the mean.

    Raises
    ------
    NotMeasurableError
        If a column or a condition is not there.
    """
    absent = {"onset", "duration", "trial_type"} - set(events)
    if absent:
        raise NotMeasurableError(f"the events have no column {', '.join(sorted(absent))}")
    kinds = np.array(events["trial_type"])
    onsets, durations = _numbers(events["onset"], np.nan), _numbers(events["duration"], 0.0)
    if not np.isfinite(onsets).all() or not np.isfinite(durations).all():
        raise NotMeasurableError("an event has no onset, or one that is not finite")
    found = {}
    for kind in sorted(set(kinds.tolist()) - {"n/a"}):
        own = kinds == kind
        found[kind] = Condition(onsets[own], durations[own], np.ones(int(own.sum())))
    if not found:
        raise NotMeasurableError("the events name no trial_type")
    for word in modulators:
        kind, _, column = (part.strip() for part in word.partition("*"))
        if kind not in found or column not in events:
            raise NotMeasurableError(
                f"modulator {word!r} needs a trial_type {kind!r} and a column {column!r}; the events have "
                f"{', '.join(found)} and {', '.join(events)}"
            )
        own = kinds == kind
        ratings = _numbers(events[column], np.nan)[own]
        known = np.isfinite(ratings)
        centred = np.where(known, ratings - np.mean(ratings[known]), 0.0) if known.any() else np.zeros(len(ratings))
        if not centred.any():
            raise NotMeasurableError(f"{column!r} is the same for all events {kind!r}; it cannot modulate")
        found[f"{kind}*{column}"] = Condition(onsets[own], durations[own], centred, kind)
    return found


def _numbers(words: Sequence[str], missing: float) -> Floats:
    try:
        return np.array([missing if word in ("n/a", "") else float(word) for word in words])
    except ValueError as error:
        raise NotMeasurableError(f"the events hold something that is no number ({error})") from error


def response_columns(found: Mapping[str, Condition], times: Floats, model: str) -> tuple[Matrix, list[str]]:
    """Return the columns of all conditions convolved with a response function, (frames, n), and their names.

    The first column of a condition has its name; derivatives have a suffix. A modulated column is made orthogonal
    to its own condition and to nothing else.
    """
    from nilearn.glm.first_level.hemodynamic_models import compute_regressor

    columns: list[Floats] = []
    names: list[str] = []
    for name, condition in found.items():
        events = np.vstack([condition.onsets, condition.durations, condition.weights])
        made, suffixes = compute_regressor(events, model, times, con_id="x")
        kept = made[:, :1] if condition.parent else made
        for column, suffix in zip(kept.T, suffixes, strict=False):
            if condition.parent:
                own = columns[names.index(condition.parent)]
                if not own.any():
                    raise NotMeasurableError(f"no event {condition.parent!r} lies within the run")
                columns.append(column - own * (own @ column / (own @ own)))
            else:
                columns.append(np.asarray(column, dtype=np.float64))
            names.append(name + suffix.removeprefix("x"))
    return np.column_stack(columns), names


def contrast_vector(words: str, names: Sequence[str]) -> Floats:
    """Return the weights of a contrast such as `rotation - rest` or `0.5*a + 0.5*b - c` over design columns.

    Names may hold signs and blanks themselves (`needle-rotation - rest`): the longest name that fits is taken.

    Raises
    ------
    NotMeasurableError
        If it names something that is no column.
    """
    weights = np.zeros(len(names))
    known = sorted(((name.replace(" ", ""), place) for place, name in enumerate(names)), key=lambda n: -len(n[0]))
    rest = words.replace(" ", "")
    while rest:
        term = re.match(r"([+-]?)(?:(\d+(?:\.\d+)?)\*)?", rest)
        assert term is not None
        rest = rest[term.end() :]
        fitting = [
            (name, place) for name, place in known if rest.startswith(name) and rest[len(name) : len(name) + 1] in "+-"
        ]
        if not fitting:
            raise NotMeasurableError(f"contrast {words!r} names {rest!r}; the events have {', '.join(names)}")
        name, place = fitting[0]
        weights[place] += (-1.0 if term[1] == "-" else 1.0) * float(term[2] or 1)
        rest = rest[len(name) :]
    return weights
