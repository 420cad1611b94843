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
from bids_app.statistics.optics.pairings import pairing_test, too_few
from bids_app.statistics.result import Result
from bids_app.vocabulary.entities import parse
from bids_app.vocabulary.group_sidecars import PairingSidecar
from bids_app.vocabulary.job import GroupJob, MapKey
from bids_app.vocabulary.output import AlikePairs
from bids_app.vocabulary.participant_row import ParticipantRow

BINS = 30
"""Of the histogram of pairings."""


def write(writer: GroupWriter, primary: Result, job: GroupJob) -> None:
    """Write what pairings say beside the primary contrast, session by session; a reason where they say nothing."""
    for session in dict.fromkeys(primary.map_set.design.sessions.values()):
        _write(writer, primary, job, session)


def _write(writer: GroupWriter, primary: Result, job: GroupJob, session: str) -> None:
    map_set = primary.map_set
    rows = [row for row in map_set.design.rows if _table(row, job, map_set.key, session)]
    arms = tuple(dict.fromkeys(row["arm"] for row in rows))
    groups = np.array([arms.index(row["arm"]) for row in rows], dtype=np.intp)
    nothing = PairingSidecar(
        measure=map_set.key.measure, noun=map_set.output.noun, session=session,
        dyads={arm: int((groups == i).sum()) for i, arm in enumerate(arms)},
    )  # fmt: skip
    pairs, inference = GroupDescriptivesWriter(writer), job.inference
    try:
        _require_enough(groups, arms)
        about, found = _alike([_table(row, job, map_set.key, session) for row in rows], groups, map_set.key.measure)
    except NotMeasurableError as error:
        pairs.pairings(primary, replace(nothing, absent=str(error)), {})
        return
    test = pairing_test(found.values, groups, inference.n_permutations, inference.random_seed)
    counts, edges = np.histogram(test.maxima, BINS)
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


def _require_enough(groups: NDArray[np.intp], arms: Sequence[str]) -> None:
    """Refuse dyads whose pairings could never be rare.

    Raises
    ------
    NotMeasurableError
    """
    if few := too_few(groups, arms):
        raise NotMeasurableError(few)


def _table(row: ParticipantRow, job: GroupJob, key: MapKey, session: str) -> Path | None:
    """Return the table of coherence of a participant in a session, if there is one."""
    maps = job.sessions.get((row["participant_id"].removeprefix("sub-"), session))
    return maps.maps.get(key) if maps else None


def _alike(
    tables: Sequence[Path | None], groups: NDArray[np.intp], measure: str
) -> tuple[list[Json], AlikePairs]:  # fmt: skip
    """Return what sidecars say of the dyads, and how alike pairs are, over runs weighted as the tables are.

    Raises
    ------
    NotMeasurableError
        If series are gone, too short or of different protocols, or dyads have different numbers of runs.
    """
    verb = plugs.measure(measure).pairings
    assert verb is not None
    runs = [_beside(table) for table in tables if table]
    if len({len(own) for own in runs}) > 1:
        raise NotMeasurableError("dyads have different numbers of runs, which cannot be laid upon each other")
    found: list[AlikePairs] = []
    weights, first = list[float](), list[Json]()
    for own in zip(*runs, strict=True):
        about = [read_json(path.with_suffix(".json")) for path in own]
        found.append(verb([read_tsv(path) for path in own], groups, about))
        weights.append(float(np.mean([float(one["Seconds"]) for one in about])))
        first = first or about
    places = tuple(name for name in found[0].places if all(name in one.places for one in found))
    values = np.average(
        [one.values[[one.places.index(name) for name in places]] for one in found], axis=0, weights=weights
    )
    return first, AlikePairs(places, values)


def _beside(table: Path) -> list[Path]:
    """Return the series that a table of coherence is of, one for each run.

    Raises
    ------
    NotMeasurableError
        If they are gone.
    """
    own = {name: value for name, value in parse(table.name)[0].items() if name != "stat"}
    every = sorted(table.parent.glob("*_stat-mean_timeseries.tsv"))
    found = [path for path in every if own.items() <= parse(path.name)[0].items()]
    if not found:
        raise NotMeasurableError(f"the series beside {table.name} are gone: run the participant level again")
    return found


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
