"""Runs cut into the segments that are the stages of a design: by rule here, in volumes once a run is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bids_app import plugs
from bids_app.errors import UsageError
from bids_app.settings import Settings
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.selection import Selection


def require_whole_runs(settings: Settings) -> None:
    """Refuse what cannot be done with segments of runs.

    Raises
    ------
    UsageError
        If a modality has no volumes to cut, or a measure takes a simultaneous recording.
    """
    if not settings.segments:
        return
    if others := sorted(name for name in settings.modalities if plugs.modality(name).gives != "signals"):
        raise UsageError(
            f'dataset.stage = "segment" cuts series of volumes; {", ".join(others)} is not cut. Analyse it in a call '
            "of its own, without segments."
        )
    if joined := sorted(name for name in settings.measures if plugs.measure(name).companion):
        raise UsageError(f"{', '.join(joined)} needs whole runs with their simultaneous recordings, not segments.")


def cut_runs(runs: Sequence[Recording], settings: Settings, selection: Selection) -> list[Recording]:
    """Return the segments of runs that are wanted, or the runs where they are not cut."""
    if not settings.segments:
        return list(runs)
    return [
        replace(run, entities=entities, segment=(name, settings.segments[name]))
        for run in runs
        for entities in selection.parts_of(run.entities)
        for name in (entities["segment"],)
    ]
