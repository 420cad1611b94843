"""What a session of fNIRS leaves besides its measures: its channels, and the columns of its quality table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.participant import SessionWriter
from bids_app.vocabulary.optics import Optics
from bids_app.vocabulary.options.fnirs import Options
from bids_app.vocabulary.quality import Quality
from bids_app.vocabulary.recording import Recording

COLUMNS: dict[str, object] = {
    "name": {"Description": "Source and detector."},
    "type": {"Description": "MISC: both wavelengths of a pair in one row."},
    "distance": {"Description": "Between source and detector.", "Units": "mm"},
    "coupling": {"Description": "Scalp coupling index: correlation of both wavelengths at the heart's frequency."},
    "status": {"Description": "good, or bad: not used in at least one run."},
    "status_description": {"Description": "Why it is bad."},
    "source_x": {"Description": "Position of the source as the file or optodes.tsv has it.", "Units": "mm"},
    "source_y": {"Description": "As source_x.", "Units": "mm"},
    "source_z": {"Description": "As source_x.", "Units": "mm"},
    "detector_x": {"Description": "Position of the detector.", "Units": "mm"},
    "detector_y": {"Description": "As detector_x.", "Units": "mm"},
    "detector_z": {"Description": "As detector_x.", "Units": "mm"},
}

STEPS = 600
"""Samples of a series that figures draw."""


def write(writer: SessionWriter, recordings: Sequence[Recording], loaded: Sequence[Optics]) -> None:
    """Write the channels of all runs of a session, and optical density of some before and after motion correction."""
    first, session = loaded[0], recordings[0].session
    left_out = {name: why for optics in reversed(loaded) for name, why in optics.left_out.items()}
    names = list(first.all_channels)
    ends = [name.partition("-")[::2] for name in names]
    table: dict[str, object] = {
        "name": names, "type": ["MISC"] * len(names), "source": [one for one, _ in ends],
        "detector": [other for _, other in ends], "wavelength_nominal": ["n/a"] * len(names),
        "units": ["n/a"] * len(names),
        "short_channel": ["true" if short else "false" for short in first.all_short],
        "distance": first.distances.round(1), "coupling": first.coupling.round(3),
        "status": ["bad" if name in left_out else "good" for name in names],
        "status_description": [left_out.get(name, "n/a") for name in names],
    }  # fmt: skip
    for end, role in enumerate(("source", "detector")):
        table |= {f"{role}_{axis}": first.positions[:, end, i].round(1) for i, axis in enumerate("xyz")}
    sources = {"Sources": [one.uri(path) for one in recordings for path in one.sources]}
    writer.table({**session, "desc": "deqi"}, "channels", table, {**COLUMNS, **sources})
    if first.density:
        writer.table({**session, "desc": "motion"}, "timeseries", _density(first), {**_DENSITY, **sources})


_DENSITY: dict[str, object] = {
    "time": {"Description": "From the first sample.", "Units": "s"},
    "Description": "Optical density at the first wavelength before and after motion correction, of the channels that "
    "it changed most; thinned out for figures.",
}


def _density(optics: Optics) -> dict[str, object]:
    samples = len(next(iter(optics.density.values())))
    rate = float(str(optics.about["SamplingFrequencyOfFile"]))
    shown = np.linspace(0, samples - 1, min(samples, STEPS)).round().astype(int)
    columns: dict[str, object] = {"time": (shown / rate).round(2)}
    for name, both in optics.density.items():
        columns |= {f"{name}_before": both[shown, 0], f"{name}_after": both[shown, 1]}
    return columns


def too_little(loaded: Sequence[Optics], options: Options) -> str:
    """Return why a session cannot be used, or nothing."""
    good, all_long = (np.mean([count(optics) for optics in loaded]) for count in (_good, _long))
    if good < options.min_good * all_long:
        return f"{good:g} of {all_long:g} channels are good (at least {100 * options.min_good:g} % needed)"
    counts: Counter[str] = Counter()
    for optics in loaded:
        counts.update(word for word in optics.task.events.get("trial_type", ()) if word not in ("n/a", ""))
    few = [f"{count} of {kind}" for kind, count in counts.items() if count < options.min_events]
    if counts and len(few) == len(counts):
        return f"there are {', '.join(few)} events (at least {options.min_events} needed)"
    return ""


def _good(optics: Optics) -> int:
    return len(optics.long)


def _long(optics: Optics) -> int:
    return int((~optics.all_short).sum())


def quality_of(optics: Optics) -> dict[str, object]:
    """Return the cells of one recording."""
    known = optics.coupling[np.isfinite(optics.coupling)]
    return {
        "channels": _long(optics), "channels_good": _good(optics), "short_good": int(optics.short.sum()),
        "coupling": float(np.median(known)) if len(known) else None, "seconds": len(optics.values) / optics.rate,
        "events": len(optics.task.events.get("onset", ())), "rate": optics.rate,
    }  # fmt: skip


def by_arm(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Return what pages show of a session."""
    absent = np.array([np.nan])
    return {
        "channels_good": float(np.nanmin(runs["channels_good"])),
        "coupling": float(np.nanmedian(runs.get("coupling", absent))),
        "events": float(np.nansum(runs["events"])),
    }


def limits(runs: Mapping[str, NDArray[np.float64]]) -> dict[str, Quality]:
    """Return the qualities of a session over its recordings."""
    good, channels = np.nansum(runs["channels_good"]), np.nansum(runs["channels"])
    return {
        "min_good": Quality("share of good channels", float(good / max(channels, 1))),
        "min_coupling": Quality("scalp coupling index", float(np.nanmedian(runs["coupling"]))),
        "min_seconds": Quality("seconds of recording", float(np.nansum(runs["seconds"])), " s"),
    }
