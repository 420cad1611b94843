"""EEG that was cleaned elsewhere: referenced and cut into clean segments.

What reads and computes (`_eeg_cleaning`) is imported by the verbs that need it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from bids_app.dataset import eeg_recordings
from bids_app.modalities import _eeg_words
from bids_app.vocabulary.found import Found, Search
from bids_app.vocabulary.options.eeg import KINDS, Options
from bids_app.vocabulary.quality import Alternative, Quality
from bids_app.vocabulary.recording import Recording

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bids_app.derivatives.participant import SessionWriter
    from bids_app.vocabulary.domain import Sensors
    from bids_app.vocabulary.epochs import Epochs, PreparedEpochs
    from bids_app.vocabulary.run_state import RunState

GIVES, DATATYPE, SUFFIX = "epochs", "eeg", "eeg"
SOURCE, ROOTS = "EEG", ("", "mne-bids-pipeline*", "mnebids*", "eeg*")

find = eeg_recordings.find
ADVICE, QUALITY = _eeg_words.ADVICE, _eeg_words.QUALITY
mark, absent = _eeg_words.mark, _eeg_words.absent
methods_of, reporting_items = _eeg_words.methods_of, _eeg_words.reporting_items

ALTERNATIVES = (Alternative({"min_seconds": 30.0}, "; spectra of so little are noisier"),)


def recordings(found: Found, search: Search, options: Options) -> list[Recording]:
    """Return recordings with what their sidecars say, and their events.

    Raises
    ------
    MissingInputError
        If all of them are raw, and such are not to be taken.
    """
    return eeg_recordings.recordings_of(found, search, take_raw=options.raw == "minimal")


def prepare(recording: Recording, options: Options) -> PreparedEpochs:
    """Look at the tables beside a recording.

    Raises
    ------
    UsageError, MissingInputError, WrongDataError
        If MNE is not installed, or the recording is raw and must not be taken.
    """
    from bids_app.modalities import _eeg_cleaning

    return _eeg_cleaning.prepare(recording, options)


def load(
    recording: Recording, prepared: PreparedEpochs, options: Options, kinds: Collection[str] = KINDS  # noqa: ARG001
) -> Epochs:  # fmt: skip
    """Read a recording and return its clean segments.

    Raises
    ------
    MissingInputError, WrongDataError
        If the file cannot be read or used.
    """
    from bids_app.modalities import _eeg_cleaning

    return _eeg_cleaning.load(recording, prepared, options)


def describe(prepared: PreparedEpochs, options: Options, kind: str = KINDS[0]) -> dict[str, object]:
    """Return what was done to a recording, as sidecars carry it."""
    return {
        "Cleaning": kind,
        "RecordingForm": prepared.form,
        "Reference": "average of the good channels" if options.reference == "average" else "that of the file",
        "SegmentSeconds": options.segment_seconds,
        "SegmentOverlap": options.overlap,
        "RejectedAbove": options.reject_uv,
    }


def too_little(runs: Sequence[RunState], options: Options) -> str:
    """Return why a session cannot be used, or nothing; what is clean is known once recordings are read."""
    loaded = [_loaded(run) for run in runs]
    seconds = sum(epochs.seconds for epochs in loaded if epochs)
    if not any(loaded) or seconds >= options.min_seconds:
        return ""
    return f"{seconds:.0f} s of clean segments (at least {options.min_seconds:g} needed)"


def _loaded(run: RunState) -> Epochs | None:
    from bids_app.vocabulary.epochs import Epochs

    return run.loaded if isinstance(run.loaded, Epochs) else None


def summary(runs: Sequence[RunState], options: Options) -> str:  # noqa: ARG001  (a verb of every modality)
    """Return what a session has, by names and tables alone."""
    return f"{len(runs)} {'recording' if len(runs) == 1 else 'recordings'}"


def write_session(writer: SessionWriter, runs: Sequence[RunState], domain: Sensors) -> None:
    """Write the channels of a session."""
    from bids_app.derivatives import eeg_session

    eeg_session.write_channels(writer, [run.recording for run in runs], [e for r in runs if (e := _loaded(r))], domain)


def quality_row(run: RunState) -> dict[str, object]:
    """Return the quality of one recording, whether it was read or left out."""
    from bids_app.derivatives import eeg_session

    form = getattr(run.prepared, "form", None)
    return {"form": form, **(eeg_session.quality_of(epochs) if (epochs := _loaded(run)) else {})}


def by_arm(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what pages show of the quality of a session."""
    from bids_app.derivatives import eeg_session

    return eeg_session.by_arm(runs)


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session over its recordings."""
    from bids_app.derivatives import eeg_session

    return eeg_session.limits(runs)
