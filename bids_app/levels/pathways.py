"""Declared diagrams held against the data of a trial: values of nodes read, checked, and their equations fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.pathways import PathwayWriter
from bids_app.errors import UsageError
from bids_app.levels.pathway_nodes import node_values, what_of
from bids_app.levels.trial.trial_analysis import everyone
from bids_app.statistics.covariate_coding import code_covariates
from bids_app.statistics.pathways.diagram import Diagram
from bids_app.trial import pathway
from bids_app.trial.cohort import Cohort
from bids_app.trial.pathway import NodeValues, PathwayAsked, PathwayData
from bids_app.vocabulary.job import PathwayJob, Summary
from bids_app.vocabulary.pathway import DiagramSaid
from bids_app.vocabulary.preregistration import OF_OUTCOMES, PlanStatus, plan_status

Floats = NDArray[np.float64]


def run(job: PathwayJob) -> Summary:
    """Hold one diagram against data, and write what comes out.

    Raises
    ------
    DeqiError
        If a node has no values, or the diagram cannot be estimated.
    """
    diagram = Diagram.of(tuple(job.pathway.nodes), job.pathway.paths)
    cohort = everyone(job)
    nodes = {name: node_values(name, own, job, cohort) for name, own in job.pathway.nodes.items()}
    require_order(diagram, {name: node.rank for name, node in nodes.items()})
    parts = _parts(job, cohort, nodes)
    for _, data in parts:  # all of them, before anything is written
        pathway.check(data, diagram)
    writer = PathwayWriter(job.output_dir, job.name)
    writer.nodes(_columns(cohort, nodes))
    for among, data in parts:
        writer.diagram(_said(job, diagram, among, data))
    return Summary(frozenset(writer.files), ())


def _columns(cohort: Cohort, nodes: Mapping[str, NodeValues]) -> dict[str, object]:
    """Return the values of all nodes and their baselines as columns."""
    found: dict[str, object] = {key: [row[key] for row in cohort.rows] for key in ("participant_id", "arm")}
    for name, node in nodes.items():
        found[name] = node.values
        found |= {} if node.before is None else {f"{name}_before": node.before}
    return found


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
            name: {"What": what_of(options.nodes[name], job.outcomes), "Modality": options.nodes[name].modality,
                   "Participants": int(np.isfinite(node.values).sum()), "Rank": node.rank,
                   "ShareOfComponent": node.share}
            for name, node in data.nodes.items()
        },
        paths=found.paths, independences=found.independences, chains=found.chains,
        untested=found.untested,
        c=found.c[0] if found.c else None, c_df=found.c[1] if found.c else 0, c_p=found.c[2] if found.c else None,
        equivalent=diagram.equivalent, alpha=inference.alpha, permutations=inference.n_permutations,
        draws=options.draws, random_seed=inference.random_seed, participants=len(data.arm),
        plan=_plan(job),
        instrument=pathway.as_instrument(data, diagram, options.exclusion) if whole else None,
    )  # fmt: skip


def _plan(job: PathwayJob) -> PlanStatus | None:
    """Return what is said of the plan: exploratory whatever was locked, with what differs in this diagram."""
    found = plan_status(job.sealed, declared=False)
    if found is None:
        return None
    nodes = job.pathway.nodes.values()
    outcomes = {f"outcomes.{node.outcome}" for node in nodes if node.outcome}
    measures = {f"measures.{node.measure}" for node in nodes if node.measure}
    rests_on = (f"pathways.{job.name}", *OF_OUTCOMES, *outcomes, *measures, *(["modalities"] if measures else []))
    return replace(
        found, deviations=tuple(one for one in found.deviations if any(map(one.concerns, rests_on)))
    )  # fmt: skip
