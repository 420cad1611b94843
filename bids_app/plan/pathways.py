"""The jobs that hold declared diagrams against data: one for each table `[pathways.<name>]`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from bids_app.errors import UsageError
from bids_app.plan.participants_table import People
from bids_app.plan.trial import outcomes_of
from bids_app.settings import Settings
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.job import NO_MODALITY, GroupJob, PathwayJob, TrialJob
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.preregistration import Preregistration


def plan_pathways(
    execution: Execution, settings: Settings, people: People, jobs: Sequence[GroupJob], sealed: Preregistration | None
) -> Iterator[PathwayJob]:
    """Yield a job for each declared diagram.

    Nodes that are measures are looked for in the group job that has them.

    Raises
    ------
    UsageError
        If a diagram has no paths, or measures of its nodes lie in different analyses.
    """
    for name, options in settings.pathways.items():
        if not options.paths or not options.nodes:
            raise UsageError(
                f'[pathways.{name}] needs nodes and paths, e.g. [pathways.{name}.paths] relief = ["alpha"].'
            )
        wanted = {node.measure for node in options.nodes.values() if node.measure}
        having = [job for job in jobs if wanted & _measures(job)] if wanted else []
        if wanted and not having:
            raise UsageError(
                f"[pathways.{name}] has nodes of {', '.join(sorted(wanted))}, which this call does not compare. Ask "
                "for them with --measures."
            )
        sessions = {key: maps for job in having for key, maps in job.sessions.items() if set(maps.maps)}
        for job in having[1:]:
            for key, maps in job.sessions.items():
                both = {**having[0].sessions[key].maps, **maps.maps} if key in having[0].sessions else maps.maps
                sessions[key] = type(maps)(maps.mask, both, maps.refused)
        files = [path for maps in sessions.values() for path in maps.maps.values()]
        own = {f.name for f in fields(TrialJob)}
        base = {
            "label": f"group_pathway_{as_label(name)}", "output_dir": execution.output_dir, "modality": NO_MODALITY,
            "measures": {}, "inputs": (people.table, *sorted(set(files))), "participants": people.chosen,
            "design": settings.design, "outcomes": outcomes_of(settings, people), "coded": tuple(sorted(people.coded)),
            "sealed": sealed, "inference": settings.inference,
        }  # fmt: skip
        assert set(base) <= own
        yield PathwayJob(
            **base, name=name, pathway=options, sessions=sessions,  # type: ignore[arg-type]
            entities=having[0].entities if having else {},
        )  # fmt: skip


def _measures(job: GroupJob) -> set[str]:
    return {key.measure for maps in job.sessions.values() for key in maps.maps}
