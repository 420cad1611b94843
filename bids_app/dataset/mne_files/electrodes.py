"""Files of electrodes (the extra `deqi[eeg]`)."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.mne_files import require_mne
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.vocabulary.grid import Mask, Points

if TYPE_CHECKING:
    from mne import BaseEpochs
    from mne.io import BaseRaw


@dataclass(frozen=True, eq=False, kw_only=True)
class ElectrodeFile:
    """What one file holds.

    Attributes
    ----------
    data : (channels, samples) float64
        µV of all channels with a voltage.
    kinds : tuple of str
        What the file says each channel is: eeg, eog, ecg, emg ...
    bads : tuple of str
        Channels that the file calls bad.
    rate : float
        Samples a second.
    cuts : tuple of int
        First samples of further parts: after an interruption, and of each epoch.
    places : (samples,) int
        Number of each sample in the recording: those of overlapping epochs occur twice.
    bad : (samples,) bool
        True within annotations that begin with `BAD`.
    positions : (channels, 3)
        mm; NaN where not known.
    epochs : bool
        True if it holds epochs, False if a continuous recording.
    """

    data: NDArray[np.float64]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    bads: tuple[str, ...]
    rate: float
    cuts: tuple[int, ...]
    places: NDArray[np.intp]
    bad: Mask
    positions: Points
    epochs: bool = False


_VOLTAGES = ("eeg", "eog", "ecg", "emg", "misc", "bio", "ecog", "seeg", "dbs")
_BAD, _CUT = re.compile(r"bad", re.IGNORECASE), re.compile(r"(bad |edge )?boundary", re.IGNORECASE)


def read_electrodes(path: Path) -> ElectrodeFile:
    """Read a continuous recording or epochs (.fif, .set, .edf, .bdf, .vhdr); projections of the file are applied.

    Raises
    ------
    UsageError
        If MNE is not installed.
    MissingInputError
        If the file, or the one with its samples, is absent.
    WrongDataError
        If it cannot be read.
    """
    require_mne("EEG", "eeg")
    import mne

    with warnings.catch_warnings(), mne.use_log_level("ERROR"):
        warnings.simplefilter("ignore")
        try:
            return _read(path)
        except FileNotFoundError as error:
            raise MissingInputError(
                f"{path.name} needs a file that is not there ({error}). Copy it beside the header, under the name "
                "that the header has for it."
            ) from error
        except Exception as error:
            raise WrongDataError(f"{path.name} cannot be read as EEG ({error}). Copy or export it again.") from error


def _read(path: Path) -> ElectrodeFile:
    import mne

    if path.name.endswith(("_epo.fif", "-epo.fif")):
        return _of_epochs(mne.read_epochs(path, preload=True))
    if path.suffix != ".set":
        return _of_raw(mne.io.read_raw(path, preload=True))
    try:
        return _of_raw(mne.io.read_raw_eeglab(path, preload=True))
    except TypeError:  # the number of trials is not one
        return _of_epochs(mne.read_epochs_eeglab(path))


def _of_raw(raw: BaseRaw) -> ElectrodeFile:
    raw.pick([kind for kind in _VOLTAGES if kind in raw], exclude=())
    raw.apply_proj()
    rate, samples = float(raw.info["sfreq"]), raw.n_times
    bad, cuts = np.zeros(samples, dtype=bool), []
    notes = raw.annotations
    # With a date of measurement, onsets count from it and not from the first sample that was kept.
    shift = raw.first_time if notes.orig_time is not None else 0.0
    for onset, duration, text in zip(notes.onset - shift, notes.duration, notes.description, strict=True):
        first = max(round(onset * rate), 0)
        if _CUT.match(text):
            cuts.append(first)
        elif _BAD.match(text):
            bad[first : max(round((onset + duration) * rate), first + 1)] = True
    return ElectrodeFile(
        data=raw.get_data() * 1e6, rate=rate, cuts=tuple(cuts), places=np.arange(samples), bad=bad, **_channels(raw)
    )


def _of_epochs(epochs: BaseEpochs) -> ElectrodeFile:
    epochs.pick([kind for kind in _VOLTAGES if kind in epochs], exclude=())
    epochs.apply_proj()
    values = epochs.get_data(copy=False)
    count, channels, length = values.shape
    first = epochs.events[:, 0] - epochs.events[0, 0]
    return ElectrodeFile(
        data=values.transpose(1, 0, 2).reshape(channels, count * length) * 1e6,
        rate=float(epochs.info["sfreq"]),
        cuts=tuple(range(length, count * length, length)),
        places=(first[:, None] + np.arange(length)).ravel(),
        bad=np.zeros(count * length, dtype=bool),
        epochs=True,
        **_channels(epochs),
    )


class _Channels(TypedDict):
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    bads: tuple[str, ...]
    positions: Points


def _channels(held: BaseRaw | BaseEpochs) -> _Channels:
    found = np.array([channel["loc"][:3] for channel in held.info["chs"]], dtype=np.float64).reshape(-1, 3) * 1e3
    found[~np.isfinite(found).all(axis=1) | ~found.any(axis=1)] = np.nan
    return {
        "names": tuple(held.ch_names),
        "kinds": tuple(held.get_channel_types()),
        "bads": tuple(held.info["bads"]),
        "positions": found,
    }
