"""Values of regions and networks at the group level: the engine of maps, with edges in place of voxels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.tables import read_tsv
from bids_app.errors import WrongDataError
from bids_app.levels import design
from bids_app.levels.loaded import LoadedMaps
from bids_app.statistics.comparable import stacks_of
from bids_app.statistics.network import graph_of
from bids_app.statistics.result import Subject
from bids_app.vocabulary.edges import Edges
from bids_app.vocabulary.job import GroupJob, MapKey

if TYPE_CHECKING:
    from bids_app.plugs.protocols import Measure


NAMED = 8
"""Values left out that a note names; the table has the others."""


def read_tables(job: GroupJob, key: MapKey) -> LoadedMaps:
    """Read every table of one kind; the notes say which values are left out because a participant lacks them.

    Raises
    ------
    WrongDataError
        If no value is known for everybody.
    """
    plug = plugs.measure(key.measure)
    chosen = design.build(job, [key])
    first, more = _first(job, key, plug), set[str]()

    def read(person: str, session: str) -> NDArray[np.float64]:
        own = _read(job, key, plug, (person, session))
        more.update(set(own.names).difference(first.names) if own.names != first.names else ())
        return _in_order(own, first)

    stacks, known = stacks_of(chosen, len(first.names), read)
    if not known.any():
        raise WrongDataError(f"{key.label}: no value is known for everybody.")
    kept = {name: ends for name, ends, use in zip(first.names, first.ends, known, strict=True) if use}
    mask = np.ones((len(kept), 1, 1), dtype=bool)
    subject = Subject(
        key=key, output=plug.group, design=chosen, mask=mask, near=np.zeros_like(mask), graph=graph_of(kept)
    )
    lost = [*(name for name, use in zip(first.names, known, strict=True) if not use), *sorted(more)]
    others = f" and {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    said = (
        f"{key.entity} {key.label}: {', '.join(lost[:NAMED])}{others} are not known for all participants and excluded."
    )
    return LoadedMaps(subject=subject, stacks=stacks, notes=(said,) if lost else ())


def _first(job: GroupJob, key: MapKey, plug: Measure) -> Edges:
    """Return the values of somebody: what they have not cannot be known for everybody."""
    return _read(job, key, plug, next(who for who, maps in job.sessions.items() if key in maps.maps))


def _read(job: GroupJob, key: MapKey, plug: Measure, who: tuple[str, str]) -> Edges:
    path = job.sessions[who].maps[key]
    try:
        return plug.group_values(read_tsv(path))
    except (ValueError, KeyError) as error:
        raise WrongDataError(f"{path} is damaged ({error}). Remove it, and run the participant level again.") from error


def _in_order(own: Edges, first: Edges) -> NDArray[np.float64]:
    """Return the values in the order of another's; NaN where there is none."""
    if own.names == first.names:
        return own.values
    values = dict(zip(own.names, own.values, strict=True))
    return np.array([values.get(name, np.nan) for name in first.names])
