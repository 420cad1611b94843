"""Recordings of EEG: channels sorted, referenced, bad ones interpolated, and cut into clean segments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from bids_app.dataset.eeg_recordings import DERIVATIVE, RAW, form_of, positions_of, scanned_with, without_cleaning
from bids_app.dataset.events import events_of
from bids_app.dataset.mne_files import require_mne
from bids_app.dataset.mne_files.electrodes import ElectrodeFile, read_electrodes
from bids_app.dataset.montages import nominal_positions
from bids_app.dataset.tables import read_tsv
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.signals.scalp import interpolation
from bids_app.signals.segments import covered, peak_to_peak, untouched, windows
from bids_app.vocabulary.domain import Sensors
from bids_app.vocabulary.epochs import Epochs, PreparedEpochs
from bids_app.vocabulary.grid import Mask, Points
from bids_app.vocabulary.options.eeg import Options
from bids_app.vocabulary.recording import Recording

FEWEST = 16
"""Channels of an average reference."""

SMALLEST, LARGEST = 0.1, 1000.0
"""µV: standard deviation of the median channel; beyond them the unit is another one."""

_DESCRIBED = (
    "Manufacturer", "ManufacturersModelName", "CapManufacturer", "CapManufacturersModelName", "EEGPlacementScheme",
    "EEGChannelCount", "EOGChannelCount", "ECGChannelCount", "EMGChannelCount", "EEGGround", "EEGReference",
    "HardwareFilters", "SoftwareFilters", "PowerLineFrequency", "Instructions", "TaskDescription", "RecordingDuration",
)  # fmt: skip
"""Keys of the sidecar of a recording that a paper reports."""

_CURRENT = re.compile(r"electro[ _-]?acupuncture|electro[ _-]?stim", re.IGNORECASE)
_HIGH_PASS = 1.0
_OTHER = re.compile(r"(v|h)?(eog|eo[lrgud]?\d|ecg|ekg|emg)|heo|veo|resp|gsr|stim|status|trig", re.IGNORECASE)


def prepare(recording: Recording, options: Options) -> PreparedEpochs:
    """Look at the tables beside a recording.

    Raises
    ------
    UsageError
        If MNE, which reads the file, is not installed.
    MissingInputError
        If there is only a raw recording, and that was not asked for.
    WrongDataError
        If it was recorded in the scanner.
    """
    require_mne("EEG", "eeg")
    if recording.problem:
        raise WrongDataError(recording.problem)
    form = RAW if recording.dataset == RAW else form_of(recording.series.name, derivative=True) or DERIVATIVE
    if form == RAW:
        _require_raw_allowed(recording, options)
    table = read_tsv(recording.companions["channels"]) if "channels" in recording.companions else {}
    names = table.get("name", [])
    kinds = dict(zip(names, (word.lower() for word in table.get("type", [])), strict=False))
    status = dict(zip(names, (word.lower() for word in table.get("status", [])), strict=False))
    _require_no_current(recording, options)
    return PreparedEpochs(form=form, kinds=kinds, status=status, positions=positions_of(recording))


def _require_no_current(recording: Recording, options: Options) -> None:
    """Refuse EEG while current ran through the needles, unless someone says that its artefacts were removed."""
    told = [str(recording.metadata.get(key, "")) for key in ("TaskName", "TaskDescription")]
    told += [recording.entities.get("task", ""), *events_of(recording).get("trial_type", ())]
    if not options.artefacts_removed and any(map(_CURRENT.search, told)):
        raise WrongDataError(
            f"{recording.series.name} was recorded during electroacupuncture: the current and its harmonics are in it. "
            "If they were removed, say so: --set modalities.eeg.artefacts_removed=true"
        )


def _require_raw_allowed(recording: Recording, options: Options) -> None:
    if bold := scanned_with(recording):
        raise WrongDataError(
            f"{recording.series.name} was recorded with {bold.name}: gradient and pulse artefacts are in it. Clean it "
            "first (FMRIB plug-in of EEGLAB, BrainVision Analyzer) and pass the derivative with -d."
        )
    if options.raw == "refuse":
        raise MissingInputError(without_cleaning(recording.series.name))


def load(recording: Recording, prepared: PreparedEpochs, options: Options) -> Epochs:
    """Read a recording and return its clean segments.

    Raises
    ------
    MissingInputError, WrongDataError
        If the file cannot be read, or has too few good channels, or none of its values can be µV.
    """
    held = _digitised(_of_brain(read_electrodes(recording.series), prepared), prepared)
    if prepared.form == RAW:
        held = replace(held, data=_high_passed(held))
    good = _good(held, prepared, recording, options)
    _require_microvolts(held.data[good], recording)
    if options.reference == "average":
        held = replace(held, data=held.data - held.data[good].mean(axis=0))
    held, good, interpolated, notes = _completed(held, good, options)
    length = round(options.segment_seconds * held.rate)
    step = max(round(length * (1 - options.overlap)), 1)
    starts = windows(held.data.shape[1], length, step, held.cuts)
    _require_whole(starts, length, held, recording)
    kept = untouched(starts, length, held.bad)
    if options.reject_uv:
        kept &= peak_to_peak(held.data[good], starts, length) <= options.reject_uv
    clean = starts[kept]
    return Epochs(
        data=held.data,
        rate=held.rate,
        domain=Sensors(names=held.names, positions=_common_positions(held, options)),
        starts=clean,
        length=length,
        bad=held.bad,
        places=held.places,
        cuts=held.cuts,
        seconds=covered(held.places[clean], length, int(held.places.max()) + length + 1) / held.rate,
        segments=len(starts),
        interpolated=interpolated,
        events=events_of(recording),
        continuous=not held.epochs,
        notes=notes,
        about=_about(recording, held, options, interpolated),
    )


def _of_brain(held: ElectrodeFile, prepared: PreparedEpochs) -> ElectrodeFile:
    """Return the channels of EEG: by the table beside the file, else by what the file says and their names."""

    def is_eeg(name: str, kind: str) -> bool:
        told = prepared.kinds.get(name)
        return told == "eeg" if told else kind == "eeg" and not _OTHER.match(name)

    chosen = [i for i, (name, kind) in enumerate(zip(held.names, held.kinds, strict=True)) if is_eeg(name, kind)]
    return _channels(held, np.array(chosen, dtype=np.intp))


def _digitised(held: ElectrodeFile, prepared: PreparedEpochs) -> ElectrodeFile:
    """Return a recording with the positions of electrodes.tsv where the file itself has none."""
    told = np.array([prepared.positions.get(name, (np.nan,) * 3) for name in held.names]).reshape(-1, 3)
    return replace(held, positions=np.where(np.isnan(held.positions), told, held.positions))


def _channels(held: ElectrodeFile, chosen: NDArray[np.intp]) -> ElectrodeFile:
    return replace(
        held, data=held.data[chosen], names=tuple(held.names[i] for i in chosen),
        kinds=tuple(held.kinds[i] for i in chosen), positions=held.positions[chosen],
    )  # fmt: skip


def _high_passed(held: ElectrodeFile) -> NDArray[np.float64]:
    """Return the parts of a raw recording without what is slower than 1 Hz; no phase is shifted."""
    filters = butter(4, _HIGH_PASS, "highpass", fs=held.rate, output="sos")
    edges = [0, *held.cuts, held.data.shape[1]]
    parts = [held.data[:, first:last] for first, last in pairwise(edges)]
    return np.concatenate([sosfiltfilt(filters, part, axis=1) for part in parts if part.shape[1]], axis=1)


def _good(held: ElectrodeFile, prepared: PreparedEpochs, recording: Recording, options: Options) -> Mask:
    """Return (channels,) True where a channel is neither called bad nor flat.

    Raises
    ------
    WrongDataError
        If too many are bad, or too few are left for an average reference.
    """
    called = {*held.bads, *(name for name, word in prepared.status.items() if word == "bad")}
    good = np.array([name not in called for name in held.names], dtype=bool)
    good &= np.ptp(held.data, axis=1) > 0
    if len(good) and (~good).mean() > options.max_interpolated:
        raise WrongDataError(
            f"{recording.series.name}: {int((~good).sum())} of {len(good)} channels are bad (at most "
            f"{100 * options.max_interpolated:g} %): the average reference would be theirs."
        )
    if options.reference == "average" and good.sum() < FEWEST:
        raise WrongDataError(
            f"{recording.series.name} has {int(good.sum())} good channels of EEG; an average reference needs {FEWEST}. "
            "Keep the reference of the file: modalities.eeg.reference=keep"
        )
    return good


def _require_microvolts(data: NDArray[np.float64], recording: Recording) -> None:
    spread = float(np.median(data.std(axis=1))) if data.size else float("nan")
    if not SMALLEST <= spread <= LARGEST:
        raise WrongDataError(
            f"{recording.series.name}: its median channel varies by {spread:.3g} µV (standard deviation); expected "
            f"{SMALLEST:g} to {LARGEST:g}. The file or its header has another unit than it says."
        )


def _completed(
    held: ElectrodeFile, good: Mask, options: Options
) -> tuple[ElectrodeFile, Mask, tuple[str, ...], tuple[str, ...]]:
    """Return the recording with its bad channels interpolated, which are good, which were bad, and notes.

    Where positions are not known, bad channels are absent.
    """
    positions = held.positions
    if np.isnan(positions).any():
        positions = nominal_positions(held.names, options.montage)
    bad = tuple(name for name, well in zip(held.names, good, strict=True) if not well)
    if not bad:
        return replace(held, positions=positions), good, (), ()
    if np.isnan(positions).any():
        note = f"{', '.join(bad)} are bad and absent: without positions of all channels they cannot be interpolated"
        kept = replace(_channels(held, np.flatnonzero(good)), positions=positions[good])
        return kept, np.ones(len(kept.names), dtype=bool), (), (note,)
    return replace(held, data=_filled(held.data, good, positions), positions=positions), good, bad, ()


def _common_positions(held: ElectrodeFile, options: Options) -> Points:
    """Return positions by the names of channels where all are known: those that are the same for all participants."""
    nominal = nominal_positions(held.names, options.montage)
    return held.positions if np.isnan(nominal).any() else nominal


def _filled(data: NDArray[np.float64], good: Mask, positions: Points) -> NDArray[np.float64]:
    whole = data.copy()
    whole[~good] = interpolation(positions, good) @ data[good]
    return whole


def _require_whole(starts: NDArray[np.intp], length: int, held: ElectrodeFile, recording: Recording) -> None:
    """Say so if every part of a recording is shorter than a segment."""
    if len(starts) or held.data.shape[1] < length:
        return
    longest = np.diff([0, *held.cuts, held.data.shape[1]]).max() / held.rate
    raise WrongDataError(
        f"{recording.series.name}: its epochs last {longest:g} s, segments {length / held.rate:g} s. Set "
        f"modalities.eeg.segment_seconds={_shorter(longest):g}, or make longer epochs."
    )


def _shorter(seconds: float) -> float:
    """Return the longest usual length of a segment that fits."""
    return next((usual for usual in (2.0, 1.0, 0.5) if usual <= seconds), seconds)


def _about(
    recording: Recording, held: ElectrodeFile, options: Options, bad: Sequence[str]
) -> dict[str, object]:  # fmt: skip
    positions = _common_positions(held, options)
    known = zip(held.names, positions.round(1).tolist(), strict=True)
    return {
        "SamplingFrequency": held.rate,
        "Channels": len(held.names),
        "ChannelsInterpolated": list(bad),
        "PositionsFrom": "file" if positions is held.positions else options.montage,
        "SensorPositions": {name: at for name, at in known if not np.isnan(at).any()},
        "RecordingSidecar": {key: value for key, value in recording.metadata.items() if key in _DESCRIBED},
    }
