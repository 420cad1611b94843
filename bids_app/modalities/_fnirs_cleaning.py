"""Recordings of near-infrared spectroscopy: channels sorted, motion reduced, light turned into haemoglobin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from bids_app.dataset import nirs_recordings
from bids_app.dataset.events import events_of
from bids_app.dataset.mne_files import require_mne
from bids_app.dataset.mne_files.optodes import Haemoglobin, OptodeFile, read_optodes, to_haemoglobin
from bids_app.errors import UsageError, WrongDataError
from bids_app.modalities import _fnirs_regions
from bids_app.statistics.optics.light import pathlength_factor, unusable
from bids_app.vocabulary.optics import Optics, PreparedOptics
from bids_app.vocabulary.options.fnirs import Options
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.signals import TaskDesign

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FARTHEST, NEAREST = 0.1, 0.002
"""m between source and detector, beyond which the unit of positions is another one."""

SMALLEST, LARGEST = 1e-3, 1e3
"""µM: standard deviation of the median series; beyond them the unit is another one."""

APART = 1.0
"""mm by which distances of tables and file may differ before it is said."""

DRAWN = 3
"""Channels whose optical density is kept for figures: those that motion correction changed most."""


def prepare(recording: Recording, options: Options) -> PreparedOptics:
    """Look at the tables beside a recording.

    Raises
    ------
    UsageError
        If MNE or h5py, which read the file, is not installed, or a partial pathlength factor is no number.
    WrongDataError
        If a sidecar cannot be read, or the age is needed and not told.
    """
    require_mne("fNIRS", "fnirs", "h5py")
    if recording.problem:
        raise WrongDataError(recording.problem)
    status = nirs_recordings.channel_words(recording, "status")
    short = nirs_recordings.channel_words(recording, "short_channel")
    age = nirs_recordings.age_of(recording) if options.ppf == "age" else None
    if options.ppf == "age" and age is None:
        raise WrongDataError(
            f"{recording.series.name}: modalities.fnirs.ppf is age, and participants.tsv has no age of "
            f"sub-{recording.participant}. Write it there, or give a number."
        )
    return PreparedOptics(
        bad={name: "bad" in words for name, words in status.items()},
        short={name: bool(words & _YES) for name, words in short.items() if words & (_YES | _NO)},
        optodes=nirs_recordings.positions_of(recording), ppf=_factors(options.ppf), age=age,
        events=events_of(recording),
    )  # fmt: skip


_YES, _NO = {"true", "1", "yes"}, {"false", "0", "no"}


def _factors(words: str) -> tuple[float, float] | None:
    if words == "age":
        return None
    try:
        found = [float(word) for word in words.split(",")]
    except ValueError:
        found = []
    if len(found) not in (1, 2) or not all(0 < one < 100 for one in found):
        raise UsageError(
            f"modalities.fnirs.ppf is {words!r}; expected a number, one for each wavelength (6,5.5), or age."
        )
    return found[0], found[-1]


def load(recording: Recording, prepared: PreparedOptics, options: Options) -> Optics:
    """Read a recording and return changes of haemoglobin of its good channels, and of who was there too.

    Raises
    ------
    WrongDataError, MissingInputError
        If the file cannot be read or used.
    """
    held, notes = _placed(read_optodes(recording.series), prepared, recording)
    names = tuple("-".join(pair) for pair in held.pairs)
    short = _short(held, names, prepared, options)
    reasons = _reasons(held, names, prepared)
    _require_micromolar(held, recording)
    good = np.array([name not in reasons for name in names])
    if not good.any():
        said = "; ".join(f"{name}: {why}" for name, why in reasons.items())
        raise WrongDataError(f"{recording.series.name} has no usable channel. {said}")
    made, ppf = _haemoglobin(held.some(good), prepared, options)
    coupling = np.full(len(names), np.nan)
    coupling[good] = made.coupling
    weak = good.copy()
    weak[good] = made.coupling < options.min_coupling  # NaN: cannot be told, and said below
    reasons |= {
        name: f"scalp coupling {value:.2f}" for name, value, out in zip(names, coupling, weak, strict=True) if out
    }
    if held.rate and not np.isfinite(made.coupling).any() and not held.concentrations:
        notes = (*notes, f"its {held.rate:.3g} samples a second are too few to see the heart: coupling is not known")
    kept = good & ~weak
    if not (kept & ~short).any():
        raise WrongDataError(
            f"{recording.series.name}: no channel of {len(names)} is good ("
            f"{'; '.join(f'{name}: {why}' for name, why in list(reasons.items())[:4])} ...)."
        )
    values, rate = _resampled(made.values[kept[good]], held.rate, options.rate)
    events, source, of_events = _events(held, prepared)
    notes = (*notes, *of_events)
    if not short[kept].any():
        notes = (*notes, _NO_SHORT)
    regions = _fnirs_regions.regions_of(options, held, recording)
    if gone := sorted({name for own in regions.values() for name in own} - set(names)):
        notes = (*notes, f"regions name {', '.join(gone)}, which it does not have: counted as not good")
    scalp = [name for name, near, keep in zip(names, short, kept, strict=True) if near and keep]
    return Optics(
        values=values, rate=rate, channels=tuple(np.array(names, dtype=object)[kept]),
        ends=tuple(pair for pair, keep in zip(held.pairs, kept, strict=True) if keep), short=short[kept],
        task=TaskDesign(events, np.arange(len(values)) / rate, np.ones((len(values), 1))),
        regions=regions, left_out=reasons, all_channels=names,
        all_short=short, coupling=coupling, distances=held.distances * 1e3, positions=held.positions * 1e3,
        density=_drawn(made, tuple(np.array(names, dtype=object)[good])), notes=notes,
        min_events=options.min_events,
        about={**_about(held, options, ppf, reasons, source), "ShortChannels": scalp},
    )  # fmt: skip


_NO_SHORT = "no channel is shorter than 15 mm: responses of the scalp are part of every value"


def _placed(held: OptodeFile, prepared: PreparedOptics, recording: Recording) -> tuple[OptodeFile, tuple[str, ...]]:
    """Return a file with the positions of optodes.tsv, which come before its own, and what differs.

    Raises
    ------
    WrongDataError
        If positions are not known, or cannot be in the unit that is told.
    """
    told = np.array([[prepared.optodes.get(name, (np.nan,) * 3) for name in pair] for pair in held.pairs])
    notes: tuple[str, ...] = ()
    placed = held
    if np.isfinite(told).all():
        placed = replace(held, positions=told)
        apart = np.abs(placed.distances - held.distances).max() * 1e3
        if apart > APART:
            notes = (f"optodes.tsv and the SNIRF file differ by up to {apart:.0f} mm; the table was taken",)
    if held.concentrations:
        return placed, notes
    far = placed.distances
    if not np.isfinite(far).all():
        raise WrongDataError(
            f"{recording.series.name} has no positions of its optodes, which distances are needed of. Write "
            "optodes.tsv and coordsystem.json beside it."
        )
    median = float(np.median(far))
    if not NEAREST < median < FARTHEST:
        name = "-".join(held.pairs[int(np.argsort(far)[len(far) // 2])])
        told_unit = held.length_unit if placed is held else "what coordsystem.json has"
        sizes = {"cm": median / 100, "mm": median / 1000, "m": median * 1000}
        looks = [unit for unit, size in sizes.items() if NEAREST < size < FARTHEST]
        raise WrongDataError(
            f"{recording.series.name}: Source and detector of {name} are {median:.3g} m apart: LengthUnit says "
            f"{told_unit}, the positions look like {looks[0] if looks else 'another unit'}. Correct it."
        )
    return placed, notes


def _short(held: OptodeFile, names: tuple[str, ...], prepared: PreparedOptics, options: Options) -> Mask:
    """Return which channels are short, by channels.tsv where it says so, else by their distance, (channels,)."""
    near = np.nan_to_num(held.distances, nan=1.0) * 1e3 < options.short_distance
    return np.array([prepared.short.get(name, bool(one)) for name, one in zip(names, near, strict=True)])


def _require_micromolar(held: OptodeFile, recording: Recording) -> None:
    """Refuse haemoglobin whose size cannot be µM: a unit is told wrongly, or not at all.

    Raises
    ------
    WrongDataError
    """
    if not held.concentrations:
        return
    spread = float(np.nanmedian(np.nanstd(held.values, axis=2)))
    if not SMALLEST < spread < LARGEST:
        raise WrongDataError(
            f"{recording.series.name} holds haemoglobin that varies by {spread:.3g} µM by its unit (dataUnit); "
            f"expected {SMALLEST:g} to {LARGEST:g}. Export it again with its unit."
        )


def _reasons(held: OptodeFile, names: tuple[str, ...], prepared: PreparedOptics) -> dict[str, str]:
    """Return why channels cannot be used, before light becomes anything else: density would take the size of it."""
    found = {}
    for name, light in zip(names, held.values, strict=True):
        why = "channels.tsv calls it bad" if prepared.bad.get(name) else ""
        if not why:
            why = unusable(light, concentrations=held.concentrations)
        if why:
            found[name] = why
    return found


def _haemoglobin(
    held: OptodeFile, prepared: PreparedOptics, options: Options
) -> tuple[Haemoglobin, tuple[float, float] | None]:  # fmt: skip
    """Return haemoglobin of light, and the pathlength factors; a file that holds it already is taken as it is."""
    if held.concentrations:
        nothing = np.zeros((0, 2, held.values.shape[-1]))
        coupling = np.full(len(held.pairs), np.nan)
        return Haemoglobin(before=nothing, after=nothing, values=held.values, coupling=coupling), None
    ppf = prepared.ppf
    if ppf is None:
        assert prepared.age is not None
        first, second = (pathlength_factor(wave, prepared.age) for wave in held.wavelengths)
        ppf = first, second
    return to_haemoglobin(held, motion=options.motion, ppf=ppf), ppf


def _resampled(values: Floats, rate: float, wanted: float) -> tuple[Floats, float]:
    """Return series, (samples, channels, 2), at the lowest whole fraction of their rate that is not below `wanted`."""
    series = np.moveaxis(values, -1, 0)
    factor = max(int(rate / wanted + 1e-9), 1)
    if factor == 1:
        return np.ascontiguousarray(series), rate
    return np.asarray(resample_poly(series, 1, factor, axis=0, padtype="line")), rate / factor


def _events(held: OptodeFile, prepared: PreparedOptics) -> tuple[Mapping[str, list[str]], str, tuple[str, ...]]:
    """Return the events, where they are from, and what is to be said; events.tsv comes before those of the file."""
    if prepared.events:
        return {name: list(cells) for name, cells in prepared.events.items()}, "events.tsv", ()
    rows = [(one.name, on, last) for one in held.stimuli for on, last in zip(one.onsets, one.durations, strict=True)]
    if not rows:
        return {}, "none", ()
    names = ", ".join(f"{one.name} ({len(one.onsets)})" for one in held.stimuli)
    table = {
        "onset": [repr(float(on)) for _, on, _ in rows], "duration": [repr(float(last)) for *_, last in rows],
        "trial_type": [name for name, *_ in rows],
    }  # fmt: skip
    said = f"it has no events.tsv; those of the SNIRF file were taken, by their names there: {names}"
    return table, "SNIRF", (said,)


def _drawn(made: Haemoglobin, names: tuple[str, ...]) -> dict[str, Floats]:
    """Return optical density before and after of the channels that motion correction changed most, (samples, 2)."""
    if not len(made.before):
        return {}
    changed = np.abs(made.after[:, 0] - made.before[:, 0]).std(axis=1)
    most = np.argsort(-changed, kind="stable")[:DRAWN]
    return {names[i]: np.stack([made.before[i, 0], made.after[i, 0]], axis=1) for i in most}


def _about(
    held: OptodeFile, options: Options, ppf: tuple[float, float] | None, reasons: Mapping[str, str], source: str
) -> dict[str, object]:  # fmt: skip
    """Return what sidecars say of a recording."""
    return {
        "WavelengthsNominal": list(held.wavelengths) if ppf else [], "PPF": list(ppf) if ppf else "as in the file",
        "ExtinctionTable": "as in mne", "MotionCorrection": options.motion if ppf else "as in the file",
        "ChannelsLeftOut": dict(reasons), "FirstSampleTime": held.first, "EventsSource": source,
        "SamplingFrequencyOfFile": held.rate,
    }  # fmt: skip
