"""Whether members of dyads are more alike than others who did the same: pairings exchanged within arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.tables import Json, read_json, read_tsv
from bids_app.derivatives.group import GroupWriter
from bids_app.derivatives.group_descriptives import GroupDescriptivesWriter
from bids_app.errors import NotMeasurableError
from bids_app.statistics.optics.pairings import PairingTest, pairing_test, too_few
from bids_app.statistics.result import Result
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.group_sidecars import PairingSidecar
from bids_app.vocabulary.job import GroupJob
from bids_app.vocabulary.output import AlikePairs

BINS = 30
"""Of the histogram of pairings."""


def write(writer: GroupWriter, primary: Result, job: GroupJob) -> None:
    """Write what pairings say beside the primary contrast; a reason where they say nothing."""
    map_set, rows = primary.map_set, primary.map_set.design.rows
    arms = tuple(dict.fromkeys(row["arm"] for row in rows))
    groups = np.array([arms.index(row["arm"]) for row in rows], dtype=np.intp)
    nothing = PairingSidecar(
        measure=map_set.key.measure, noun=map_set.output.noun,
        dyads={arm: int((groups == i).sum()) for i, arm in enumerate(arms)},
    )  # fmt: skip
    pairs = GroupDescriptivesWriter(writer)
    try:
        about, found, test = _tested(primary, job, groups, arms)
    except NotMeasurableError as error:
        pairs.pairings(primary, replace(nothing, absent=str(error)), {})
        return
    counts, edges = np.histogram(test.maxima, BINS)
    inference = job.inference
    said = replace(
        nothing, practitioners=len({str(one.get("Partner", "")) for one in about}), alpha=inference.alpha,
        places=tuple(
            {"Place": place, "Observed": float(test.observed[k]), "Expected": float(test.expected[k]),
             "P": float(test.p[k])}
            for k, place in enumerate(found.places)
        ),
        pairings=len(test.above), pairings_possible=str(test.possible), smallest_possible_p=test.smallest_p,
        random_seed=inference.random_seed, counts=tuple(map(int, counts)), edges=tuple(map(float, edges)),
    )  # fmt: skip
    pairs.pairings(primary, said, _matrix(found, [row["participant_id"] for row in rows], [row["arm"] for row in rows]))


def _tested(
    primary: Result, job: GroupJob, groups: NDArray[np.intp], arms: Sequence[str]
) -> tuple[list[Json], AlikePairs, PairingTest]:  # fmt: skip
    """Return what sidecars say of the dyads, how alike pairs are, and the test.

    Raises
    ------
    NotMeasurableError
        If an arm has too few dyads, or series are gone or too short.
    """
    if few := too_few(groups, arms):
        raise NotMeasurableError(few)
    key, design = primary.map_set.key, primary.map_set.design
    session = list(design.sessions.values())[-1]
    places = [
        _beside(job.sessions[row["participant_id"].removeprefix("sub-"), session].maps[key]) for row in design.rows
    ]
    about = [read_json(path.with_suffix(".json")) for path in places]
    verb = plugs.measure(key.measure).pairings
    assert verb is not None
    found = verb([read_tsv(path) for path in places], groups, about[0])
    inference = job.inference
    return about, found, pairing_test(found.values, groups, inference.n_permutations, inference.random_seed)


def _beside(table: Path) -> Path:
    """Return the series that a table of coherence is of; of several runs the first.

    Raises
    ------
    NotMeasurableError
        If it is gone.
    """
    own = {name: value for name, value in parse(table.name)[0].items() if name != "stat"}
    for path in sorted(table.parent.glob("*_stat-mean_timeseries.tsv")):
        if own.items() <= parse(path.name)[0].items():
            return path
    raise NotMeasurableError(f"the series beside {table.name} are gone: run the participant level again")


def _matrix(found: AlikePairs, people: Sequence[str], arms: Sequence[str]) -> dict[str, list[object]]:
    """Return every pair of one arm with its values, (pairs,) by column."""
    rows = [(i, j) for i in range(len(people)) for j in range(len(people)) if arms[i] == arms[j]]
    table: dict[str, list[object]] = {
        "patient": [people[i] for i, _ in rows], "practitioner_of": [people[j] for _, j in rows],
        "arm": [arms[i] for i, _ in rows],
    }  # fmt: skip
    for k, place in enumerate(found.places):
        table[place] = [float(found.values[k, i, j]) for i, j in rows]
    return table
