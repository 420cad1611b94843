"""Tables of participants at the group level: the engine of maps, with regions, edges or sensors in place of voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.tables import read_tsv
from bids_app.errors import WrongDataError
from bids_app.levels.group import design
from bids_app.levels.group.loaded_maps import LoadedMaps
from bids_app.plugs.protocols import Measure
from bids_app.statistics.clusters.domain_neighbours import neighbours_of
from bids_app.statistics.map_stacks import stacks_of
from bids_app.statistics.result import Subject
from bids_app.vocabulary.domain import Label, Values
from bids_app.vocabulary.job import GroupJob, MapKey

NAMED = 8
"""Values left out that a note names; the table has the others."""


def read_tables(job: GroupJob, key: MapKey) -> LoadedMaps:
    """Read every table of one kind; the notes say which values are left out because a participant lacks them.

    Raises
    ------
    WrongDataError
        If no value is known for all participants, or tables do not match.
    """
    plug = plugs.measure(key.measure)
    chosen = design.build(job, [key])
    # What the first participant lacks cannot be known for all.
    first = _read(job, key, plug, next(who for who, maps in job.sessions.items() if key in maps.maps))
    more = set[Label]()

    def read(person: str, session: str) -> NDArray[np.float64]:
        own = _read(job, key, plug, (person, session))
        if not own.domain.matches(first.domain):
            raise WrongDataError(
                f"{job.sessions[person, session].maps[key]} has {own.domain.describe()}, others have "
                f"{first.domain.describe()}. Remove it, and run the participant level again with one set of options."
            )
        if own.domain.labels == first.domain.labels:
            return own.values
        more.update(set(own.domain.labels).difference(first.domain.labels))
        values = dict(zip(own.domain.labels, own.values, strict=True))
        return np.array([values.get(label, np.nan) for label in first.domain.labels])

    stacks, known = stacks_of(chosen, first.domain.size, read)
    if not known.any():
        raise WrongDataError(f"{key.label}: no value is known for everybody.")
    domain = first.domain.restrict(known)
    subject = Subject(key=key, output=plug.compared, design=chosen, domain=domain, neighbours=neighbours_of(domain))
    lacking = [label for label, use in zip(first.domain.labels, known, strict=True) if not use]
    lost = [" ".join(map(str, label)) for label in (*lacking, *sorted(more, key=str))]
    others = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    said = (
        f"{key.entity} {key.label}: {', '.join(lost[:NAMED])}{others} are not known for all participants and excluded."
    )
    return LoadedMaps(subject=subject, stacks=stacks, notes=(said,) if lost else ())


def _read(job: GroupJob, key: MapKey, plug: Measure, who: tuple[str, str]) -> Values:
    path = job.sessions[who].maps[key]
    try:
        return plug.group_values(read_tsv(path))
    except (ValueError, KeyError) as error:
        raise WrongDataError(f"{path} is damaged ({error}). Remove it, and run the participant level again.") from error
