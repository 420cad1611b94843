"""What a modality of electrodes hands to the measures: clean segments of a referenced recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.domain import Sensors
from bids_app.vocabulary.grid import Mask


@dataclass(frozen=True, kw_only=True)
class PreparedEpochs:
    """What will be done to a recording, known by its name and tables.

    Attributes
    ----------
    form : str
        What it is: epochs, continuous, derivative or raw.
    kinds, status : mapping
        Type and status of channels by their names, from channels.tsv; empty where there is none.
    positions : mapping of (x, y, z)
        Where electrodes lie by electrodes.tsv, mm.
    df : mapping of int
        1: what a recording weighs is known once its segments are.
    """

    form: str
    kinds: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    df: Mapping[str, int] = field(default_factory=lambda: {"clean": 1})


@dataclass(frozen=True, eq=False, kw_only=True)
class Epochs:
    """One recording of electrodes: its samples, and which windows of them are clean.

    Attributes
    ----------
    data : (channels, samples) float64
        µV, referenced; bad channels are interpolated or absent. Parts of a recording, and epochs, stand one after the
        other.
    rate : float
        Samples a second.
    domain : Sensors
        The channels.
    starts : (segments,) int
        First sample of each clean segment.
    length : int
        Samples of a segment.
    bad : (samples,) bool
        True where the recording was marked bad.
    places : (samples,) int
        Number of each sample in the recording that it comes from: where it jumps, there is a cut.
    cuts : tuple of int
        First samples of further parts: after an interruption, and of each epoch.
    seconds : float
        Of the recording that lie in a clean segment; overlapping segments share theirs.
    segments : int
        All segments, clean or not.
    interpolated : tuple of str
        Channels whose values come from their neighbours.
    events : mapping of text columns
        The events table; empty where there is none.
    notes : tuple of str
        What is odd about the recording and does not stop it.
    about : mapping
        What sidecars say of it.
    continuous : bool
        False of epochs, which keep no clock of the recording.
    threads : int
        Processors that a measure may use.
    """

    data: NDArray[np.float64]
    rate: float
    domain: Sensors
    starts: NDArray[np.intp]
    length: int
    bad: Mask
    places: NDArray[np.intp]
    cuts: tuple[int, ...] = ()
    seconds: float
    segments: int
    interpolated: tuple[str, ...] = ()
    events: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    about: Mapping[str, object] = field(default_factory=dict)
    continuous: bool = True
    threads: int = 1

    def cleaned(self, kind: str, threads: int = 1) -> Epochs:  # noqa: ARG002  (there is one kind)
        """Return it for so many processors."""
        return replace(self, threads=threads)
