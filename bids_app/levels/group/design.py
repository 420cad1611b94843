"""The design of a group job, over those people whose maps are there."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app import plugs
from bids_app.errors import DeqiError
from bids_app.levels.group.reference_associations import require_contrasts
from bids_app.levels.group.symptom_associations import with_associations
from bids_app.trial.cohort import Table
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.job import GroupJob, MapKey
from bids_app.vocabulary.near_matches import require_distinct


def build(job: GroupJob, keys: Sequence[MapKey] = ()) -> Design:
    """Return the design over participants who have any of the maps in question, or any map at all.

    Raises
    ------
    DeqiError
        If it cannot be built; the message names the analysis.
    """
    available: dict[str, set[str]] = {}
    reasons = dict(job.reasons)
    for (participant, session), found in job.sessions.items():
        if not keys or any(key in found.maps for key in keys):
            available.setdefault(participant, set()).add(session)
        else:
            reasons[participant, session] = "; ".join(found.why_without(key) for key in keys)
    table = Table(job.participants, available, reasons, frozenset(job.coded))
    try:
        design: Design = plugs.design(job.design.name).design(table, job.design.options)
    except DeqiError as error:
        where = " ".join([*(f"{key}-{value}" for key, value in job.entities.items()), *(key.label for key in keys)])
        raise type(error)(f"{where}: {error}") from error
    require_contrasts(job, design)
    whole = with_associations(job, design)
    require_distinct(((contrast.name, contrast.name) for contrast in whole.contrasts), "Contrasts")
    return whole
