"""`--init-config`: an analysis.toml filled with what this dataset has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from bids_app import plugs, settings
from bids_app.dataset.participant_tables import read_people
from bids_app.dataset.participants import participants_file
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.settings_table import to_toml
from bids_app.errors import DeqiError
from bids_app.plan.discovery import search_in
from bids_app.plan.inputs import find_roots, roots_of
from bids_app.plan.participant import plan_participants
from bids_app.plan.session_gates import proposals
from bids_app.settings import Settings
from bids_app.trial.design_guess import Guess, guess_design
from bids_app.vocabulary.job import ParticipantJob
from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.selection import Selection

Table = tuple[type[Options], dict[str, object]]
Tables = dict[str, Table]


def write_configuration(path: Path, execution: Execution, chosen: Settings) -> list[str]:
    """Write a commented settings file for a dataset and return the questions that it leaves open.

    A design that the call names is kept; else it is the one that words and dates of the dataset tell.
    """
    roots = find_roots(execution, chosen.modalities)
    entities = [one for name in chosen.modalities for one in _there(execution, name)]
    tasks, sessions, spaces = (
        sorted({e[key] for e in entities if key in e}) for key in ("task", chosen.dataset.stage, "space")
    )
    sessions = sessions or list(chosen.segments)
    heading = [
        f"Settings of deqi for {execution.bids_dir.resolve().name}. A line that is left out has the value shown here.",
        f"Found: {len({e['sub'] for e in entities})} participants; tasks: {_list(tasks)}.",
        f"Found: sessions: {_list(sessions)}; spaces: {_list(spaces)}.",
    ]
    tables: Tables = settings.describe_settings(chosen)
    if len(tasks) > 1 and not chosen.dataset.tasks:
        tables["dataset"][1]["tasks"] = tuple(tasks)
    standard = [space for space in spaces if space.startswith("MNI")]
    if len(standard) > 1 and not chosen.dataset.space:
        tables["dataset"][1]["space"] = standard[0]
    found = _guessed(execution, roots, sessions, heading)
    if found and not any(name.startswith("designs.") for name in chosen.given):
        tables = dict(_with_design(tables, chosen, found))
        heading += found.notes
    questions = {f"designs.{found.design}.{name}": said for name, said in found.questions.items()} if found else {}
    heading += _gates(execution, chosen)
    write_text(path, to_toml(tables, heading, questions))
    return [f"{name.removesuffix('.')}: {said}" for name, said in questions.items()]


def _there(execution: Execution, name: str) -> list[Mapping[str, str]]:
    """Return the entities of all recordings of a modality."""
    modality = plugs.modality(name)
    everyone = replace(execution, participants=())
    return modality.there(search_in(roots_of(execution, modality), everyone, Selection()))


def _list(words: list[str]) -> str:
    return ", ".join(words) or "none"


def _guessed(execution: Execution, roots: dict[str, Path], sessions: list[str], heading: list[str]) -> Guess | None:
    try:
        people = read_people(participants_file(execution.bids_dir, *roots.values()), execution.bids_dir)
    except DeqiError as error:
        heading.append(f"Arms are not known: {error}")
        found = guess_design({}, sessions, {})
        return replace(found, questions={**found.questions, "": f"which arms are there? {error}"}, notes=())
    return guess_design(people.rows, sessions, people.described)


def _with_design(tables: Tables, chosen: Settings, found: Guess) -> Iterator[tuple[str, Table]]:
    """Yield the tables with the design that was found in place of the default."""
    options = plugs.design(found.design).options
    for name, table in tables.items():
        if name == f"designs.{chosen.design.name}":
            yield f"designs.{found.design}", (options, {**asdict(options()), **found.options})
        else:
            yield name, table


def _gates(execution: Execution, chosen: Settings) -> list[str]:
    """Return which settings keep most sessions, from real repetition times and volumes."""
    try:
        plan = plan_participants(execution, chosen)
    except DeqiError:  # the first call of the participant level says it
        return []
    best = proposals([job for job in plan.jobs if isinstance(job, ParticipantJob)])[:2]
    said = [f"With {' and '.join(one.words)}: {one.passing} of {one.tried} sessions pass the gates." for one in best]
    return [f"Some sessions will be left out with these settings. {said[0]}", *said[1:]] if said else []
