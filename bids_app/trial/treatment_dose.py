"""What each person got and felt, as columns beside the others: moderators can be any of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from bids_app.statistics.clinical.mass_index import mass_index
from bids_app.trial.outcomes import values_of
from bids_app.vocabulary.treatment import DOSE, MASS, Needle

Rows = Mapping[str, Mapping[str, str]]


def with_exposure(rows: Rows, needles: Sequence[Needle], sensations: str) -> Rows:
    """Return the rows of participants with their dose and the index of their sensations; a table's own column stands.

    Parameters
    ----------
    sensations : str
        Beginning of the columns with ratings.
    """
    made: dict[str, dict[str, str]] = {label: {} for label in rows}
    columns = dict.fromkeys(column for row in rows.values() for column in row)
    if rated := [column for column in columns if column.startswith(sensations) and column != MASS]:
        for label, value in zip(rows, mass_index(values_of(rated, list(rows.values()))), strict=True):
            made[label][MASS] = _word(value)
    if needles:
        doses = dose(needles)
        for label in rows:
            made[label] |= doses.get(label, dict.fromkeys(DOSE, "n/a"))
    return {label: {**made[label], **row} for label, row in rows.items()}


def dose(needles: Sequence[Needle]) -> dict[str, dict[str, str]]:
    """Return what each person got: sessions with needles, needles a session, and means of depth, time and deqi."""
    people: dict[str, list[Needle]] = defaultdict(list)
    for needle in needles:
        people[needle.participant].append(needle)
    found = {}
    for label, own in people.items():
        sessions = len({needle.session for needle in own})
        measured = [[n.depth for n in own], [n.duration / 60 for n in own], [n.deqi for n in own]]
        known = [np.array(values)[np.isfinite(values)] for values in measured]
        means = [float(values.mean()) if len(values) else np.nan for values in known]
        found[label] = dict(zip(DOSE, map(_word, (sessions, len(own) / sessions, *means)), strict=True))
    return found


def _word(value: float) -> str:
    return "n/a" if np.isnan(value) else f"{value:.6g}"
