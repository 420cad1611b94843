"""The simultaneous recording of another modality beside a run, for the measures that need both."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app import plugs
from bids_app.errors import DeqiError, NotMeasurableError
from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.job import ParticipantJob
from bids_app.vocabulary.run_state import LoadedRun, RunState
from bids_app.vocabulary.signals import Signals
from bids_app.vocabulary.simultaneous import Simultaneous


def with_companion(one: RunState, given: LoadedRun, name: str, job: ParticipantJob) -> Simultaneous:
    """Return a run with what another modality recorded of it.

    Raises
    ------
    NotMeasurableError
        If that recording cannot be read or used: it costs the measure, not the run.
    """
    modality, options, recording = plugs.modality(name), job.companions[name], one.recording.simultaneous[name]
    try:
        companion = modality.load(recording, modality.prepare(recording, options), options, modality.kinds[:1])
    except DeqiError as error:
        raise NotMeasurableError(str(error)) from error
    assert isinstance(given, Signals)
    assert isinstance(companion, Epochs)
    return Simultaneous(signals=given, companion=companion)


def companion_sources(name: str, runs: Sequence[RunState]) -> dict[str, object]:
    """Return what sidecars say of the simultaneous recordings of runs; nothing of a measure that needs none."""
    if not name:
        return {}
    there = [run.recording.simultaneous[name] for run in runs if name in run.recording.simultaneous]
    return {"CompanionSources": [one.uri(path) for one in there for path in one.sources]}
