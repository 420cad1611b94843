"""How people were treated, by arm: dose, deqi, expectation, points, and what they guessed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from bids_app.errors import WrongDataError
from bids_app.statistics.clinical.blinding import bang, james
from bids_app.statistics.covariate_coding import is_missing
from bids_app.statistics.table_one import table_one
from bids_app.trial.acupoints import point_of
from bids_app.vocabulary.near_matches import folded, nearest
from bids_app.vocabulary.treatment import Needle, TrialOptions

Rows = Sequence[Mapping[str, Any]]


def exposure(rows: Rows, arms: Sequence[str], options: TrialOptions) -> list[dict[str, Any]]:
    """Return columns of treatment and of what people thought of it, described by arm and by when they arose."""
    found: list[dict[str, Any]] = []
    for when, columns in (("before", options.before), ("after", options.later)):
        there = [name for name in columns if name != options.guess and any(name in row for row in rows)]
        found += [{"when": f"{when} randomisation", **asdict(one)} for one in table_one(rows, arms, there)]
    return found


def points(needles: Sequence[Needle], arm_of: Mapping[str, str], arms: Sequence[str]) -> list[dict[str, Any]]:
    """Return each point with how many people of each arm were needled there, and what is odd about its name."""
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    remarks: dict[str, set[str]] = defaultdict(set)
    for needle in needles:
        point = point_of(needle.point)
        code = point.code or needle.point
        people[code, arm_of.get(needle.participant, "")].add(needle.participant)
        remarks[code] |= {point.remark} - {""}
    return [
        {"point": code, **{arm: len(people[code, arm]) for arm in arms}, "remark": "; ".join(sorted(remarks[code]))}
        for code in sorted(remarks, key=lambda code: -sum(len(people[code, arm]) for arm in arms))
    ]


def blinding(rows: Rows, arms: Sequence[str], column: str) -> dict[str, Any]:
    """Return what people of the first and the last arm guessed, and both indices of blinding.

    Nothing where nobody was asked. Further arms (a waiting list) cannot be blinded; who guesses one does not know.

    Raises
    ------
    WrongDataError
        If a guess is one letter from the name of an arm: it would count as not knowing.
    """
    if len(arms) < 2 or not any(column in row for row in rows):
        return {}
    every, arms = tuple(arms), (arms[0], arms[-1])
    counts = np.zeros((2, 3), dtype=int)
    for row in rows:
        guess = _guessed(row, column, every)
        if guess and row["arm"] in arms:
            counts[arms.index(row["arm"]), arms.index(guess) if guess in arms else 2] += 1
    if not counts.sum(axis=1).all():
        return {}
    own = [bang(int(counts[i, i]), int(counts[i, 1 - i]), int(counts[i, 2])) for i in (0, 1)]
    return {
        "Guesses": {
            arm: dict(zip((*arms, "do not know"), counts[i].tolist(), strict=True)) for i, arm in enumerate(arms)
        },
        "Bang": {arm: own[i]._asdict() for i, arm in enumerate(arms)},
        "James": james(counts)._asdict() if counts[:, :2].any() and (counts[:, :2].sum(axis=0) > 0).all() else None,
    }


def _guessed(row: Mapping[str, Any], column: str, arms: Sequence[str]) -> str:
    """Return the arm that a participant guessed, whatever its case; another word where none; nothing if not asked."""
    word = str(row.get(column, "n/a"))
    if is_missing(word):
        return ""
    near = nearest(word, arms)
    if near and folded(near) != folded(word):
        raise WrongDataError(f"{row['participant_id']} has {column} = {word!r}, nearly {near!r}. Correct the word.")
    return near or word
