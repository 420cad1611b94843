"""Simultaneous recordings of other modalities: found for the measures that need them, and joined to their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bids_app import plugs
from bids_app.errors import DeqiError, UsageError
from bids_app.plan.discovery import search_in
from bids_app.plan.inputs import roots_of, selection_of
from bids_app.settings import Settings
from bids_app.vocabulary.entities import plain
from bids_app.vocabulary.note import Note
from bids_app.vocabulary.options import Options
from bids_app.vocabulary.options.execution import Execution
from bids_app.vocabulary.recording import Recording

_SAME = ("sub", "ses", "task", "acq", "run")
"""Entities that two recordings of one run share."""


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Runs with their simultaneous recordings, the options and datasets of those, and what is to be said."""

    runs: list[Recording]
    options: Mapping[str, Options] = field(default_factory=dict)
    sources: Mapping[str, Path] = field(default_factory=dict)
    notes: Sequence[Note] = ()


def with_companions(runs: list[Recording], execution: Execution, own: Settings, all_of: Settings) -> Joined:
    """Return runs with the recordings of other modalities that were made of them at once.

    Parameters
    ----------
    own, all_of : Settings
        Of the modality of the runs, and of the whole call: a companion is read by its own table, or by defaults.

    Raises
    ------
    UsageError
        If what reads them is not installed.
    """
    needed: dict[str, list[str]] = {}
    for name in own.measures:
        if companion := plugs.measure(name).companion:
            needed.setdefault(companion, []).append(name)
    found = Joined(runs=runs)
    for companion, measures in needed.items():
        options = all_of.modalities.get(companion) or plugs.modality(companion).options()
        there, sources, why = _recordings(companion, options, execution, own)
        made = [_with(run, companion, there.get(_key(run))) for run in found.runs]
        said = ", ".join(measures)
        notes = [
            Note(
                text=f"{run.series.name} has no simultaneous {plugs.modality(companion).source}{why}, so it is left "
                f"out of {said}",
                participant=run.participant,
            )
            for run in made
            if companion not in run.simultaneous
        ]
        found = Joined(
            runs=made, options={**found.options, companion: options}, sources={**found.sources, **sources},
            notes=(*found.notes, *notes),
        )  # fmt: skip
    return found


def _recordings(
    companion: str, options: Options, execution: Execution, own: Settings
) -> tuple[dict[tuple[str, ...], Recording], Mapping[str, Path], str]:
    """Return the recordings of a modality by what they share with others, their datasets, and why there is none."""
    modality = plugs.modality(companion)
    try:
        search = search_in(
            roots_of(execution, modality),
            execution,
            selection_of(execution, own.dataset, own.segments),
            with_events=True,
        )
        read = modality.read(modality.find(search), search, options)
    except UsageError:
        raise
    except DeqiError as error:
        return {}, {}, f" ({error})"
    return {_key(one): one for one in read}, search.links, ""


def _key(run: Recording) -> tuple[str, ...]:
    return tuple(plain(name, run.entities.get(name, "")) for name in _SAME)


def _with(run: Recording, name: str, companion: Recording | None) -> Recording:
    return replace(run, simultaneous={**run.simultaneous, name: companion}) if companion else run
