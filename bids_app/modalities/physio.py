"""Physiology beside a task or at rest: heart, breath, skin and pupil from `_physio.tsv.gz`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app import __version__
from bids_app.dataset import physio_recordings
from bids_app.dataset.events import events_of
from bids_app.dataset.physio_recordings import columns_of, read_beats, read_traces, scanned_seconds
from bids_app.dataset.reporting import reporting_items as answered
from bids_app.dataset.tables import Json
from bids_app.errors import WrongDataError
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.options.physio import KINDS, Options
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.run_state import RunState
from bids_app.vocabulary.traces import PreparedTraces, Trace, Traces

GIVES, DATATYPE, SUFFIX, SOURCE = "traces", "beh", "physio", "physiology"
ADVICE = "What would help: a longer recording, or fewer seconds (modalities.physio.min_seconds)"
QUALITY = {
    "signals": "Signals of the recording that are known by the names of their columns.",
    "seconds": "Seconds of the longest of them.",
}

find = physio_recordings.find


def recordings(found: Found, search: Search, options: Options) -> list[Recording]:  # noqa: ARG001  (a verb of all)
    """Return recordings with their sidecars."""
    return physio_recordings.recordings_of(found, search)


def prepare(recording: Recording, options: Options) -> PreparedTraces:  # noqa: ARG001  (a verb of all)
    """Read which columns the files of a recording have.

    Raises
    ------
    MissingInputError, WrongDataError
        If a file has no sidecar that says it.
    """
    return PreparedTraces(columns={path.name: columns_of(recording.root, path)[0] for path in _signals(recording)})


def _signals(recording: Recording) -> list[Path]:
    """Return the files with signals; that of beats is none."""
    return [recording.series, *recording.several("recording")]


def load(
    recording: Recording, prepared: PreparedTraces, options: Options, kinds: Collection[str] = KINDS  # noqa: ARG001
) -> Traces:  # fmt: skip
    """Read the signals of a recording.

    Raises
    ------
    WrongDataError
        If no column is known by its name, or two files have one of a kind.
    """
    found: dict[str, list[Trace]] = {}
    wanted = {kind: getattr(options, kind) for kind in ("ecg", "ppg", "respiration", "eda", "pupil", "sensor")}
    seconds = None if options.whole else scanned_seconds(recording)
    for path in _signals(recording):
        for column, trace in read_traces(recording.root, path).items():
            for kind, names in wanted.items():
                if column in names:
                    own = trace if seconds is None else trace.within(0.0, seconds)
                    found.setdefault(kind, []).append(own)
    if not found:
        named = sorted({column for columns in prepared.columns.values() for column in columns})
        raise WrongDataError(
            f"{recording.series.name}: no column is known as heart, breath, skin, pupil or sensor; there are "
            f"{', '.join(named)}. Name them: --set 'modalities.physio.ppg=[\"{named[0] if named else 'pulse'}\"]'"
        )
    traces = {kind: _one(kind, own, recording) for kind, own in found.items()}
    if not all(len(trace.values) for trace in traces.values()):
        raise WrongDataError(
            f"{recording.series.name} has nothing between 0 and {seconds:g} s, when its scan was made. Correct "
            "StartTime, or take all of it: --set modalities.physio.whole=true"
        )
    beats = recording.companions.get("beats")
    known = read_beats(recording.root, beats) if beats else None
    if known is not None and seconds is not None:
        known = known[(known >= 0) & (known < seconds)]
    return Traces(traces=traces, events=events_of(recording), beats=known)


def _one(kind: str, own: Sequence[Trace], recording: Recording) -> Trace:
    """Return the signal of a kind; of two eyes their mean, wherever either is seen."""
    if len(own) == 1:
        return own[0]
    if kind != "pupil" or len({(len(one.values), one.rate) for one in own}) > 1:
        raise WrongDataError(
            f"{recording.series.name}: {len(own)} columns are {kind}. Choose one: --set "
            f"'modalities.physio.{kind}=[\"...\"]'"
        )
    both = np.stack([np.where(one.values > 0, one.values, np.nan) for one in own])
    with np.errstate(invalid="ignore"):
        counts = np.isfinite(both).sum(axis=0)
        mean = np.where(counts > 0, np.nansum(both, axis=0) / np.maximum(counts, 1), np.nan)
    return own[0]._replace(values=mean)


def describe(prepared: PreparedTraces, options: Options, kind: str = KINDS[0]) -> dict[str, object]:  # noqa: ARG001
    """Return what was read, as sidecars carry it."""
    return {"Cleaning": kind, "Files": {name: list(columns) for name, columns in prepared.columns.items()}}


def _loaded(run: RunState) -> Traces | None:
    return run.loaded if isinstance(run.loaded, Traces) else None


def _seconds(traces: Traces) -> float:
    return max(trace.seconds for trace in traces.traces.values())


def too_little(runs: Sequence[RunState], options: Options) -> str:
    """Return why a session is too short, or nothing; known once it is read."""
    loaded = [traces for run in runs if (traces := _loaded(run))]
    seconds = sum(map(_seconds, loaded))
    if not loaded or seconds >= options.min_seconds:
        return ""
    return f"{seconds:.0f} s of physiology (at least {options.min_seconds:g} needed)"


def summary(runs: Sequence[RunState], options: Options) -> str:  # noqa: ARG001  (a verb of every modality)
    """Return what a session has, by its sidecars."""
    columns = {column for run in runs for own in getattr(run.prepared, "columns", {}).values() for column in own}
    return ", ".join(sorted(columns))


def quality_row(run: RunState) -> dict[str, object]:
    """Return the quality of one recording."""
    traces = _loaded(run)
    return {"signals": " ".join(sorted(traces.traces)), "seconds": _seconds(traces)} if traces else {}


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session over its recordings."""
    return {"min_seconds": Quality("seconds of physiology", float(np.nansum(runs["seconds"])), " s")}


def absent(bids_dir: Path) -> str:
    """Return what to say where there is nothing to read."""
    return f"No physiology (*_physio.tsv.gz) in {bids_dir}."


def methods_of(o: Json) -> str:
    """Return what was done to the recordings, in words."""
    return (
        f"Physiology was read from BIDS recordings with deqi {__version__}, a BIDS App [@Gorgolewski2017]. Sessions "
        f"with less than {o['min_seconds']:g} s were excluded."
    )


def reporting_items(options: Json, about: Json) -> dict[str, dict[str, str]]:  # noqa: ARG001  (a verb of all)
    """Return the answers of the checklist on recording."""
    left = about.get("IntervalsLeftOut")
    facts = {
        "files": about.get("Files", {}),
        "seconds": f"{about['Seconds']:.0f} s" if "Seconds" in about else "",
        "beats": "where the filtered signal is steepest" if left is not None else "",
        "normal": "excluded, not interpolated: beyond 10 % and 4 quartile deviations" if left is not None else "",
        "left_out": "how many: IntervalsLeftOut in sub-*/**/*_desc-hrv_beh.json" if left is not None else "",
        "values": "see the sidecars of sub-*/**/*_desc-hrv_beh.tsv" if left is not None else "",
        "breathing": "sub-*/**/*_desc-breathing_beh.tsv" if "BreathsPerMinute" in about else "",
    }
    return answered("hrv-2024", facts)
