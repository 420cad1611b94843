"""What a modality of light hands to the measures: changes of haemoglobin between sources and detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.domain import Sites
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.signals import TaskDesign

Floats = NDArray[np.float64]

CHROMOPHORES = ("hbo", "hbr")
"""Oxygenated and deoxygenated haemoglobin, in the order of arrays."""


PRACTITIONER = "practitioner"
"""Role, by participants.tsv, of who is there with the patients."""


@dataclass(frozen=True, kw_only=True)
class PreparedOptics:
    """What will be done to a recording, known from the tables beside it.

    Attributes
    ----------
    bad, short : mapping of bool
        By channel (S1-D1), what channels.tsv says.
    optodes : mapping of (x, y, z)
        Where sources and detectors are by optodes.tsv, m.
    ppf : (float, float) or None
        Partial pathlength factors; None where the wavelengths and the age decide.
    events : mapping of text columns
        The events table; empty where there is none.
    """

    bad: Mapping[str, bool] = field(default_factory=dict)
    short: Mapping[str, bool] = field(default_factory=dict)
    optodes: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    ppf: tuple[float, float] | None = None
    age: float | None = None
    events: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    df: Mapping[str, int] = field(default_factory=lambda: {"haemoglobin": 1})


@dataclass(frozen=True, eq=False, kw_only=True)
class Optics:
    """Changes of haemoglobin of the good channels.

    Attributes
    ----------
    values : (samples, channels, 2) µM
        HbO and HbR.
    rate : float
        Samples a second.
    channels : tuple of str
        Source and detector: S1-D1.
    ends : tuple of (str, str)
        Sources and detectors.
    short : (channels,) bool
        So short that light reaches the scalp alone.
    regions : mapping of tuples
        Channels of each named region.
    task : TaskDesign
        Events, sample times from the first, and a constant.
    left_out : mapping of str
        Why channels of the file are not used.
    coupling : (channels of the file,)
        With the scalp, of `all_channels`.
    density : mapping of (samples, 2 steps)
        Optical density before and after motion was reduced, of the channels that it changed most; for figures.
    partner : Optics or None
        The recording of who was there too.
    min_events : int
        Of a trial type that a contrast needs.
    fits : dict
        Models that were fitted to it, by what they were asked: measures of channels and of regions share them.
    notes : tuple of str
    threads : int
        Processors that a measure may use.
    """

    values: Floats
    rate: float
    channels: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]
    short: Mask
    task: TaskDesign
    regions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    all_channels: tuple[str, ...] = ()
    all_short: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    coupling: Floats = field(default_factory=lambda: np.zeros(0))
    distances: Floats = field(default_factory=lambda: np.zeros(0))
    positions: Floats = field(default_factory=lambda: np.zeros((0, 2, 3)))
    density: Mapping[str, Floats] = field(default_factory=dict)
    about: Mapping[str, object] = field(default_factory=dict)
    partner: Optics | None = None
    min_events: int = 0
    fits: dict[object, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    threads: int = 1

    @property
    def repetition_time(self) -> float:
        """Seconds between samples."""
        return 1 / self.rate

    @property
    def long(self) -> NDArray[np.intp]:
        """Places of the channels that reach the brain."""
        return np.flatnonzero(~self.short)

    @property
    def domain(self) -> Sites:
        """The channels that reach the brain, of both kinds of haemoglobin."""
        return channel_sites([self.channels[i] for i in self.long])

    def cleaned(self, kind: str, threads: int = 1) -> Optics:  # noqa: ARG002  (there is one kind)
        """Return it for so many processors."""
        return replace(self, threads=threads)


def channel_sites(channels: Sequence[str], chromophores: Sequence[str] = CHROMOPHORES) -> Sites:
    """Return channels as places: those of one kind of haemoglobin that share a source or detector are neighbours."""
    names = tuple(f"{channel} {kind}" for channel in channels for kind in chromophores)
    ends = tuple((f"{s} {kind}", f"{d} {kind}") for s, d in map(ends_of, channels) for kind in chromophores)
    return Sites(names=names, ends=ends, unit="channel")


def optode_name(word: str) -> str:
    """Return the name of a source or detector as channels have it.

    >>> optode_name(" AF-7")
    'AF7'
    """
    return word.strip().replace("-", "").replace("_", "")


def ends_of(channel: str) -> tuple[str, str]:
    """Return source and detector of a channel.

    >>> ends_of("S1-D12")
    ('S1', 'D12')
    """
    source, _, detector = channel.partition("-")
    return source, detector
