"""Values of the nodes of declared diagrams: columns, outcomes, places of tables and regions of maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.participant_maps import region_masks
from bids_app.dataset.tables import read_tsv
from bids_app.dataset.volumes import read_map
from bids_app.errors import UsageError, WrongDataError, suggest
from bids_app.statistics.pathways.component import first_component
from bids_app.trial.cohort import Cohort, require_column
from bids_app.trial.outcomes import visit_values
from bids_app.trial.pathway import NodeValues
from bids_app.vocabulary.entities import stage_label
from bids_app.vocabulary.job import PathwayJob, TrialJob
from bids_app.vocabulary.options.design import visits_of
from bids_app.vocabulary.options.pathway import NodeOptions, When
from bids_app.vocabulary.outcome import ClinicalOutcome

Floats = NDArray[np.float64]

RANKS = {"before": 0, "treatment": 1, "after": 2}
"""Order of visits; later visits of outcomes come after."""


def what_of(node: NodeOptions, outcomes: Sequence[ClinicalOutcome] = ()) -> str:
    """Return what a node is, in a few words."""
    if node.outcome:
        sided = any(one.name == node.outcome and one.sided for one in outcomes)
        return f"{'improvement' if sided else 'change'} of {node.outcome}"
    parts = ", ".join([node.column or node.place or node.region, *node.also])
    words = " ".join(filter(None, (node.measure, node.label, parts)))
    words = f"first component of {words}" if node.also else words
    return f"change of {words}" if node.change else words


def node_values(name: str, node: NodeOptions, job: PathwayJob, cohort: Cohort) -> NodeValues:
    """Return the values of a node of every participant.

    Raises
    ------
    UsageError
        If it is not defined by one of column, outcome and measure.
    WrongDataError, MissingInputError
        If its values are not there.
    """
    given = [kind for kind in ("column", "outcome", "measure") if getattr(node, kind)]
    if len(given) != 1:
        raise UsageError(
            f"pathways.{job.name}.nodes.{name} has {', '.join(given) or 'nothing'}; expected one of column, outcome "
            "and measure."
        )
    if node.change and node.when == "before":
        raise UsageError(
            f"pathways.{job.name}.nodes.{name}: a change is none before treatment; leave change or when out."
        )
    return _component(name, node, job, cohort) if node.also else _single(name, node, job, cohort)


def _component(name: str, node: NodeOptions, job: PathwayJob, cohort: Cohort) -> NodeValues:
    """Return several columns, places or regions as one, with weights of all participants before treatment."""
    kind = next((word for word in ("column", "place", "region") if getattr(node, word)), "")
    where = f"pathways.{job.name}.nodes.{name}.also"
    if not kind:
        raise UsageError(f"{where} goes on from column, place or region; the node has none of them.")
    if not node.change and node.when != "before":
        raise UsageError(
            f"{where}: components are fixed on values before treatment. Ask for the change (change = true), or for "
            'what was measured before (when = "before").'
        )
    words = (getattr(node, kind), *node.also)
    parts = [_single(name, replace(node, also=(), **{kind: word}), job, cohort) for word in words]
    before = np.column_stack([one.values if one.before is None else one.before for one in parts])
    try:
        component = first_component(before)
    except ValueError as error:
        raise WrongDataError(f"{where}: {error}.") from error
    if not node.change:
        return replace(parts[0], values=component.of(before), share=component.share)
    after = before + np.column_stack([one.values for one in parts])
    start = component.of(before)
    return replace(parts[0], values=component.of(after) - start, before=start, share=component.share)


def _single(name: str, node: NodeOptions, job: PathwayJob, cohort: Cohort) -> NodeValues:
    if node.outcome:
        return _of_outcome(name, node, job, cohort)
    if node.column:
        return _of_column(name, node, job, cohort)
    if not node.change:
        session, when = _once(job, node)
        return NodeValues(name=name, values=_of_measure(name, node, job, cohort, session), rank=RANKS[when])
    before, after = (_of_measure(name, node, job, cohort, session) for session in _change(job, name))
    return NodeValues(name=name, values=after - before, rank=RANKS[node.when or "after"], before=before)


def _of_outcome(name: str, node: NodeOptions, job: PathwayJob, cohort: Cohort) -> NodeValues:
    known = {one.name: one for one in job.outcomes}
    if node.outcome not in known:
        raise UsageError(
            f"pathways.{job.name}.nodes.{name}: no outcome {node.outcome!r}; {suggest(node.outcome, known)}"
        )
    one = known[node.outcome]
    values = visit_values(one, cohort.rows)
    place = one.visits.index(one.endpoint)
    sign = one.sign if one.sided else 1.0  # more is better, as of relief
    return NodeValues(
        name=name, values=sign * (values[:, place] - values[:, 0]), before=values[:, 0], rank=RANKS["after"] + place - 1
    )  # fmt: skip


def _of_column(name: str, node: NodeOptions, job: PathwayJob, cohort: Cohort) -> NodeValues:
    rows = {row["participant_id"]: row for row in cohort.rows}
    columns = [node.column]
    if node.change:
        columns = [f"{node.column}_{stage}" for stage in _change(job, name)]
    for column in columns:
        require_column(column, {key: dict(row) for key, row in rows.items()}, f"It is node {name} of {job.name}.")
    found = [np.array([_number(row[column], column) for row in cohort.rows]) for column in columns]
    if node.change:
        return NodeValues(name=name, values=found[1] - found[0], before=found[0], rank=RANKS[node.when or "after"])
    return NodeValues(name=name, values=found[0], rank=RANKS[node.when or "treatment"])


def _number(word: str, column: str) -> float:
    try:
        return float("nan") if str(word) in ("n/a", "") else float(word)
    except ValueError as error:
        raise WrongDataError(f"Column {column} holds {word!r}; a node needs numbers or n/a.") from error


def _change(job: TrialJob, name: str) -> tuple[str, str]:
    """Return the sessions before treatment and first after it.

    Raises
    ------
    UsageError
        If the design has one session alone.
    """
    visits = visits_of(job.design.options)
    if not visits:
        raise UsageError(
            f"Node {name} is a change, and designs.{job.design.name} has no session before treatment. Leave change out."
        )
    return stage_label(visits[0]), stage_label(visits[1])


def _once(job: TrialJob, node: NodeOptions) -> tuple[str, When]:
    """Return the session that one value of a measure is of, and when that was."""
    visits = visits_of(job.design.options)
    if not visits:
        return stage_label(str(getattr(job.design.options, "session", ""))), node.when or "treatment"
    return stage_label(visits[node.when != "before"]), node.when or "after"


def _of_measure(name: str, node: NodeOptions, job: PathwayJob, cohort: Cohort, session: str) -> Floats:
    """Return the values of a place of a table, or of a region of maps, in one session of every participant."""
    plug, found = plugs.measure(node.measure), np.full(len(cohort.rows), np.nan)
    there = {
        key for maps in job.sessions.values() for key in maps.maps
        if key.measure == node.measure and node.label in ("", key.label)
    }  # fmt: skip
    if len(there) != 1:
        labels = ", ".join(sorted(key.label for key in there)) or "nothing of it"
        raise WrongDataError(
            f"Node {name}: {node.measure} has {labels}; expected one map or table. Name its label "
            f"(pathways.{job.name}.nodes.{name}.label)."
        )
    (key,) = there
    masks: dict[str, NDArray[np.bool_]] = {}
    for i, row in enumerate(cohort.rows):
        maps = job.sessions.get((row["participant_id"].removeprefix("sub-"), session))
        if not maps or key not in maps.maps:
            continue
        if plug.compared.is_map:
            values, grid = read_map(maps.maps[key])
            masks = masks or region_masks([node.region], grid, job.entities["space"])
            inside = values[next(iter(masks.values()))]
            found[i] = float(np.nanmean(inside)) if np.isfinite(inside).any() else np.nan
        else:
            own = plug.group_values(read_tsv(maps.maps[key]))
            places = [" ".join(map(str, label)) for label in own.domain.labels]
            found[i] = own.values[_place(name, node.place, places)]
    return found


def _place(name: str, wanted: str, places: Sequence[str]) -> int:
    if wanted not in places:
        raise WrongDataError(f"Node {name}: no place {wanted!r} in the table; {suggest(wanted, places)}")
    return list(places).index(wanted)
