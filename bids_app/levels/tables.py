"""Values of regions and networks at the group level: the engine of maps, with edges in place of voxels."""

from __future__ import annotations

import numpy as np

from bids_app import plugs
from bids_app.dataset.tables import read_tsv
from bids_app.errors import WrongDataError
from bids_app.levels import design
from bids_app.levels.overlap import Stacks
from bids_app.statistics.network import graph_of
from bids_app.statistics.result import Subject
from bids_app.vocabulary.job import GroupJob, MapKey


def subject_of(job: GroupJob, key: MapKey) -> tuple[Subject, Stacks, list[str]]:
    """Read every table of one kind; return also which values are left out because somebody lacks them.

    Raises
    ------
    WrongDataError
        If no value is known for everybody.
    """
    plug = plugs.load("measures", key.measure)
    chosen = design.build(job, [key])
    edges: dict[str, tuple[str, str]] = {}
    found: dict[str, list[dict[str, float]]] = {}
    for stage, session in chosen.sessions.items():
        rows: list[dict[str, float]] = []
        for row in chosen.rows:
            person = row["participant_id"].removeprefix("sub-")
            values = (
                plug.group_values(read_tsv(job.sessions[person, session].maps[key])) if stage in row["stages"] else {}
            )
            edges |= {name: ends for name, (_, ends) in values.items()}
            rows.append({name: value for name, (value, _) in values.items()})
        found[stage] = rows
    stacks = {
        stage: np.array([[row.get(name, np.nan) for name in edges] for row in rows], dtype=np.float32)
        for stage, rows in found.items()
    }
    known = np.ones(len(edges), dtype=bool)
    for stage, stack in stacks.items():
        there = [i for i, row in enumerate(chosen.rows) if stage in row["stages"]]
        if not there:
            continue
        known &= np.isfinite(stack[there]).all(axis=0) & (np.ptp(stack[there], axis=0) > 0)
    if not known.any():
        raise WrongDataError(f"{key.label}: no value is known for everybody.")
    kept = {name: ends for (name, ends), use in zip(edges.items(), known, strict=True) if use}
    mask = np.ones((len(kept), 1, 1), dtype=bool)
    subject = Subject(key, plug.GROUP, chosen, mask, np.zeros_like(mask), graph_of(kept))
    lost = [name for name, use in zip(edges, known, strict=True) if not use]
    return subject, {stage: stack[:, known] for stage, stack in stacks.items()}, lost
