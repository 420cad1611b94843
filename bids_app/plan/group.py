"""The jobs of the group level: one for each task, from the maps that the participant level left on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bids_app import plugs
from bids_app.dataset.fmriprep import Selection
from bids_app.dataset.layout import functional_files, participants_in
from bids_app.dataset.participants import participants_file, read_participants
from bids_app.dataset.phenotype import add_phenotype
from bids_app.dataset.seeds import parse_seeds
from bids_app.dataset.tables import read_tsv
from bids_app.errors import MissingInputError, NothingSelectedError
from bids_app.plan.inputs import Plan, generated_by, read_dataset, selection_of
from bids_app.settings import Execution, Settings
from bids_app.vocabulary.entities import join, parse, without
from bids_app.vocabulary.job import GroupJob, SessionMaps
from bids_app.vocabulary.output import Output

Key = tuple[str, str]


@dataclass(frozen=True)
class _People:
    """The table of participants, and its rows by label."""

    table: Path
    rows: dict[str, dict[str, str]]


@dataclass
class _Found:
    """What is on disk for one set of shared entities and one measure."""

    maps: dict[Key, dict[str, Path]] = field(default_factory=dict)
    masks: dict[Key, Path] = field(default_factory=dict)
    tables: list[Path] = field(default_factory=list)
    reasons: dict[Key, str] = field(default_factory=dict)


def plan_group(execution: Execution, settings: Settings) -> Plan:
    """Return one job per task, space and measure.

    Raises
    ------
    DeqiError
        If there are no maps, no table of participants, or the design cannot be built from it.
    """
    roots = read_dataset(execution, needed=False)
    table = participants_file(execution.bids_dir, *roots.values())
    rows = add_phenotype(read_participants(table), execution.bids_dir)
    output_dir, selection = execution.output_dir, selection_of(execution, settings)
    wanted = {label.removeprefix("sub-") for label in execution.participants}
    if absent := sorted(wanted - set(rows)):
        raise NothingSelectedError(f"--participant-label {' '.join(absent)}: not in {table}.")
    rows = {label: row for label, row in rows.items() if not wanted or label in wanted}
    labels = [p for p in participants_in(output_dir) if not wanted or p in wanted]
    jobs = [
        _job(execution, settings, name, dict(shared), found, _People(table, rows))
        for name, options in settings.measures.items()
        for shared, found in _scan(output_dir, labels, name, options, selection).items()
    ]
    if not jobs:
        raise MissingInputError(
            f"{output_dir} has no maps of the participant level. Run it first: "
            f"deqi {execution.bids_dir} {output_dir} participant"
        )
    for job in jobs:
        _try_design(job)
    sources = {**roots, **({} if execution.bids_dir in roots.values() else {"raw": execution.bids_dir})}
    return Plan(tuple(jobs), sources, generated_by=tuple(generated_by(roots.values())))


def _job(
    execution: Execution, settings: Settings, measure: str, shared: dict[str, str], found: _Found, people: _People
) -> GroupJob:  # fmt: skip
    output: Output = plugs.load("measures", measure).GROUP
    sessions = {
        key: SessionMaps(found.masks[key], maps) for key, maps in sorted(found.maps.items()) if key in found.masks
    }
    files = [path for session in sessions.values() for path in (session.mask, *session.maps.values())]
    return GroupJob(
        label="group_" + join(shared, "x", "").removesuffix("_x"),
        output_dir=execution.output_dir,
        modality={},
        measures={measure: settings.measures[measure]},
        inputs=(people.table, *files, *found.tables),
        entities=shared,
        by=output.entity,
        sessions=sessions,
        reasons={**found.reasons, **_failures(execution.output_dir, found)},
        participants=people.rows,
        design=settings.designs,
        inference=settings.inference,
        threads=execution.nprocs,
    )


def _try_design(job: GroupJob) -> None:
    """Build the design once, so that its faults end the call before any work."""
    available: dict[str, set[str]] = {}
    for participant, session in job.sessions:
        available.setdefault(participant, set()).add(session)
    for name, options in job.design.items():
        plugs.load("designs", name).design(job.participants, available, job.reasons, options)


def _scan(
    output_dir: Path, labels: list[str], measure: str, options: Any, selection: Selection
) -> Mapping[tuple[tuple[str, str], ...], _Found]:
    """Collect session maps, masks and quality tables by the entities that sessions share.

    Maps of every seed on disk are taken, unless the settings name other seeds than the default ones.
    """
    plug = plugs.load("measures", measure)
    output: Output = plug.GROUP
    words, radius = plug.wanted_regions(options)
    chosen = plug.wanted_regions(type(options)()) != (words, radius)
    members = {seed.name for seed in parse_seeds(words, radius)}
    groups: dict[tuple[tuple[str, str], ...], _Found] = {}
    for path, entities, suffix in _files(output_dir, labels):
        if not selection.takes(entities):
            continue
        key = entities["sub"], entities.get("ses", "")
        shared = tuple(without(entities, "sub", "ses", output.entity, "desc", "stat", "meas").items())
        found = groups.setdefault(shared, _Found())
        if suffix == output.suffix and output.entities.items() <= entities.items() and output.entity in entities:
            if entities[output.entity] in members or not chosen:
                found.maps.setdefault(key, {})[entities[output.entity]] = path
        elif suffix == "mask":
            found.masks[key] = path
        elif suffix == "qc":
            found.tables.append(path)
            if reason := _left_out(path):
                found.reasons[key] = reason
    return {shared: found for shared, found in groups.items() if found.maps}


def _files(output_dir: Path, labels: list[str]) -> Iterator[tuple[Path, dict[str, str], str]]:
    """Yield files of whole sessions (not of single runs) in some space."""
    endings = {"statmap": ".nii.gz", "mask": ".nii.gz", "qc": ".tsv"}
    for label in labels:
        for path in functional_files(output_dir, label):
            entities, suffix, extension = parse(path.name)
            if endings.get(suffix) == extension and "space" in entities and "run" not in entities:
                yield path, entities, suffix


def _left_out(table: Path) -> str:
    """Return why a session was left out, from its quality table, or nothing."""
    reasons = read_tsv(table).get("reason", [])
    return next((reason for reason in reasons if reason != "n/a"), "")


def _failures(output_dir: Path, found: _Found) -> dict[Key, str]:
    """Return why jobs of the participant level failed, from their records."""
    failed: dict[Key, str] = {}
    for path in sorted((output_dir / "logs" / "failed").glob("sub-*.json")):
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        entities, _, _ = parse(path.name)
        key = entities["sub"], entities.get("ses", "")
        if key not in found.maps:
            failed[key] = f"participant level failed: {content.get('Message', '')}"
    return failed
