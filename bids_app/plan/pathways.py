"""The jobs that hold declared diagrams against data: one for each table `[pathways.<name>]`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from bids_app.errors import UsageError
from bids_app.plan.participants_table import People
from bids_app.plan.trial import later_columns, outcomes_of
from bids_app.settings import Settings
from bids_app.statistics.pathways.diagram import Diagram
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.job import NO_MODALITY, GroupJob, MapKey, PathwayJob, SessionMaps
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.options.pathway import PathwayOptions
from bids_app.vocabulary.preregistration import Preregistration


def plan_pathways(
    execution: Execution, settings: Settings, people: People, jobs: Sequence[GroupJob], sealed: Preregistration | None
) -> Iterator[PathwayJob]:
    """Yield a job for each declared diagram.

    Nodes that are measures are looked for in the group job that has them.

    Raises
    ------
    UsageError
        If a diagram has no paths, or a measure of its nodes is not compared.
    """
    check_diagrams(settings, people)
    for name, options in settings.pathways.items():
        wanted = {node.measure for node in options.nodes.values() if node.measure}
        having = [job for job in jobs if wanted & {key.measure for key in _keys(job)}]
        if wanted and not having:
            raise UsageError(
                f"[pathways.{name}] has nodes of {', '.join(sorted(wanted))}, which this call does not compare. Ask "
                "for them with --measures."
            )
        sessions = _sessions(having, wanted)
        files = sorted({path for maps in sessions.values() for path in maps.maps.values()})
        yield PathwayJob(
            label=f"group_pathway_{as_label(name)}", output_dir=execution.output_dir, modality=NO_MODALITY,
            measures={}, inputs=(people.table, *files), participants=people.chosen, design=settings.design,
            outcomes=outcomes_of(settings, people), coded=tuple(sorted(people.coded)), sealed=sealed,
            inference=settings.inference, name=name, pathway=options, sessions=sessions,
            entities=having[0].entities if having else {},
        )  # fmt: skip


def check_diagrams(settings: Settings, people: People) -> None:
    """Refuse what no data can correct, so that it is not locked either.

    Raises
    ------
    UsageError
        If a diagram is none, two have one name in file names, or a covariate arose after randomisation.
    """
    labels = [as_label(name) for name in settings.pathways]
    later = {*later_columns(settings, people.rows), *settings.trial.later}
    for name, options in settings.pathways.items():
        if not options.paths or not options.nodes:
            raise UsageError(
                f'[pathways.{name}] needs nodes and paths, e.g. [pathways.{name}.paths] relief = ["alpha"].'
            )
        if labels.count(as_label(name)) > 1:
            raise UsageError(f"[pathways.{name}]: another has the same name but for signs; rename one of them.")
        diagram_of(name, options)
        if wrong := sorted(later & {*options.covariates}):
            raise UsageError(
                f"pathways.{name}.covariates: {', '.join(wrong)} arises after randomisation. Take it out, or make it a "
                "node."
            )
        if options.exclusion and options.within == "each arm":
            raise UsageError(f'pathways.{name}: exclusion compares arms; it needs within = "arm".')


def diagram_of(name: str, options: PathwayOptions) -> Diagram:
    """Return a diagram as it is declared.

    Raises
    ------
    UsageError
        If it is none, or a node has the name of another column of the table of nodes.
    """
    try:
        found = Diagram.of(tuple(options.nodes), options.paths)
    except ValueError as error:
        raise UsageError(f"pathways.{name}: {error}.") from error
    taken = {"participant_id", "arm", *(f"{node}_before" for node in options.nodes)}
    if wrong := [node for node in options.nodes if node in taken]:
        raise UsageError(
            f"pathways.{name}: {', '.join(wrong)} is the name of a column of the table of nodes. Give the node another."
        )
    return found


def of_columns_alone(settings: Settings) -> bool:
    """Tell whether there are declared diagrams and none has a node of a measure, so that no recording is needed."""
    nodes = [node for one in settings.pathways.values() for node in one.nodes.values()]
    return bool(nodes) and not any(node.measure for node in nodes)


def _keys(job: GroupJob) -> set[MapKey]:
    return {key for maps in job.sessions.values() for key in maps.maps}


def _sessions(jobs: Sequence[GroupJob], wanted: Collection[str]) -> dict[tuple[str, str], SessionMaps]:
    """Return the maps of some measures by participant and session, of all jobs that have them."""
    found: dict[tuple[str, str], dict[MapKey, Path]] = {}
    for job in jobs:
        for who, maps in job.sessions.items():
            own = {key: path for key, path in maps.maps.items() if key.measure in wanted}
            if twice := sorted(key.label or key.measure for key in own.keys() & found.get(who, {}).keys()):
                raise UsageError(
                    f"{twice[0]} of sub-{who[0]} ses-{who[1]} is there of several tasks or spaces; nodes of declared "
                    "paths need one. Name it with --task-id or --space."
                )
            found[who] = {**found.get(who, {}), **own}
    return {who: SessionMaps(None, maps) for who, maps in found.items() if maps}
