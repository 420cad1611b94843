"""What a session of EEG leaves besides its measures: its channels, and the columns of its quality table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.participant import SessionWriter
from bids_app.vocabulary.domain import Sensors
from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.recording import Recording

COLUMNS: dict[str, object] = {
    "name": {"Description": "Name of the channel."},
    "type": {"Description": "Type of the channel."},
    "units": {"Description": "Unit of its values."},
    "status": {"Description": "good, or bad: interpolated from the others in at least one run."},
    "x": {"Description": "To the right.", "Units": "mm"},
    "y": {"Description": "To the front.", "Units": "mm"},
    "z": {"Description": "Up.", "Units": "mm"},
}


def write_channels(
    writer: SessionWriter, recordings: Sequence[Recording], loaded: Sequence[Epochs], domain: Sensors
) -> None:
    """Write the channels that all runs of a session have."""
    bad = {name for epochs in loaded for name in epochs.interpolated}
    places = [loaded[0].domain.names.index(name) for name in domain.names]
    positions = loaded[0].domain.positions
    found = np.full((len(places), 3), np.nan) if positions is None else positions[places]
    columns: dict[str, object] = {
        "name": list(domain.names),
        "type": ["EEG"] * len(places),
        "units": ["uV"] * len(places),
        "status": ["bad" if name in bad else "good" for name in domain.names],
        **{axis: found[:, i].round(1) for i, axis in enumerate("xyz")},
    }
    sources = {"Sources": [one.uri(path) for one in recordings for path in one.sources]}
    writer.table({**recordings[0].session, "desc": "deqi"}, "channels", columns, {**COLUMNS, **sources})


def quality_of(epochs: Epochs) -> dict[str, object]:
    """Return the cells of one recording."""
    clean = [epochs.data[:, first : first + epochs.length].std(axis=1) for first in epochs.starts]
    return {
        "channels": len(epochs.domain.names),
        "channels_bad": len(epochs.interpolated),
        "segments": epochs.segments,
        "segments_kept": len(epochs.starts),
        "seconds_kept": epochs.seconds,
        "amplitude": float(np.median(np.mean(clean, axis=0))) if clean else None,
    }


def by_arm(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what pages show of a session; seconds add up over its recordings."""
    return {
        "seconds_kept": float(np.nansum(runs["seconds_kept"])),
        "channels_bad": float(np.nanmax(runs["channels_bad"])),
        "amplitude": float(np.nanmedian(runs["amplitude"])),
    }


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session over its recordings."""
    bad, channels = np.nansum(runs["channels_bad"]), np.nansum(runs["channels"])
    kept, segments = np.nansum(runs["segments_kept"]), np.nansum(runs["segments"])
    return {
        "min_seconds": Quality("seconds of clean segments", float(np.nansum(runs["seconds_kept"])), " s"),
        "max_interpolated": Quality("share of interpolated channels", float(bad / max(channels, 1))),
        "max_rejected": Quality("share of excluded segments", float(1 - kept / max(segments, 1))),
    }
