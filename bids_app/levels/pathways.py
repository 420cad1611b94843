"""Declared diagrams held against the data of a trial: values of nodes read, checked, and their equations fitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.participant_maps import region_masks
from bids_app.dataset.tables import read_tsv
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.pathways import PathwayWriter
from bids_app.errors import UsageError, WrongDataError, suggest
from bids_app.levels.trial.trial_analysis import everyone
from bids_app.statistics.covariate_coding import code_covariates
from bids_app.statistics.pathways.diagram import Diagram
from bids_app.trial import pathway
from bids_app.trial.cohort import Cohort, require_column
from bids_app.trial.outcomes import visit_values
from bids_app.trial.pathway import NodeValues, PathwayAsked, PathwayData
from bids_app.vocabulary.entities import stage_label
from bids_app.vocabulary.job import PathwayJob, Summary, TrialJob
from bids_app.vocabulary.options.design import visits_of
from bids_app.vocabulary.options.pathway import NodeOptions, When
from bids_app.vocabulary.pathway import DiagramSaid

Floats = NDArray[np.float64]

RANKS = {"before": 0, "treatment": 1, "after": 2}
"""Order of visits; later visits of outcomes come after."""


def run(job: PathwayJob) -> Summary:
    """Hold one diagram against data, and write what comes out.

    Raises
    ------
    DeqiError
        If a node has no values, or the diagram cannot be estimated.
    """
    diagram = diagram_of(job)
    cohort = everyone(job)
    nodes = {name: _node(name, own, job, cohort) for name, own in job.pathway.nodes.items()}
    require_order(diagram, {name: node.rank for name, node in nodes.items()})
    writer = PathwayWriter(job.output_dir, job.name)
    writer.nodes(_columns(cohort, nodes))
    notes: list[str] = []
    for among, data in _parts(job, cohort, nodes):
        pathway.check(data, diagram)
        writer.diagram(_said(job, diagram, among, data))
    return Summary(frozenset(writer.files), tuple(notes))


def _columns(cohort: Cohort, nodes: Mapping[str, NodeValues]) -> dict[str, object]:
    """Return the values of all nodes and their baselines as columns."""
    found: dict[str, object] = {key: [row[key] for row in cohort.rows] for key in ("participant_id", "arm")}
    for name, node in nodes.items():
        found[name] = node.values
        found |= {} if node.before is None else {f"{name}_before": node.before}
    return found


def diagram_of(job: PathwayJob) -> Diagram:
    """Return the diagram as it is declared.

    Raises
    ------
    UsageError
        If it is none.
    """
    try:
        return Diagram(tuple(job.pathway.nodes), dict(job.pathway.paths))
    except ValueError as error:
        raise UsageError(f"pathways.{job.name}: {error}.") from error


def require_order(diagram: Diagram, ranks: Mapping[str, int]) -> None:
    """Refuse a child that was measured before its parent.

    Raises
    ------
    UsageError
    """
    for parent, child in diagram.arrows:
        if ranks[child] < ranks[parent]:
            raise UsageError(
                f"paths: {child} was measured before its parent {parent}; paths follow time. Turn it round, or say "
                f"when they were measured (nodes.{child}.when)."
            )


def _parts(
    job: PathwayJob, cohort: Cohort, nodes: Mapping[str, NodeValues]
) -> list[tuple[str, PathwayData]]:  # fmt: skip
    """Return the participants of all arms, or of each arm by itself, with what stands in every equation."""
    covariates = code_covariates(cohort.rows, job.pathway.covariates, cohort.levels)
    strata = np.unique(cohort.strata)[1:]
    beside = [*covariates.values(), *((cohort.strata == one).astype(np.float64) for one in strata)]
    if job.pathway.within == "arm":
        columns = [*((cohort.arm == i).astype(np.float64) for i in range(len(cohort.arms))), *beside]
        blocks = cohort.strata * len(cohort.arms) + cohort.arm
        whole = PathwayData(
            nodes=nodes, arm=cohort.arm, blocks=blocks, others=np.column_stack(columns), arms=cohort.arms
        )
        return [("", whole)]
    found = []
    for number, arm in enumerate(cohort.arms):
        own = cohort.arm == number
        some = {
            name: NodeValues(
                name=name, values=node.values[own], rank=node.rank,
                before=None if node.before is None else node.before[own],
            )
            for name, node in nodes.items()
        }  # fmt: skip
        columns = [np.ones(int(own.sum())), *(column[own] for column in beside if np.ptp(column[own]) > 0)]
        found.append((arm, PathwayData(
            nodes=some, arm=np.zeros(int(own.sum()), dtype=np.intp), blocks=cohort.strata[own],
            others=np.column_stack(columns), arms=(arm,),
        )))  # fmt: skip
    return found


def _said(job: PathwayJob, diagram: Diagram, among: str, data: PathwayData) -> DiagramSaid:
    options, inference = job.pathway, job.inference
    asked = PathwayAsked(
        permutations=inference.n_permutations, draws=options.draws, seed=inference.random_seed, alpha=inference.alpha
    )
    found = pathway.held(data, diagram, asked)
    whole = options.exclusion and not among
    return DiagramSaid(
        name=job.name, source=options.source, among=among, arms=data.arms,
        nodes={
            name: {"What": what_of(options.nodes[name]), "Rank": node.rank,
                   "Participants": int(np.isfinite(node.values).sum())}
            for name, node in data.nodes.items()
        },
        paths=found.paths, independences=found.independences, chains=found.chains,
        c=found.c[0] if found.c else None, c_df=found.c[1] if found.c else 0, c_p=found.c[2] if found.c else None,
        equivalent=diagram.equivalent, alpha=inference.alpha, permutations=inference.n_permutations,
        draws=options.draws, random_seed=inference.random_seed, participants=len(data.arm),
        sealed=job.sealed.sha256 if job.sealed else "",
        instrument=pathway.as_instrument(data, diagram, options.exclusion) if whole else None,
    )  # fmt: skip


def what_of(node: NodeOptions) -> str:
    """Return what a node is, in a few words."""
    if node.outcome:
        return f"change of {node.outcome}"
    words = node.column or " ".join(filter(None, (node.measure, node.label, node.place or node.region)))
    return f"change of {words}" if node.change else words


def _node(name: str, node: NodeOptions, job: PathwayJob, cohort: Cohort) -> NodeValues:
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
    return NodeValues(
        name=name, values=values[:, place] - values[:, 0], before=values[:, 0], rank=RANKS["after"] + place - 1
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
