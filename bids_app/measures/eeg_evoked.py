"""What follows needling in EEG: event-related potentials, or the power of a band relative to before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.signals.evoked import amplitude, around, band_course, cut
from bids_app.vocabulary.domain import Axis, Sensors, Values
from bids_app.vocabulary.entities import as_label
from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """Options of `[measures.eeg_evoked]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    conditions: Annotated[tuple[str, ...], Doc("Words of trial_type; empty takes all.")] = ()
    kind: Annotated[
        Literal["erp", "erd"], Doc("erp: mean amplitude over time; erd: power of a band relative to before.")
    ] = "erp"
    onset: Annotated[
        Literal["measured", "observed"],
        Doc("How onsets were found: by a device, or by a hand that presses a button, which is too late for an erp."),
    ] = "measured"
    first: Annotated[float, Doc("Start of an epoch; 0: -0.2 of an erp, -2 of an erd.", "s")] = 0.0
    last: Annotated[float, Ge(0), Doc("End of an epoch; 0: 0.8 of an erp, 3 of an erd.", "s")] = 0.0
    window: Annotated[tuple[float, float], Doc("Window of the mean amplitude, chosen beforehand.", "s")] = (0.3, 0.5)
    band: Annotated[tuple[float, float], Doc("Band of an erd.", "Hz")] = (8.0, 13.0)
    reject_uv: Annotated[
        float, Ge(0), Doc("Epochs with a larger peak-to-peak amplitude are excluded; 0: none.", "µV")
    ] = 150.0
    min_epochs: Annotated[int, Gt(0), Doc("Minimum number of epochs of a condition.")] = 30


CLEANING, TAKES, TITLE, NEEDS_EVENTS, ON_REQUEST = "clean", "epochs", "EEG after events", True, True
_EVOKED = Output(
    name="evoked", kind="table", suffix="timeseries", units="µV (erp), log10 ratio (erd)", entities={"stat": "mean"},
    description="Mean over epochs of a condition: a row for each time, a column for each channel.", entity="meas",
    noun="the response of EEG to events", definite=True, scale="µV or log10 ratio",
)  # fmt: skip
OUTPUTS = (_EVOKED,)
GROUP = _EVOKED
METHODS = (
    "Epochs around events were averaged less their baseline (erp), or the power of a band in windows of 0.5 s was "
    "divided by that from 2 to 0.5 s before (erd, log10); arms were compared at every channel and time. Amplitudes are "
    "means of a window that was chosen beforehand, never of a peak."
)

_EDGES = {"erp": (-0.2, 0.8), "erd": (-2.0, 3.0)}
_BEFORE = {"erp": (-0.2, 0.0), "erd": (-2.0, -0.5)}


def measure(epochs: Epochs, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the mean response to each condition of one recording.

    Raises
    ------
    NotMeasurableError
        If onsets are too imprecise for what is asked, or no condition has epochs enough.
    """
    if not epochs.continuous:
        raise NotMeasurableError("only epochs are there, and events are found in the continuous recording (*_raw.fif)")
    if options.kind == "erp" and options.onset == "observed":
        raise NotMeasurableError(
            "needling events have observed onsets: an ERP would be smeared. Use measures.eeg_evoked.kind = 'erd', or "
            "onset = 'measured' if a device wrote them"
        )
    found, few = [], []
    for name, onsets in _events(epochs.events, options.conditions).items():
        feature, count = _response(epochs, name, onsets, options)
        few += [] if feature else [f"{count} of {name}"]
        found += [feature] if feature else []
    if not found:
        said = ", ".join(few) or "no event"
        raise NotMeasurableError(f"there are too few epochs: {said} (at least {options.min_epochs} needed)")
    yield from found


def _events(events: Mapping[str, Sequence[str]], wanted: Sequence[str]) -> dict[str, list[float]]:
    """Return the onsets of each condition that is asked for, s."""
    found: dict[str, list[float]] = {}
    names = events.get("trial_type", ["event"] * len(events.get("onset", ())))
    for onset, name in zip(events.get("onset", ()), names, strict=True):
        if onset != "n/a" and name != "n/a" and (not wanted or name in wanted):
            found.setdefault(name, []).append(float(onset))
    return found


def _response(
    epochs: Epochs, name: str, onsets: Sequence[float], options: Options
) -> tuple[Feature | None, int]:  # fmt: skip
    """Return the mean response to one condition, nothing if too few epochs are clean, and how many are."""
    rate = epochs.rate
    edges = options.first or _EDGES[options.kind][0], options.last or _EDGES[options.kind][1]
    first, last = (round(edge * rate) for edge in edges)
    at = np.searchsorted(epochs.places, np.round(np.array(onsets) * rate).astype(np.intp))
    places, _ = around(at, first, last, epochs.bad, epochs.cuts)
    kept, _ = cut(epochs.data, places, _between(_BEFORE[options.kind], rate, first), options.reject_uv)
    if len(kept) < options.min_epochs:
        return None, len(kept)
    about: dict[str, object] = {"Condition": name, "Epochs": len(kept), "Events": len(onsets), **epochs.about}
    if options.kind == "erp":
        window = _between(options.window, rate, first)
        size = amplitude(kept, window)
        names = epochs.domain.names
        about |= {"Window": list(options.window), "Amplitude": dict(zip(names, size.mean.tolist(), strict=True)),
                  "StandardisedMeasurementError": dict(zip(names, size.error.tolist(), strict=True))}  # fmt: skip
        values, times = kept.mean(axis=0), np.arange(first, last + 1) / rate
    else:
        power, centres = band_course(kept, rate, options.band)
        times = centres + first / rate
        before = (times >= _BEFORE["erd"][0]) & (times <= _BEFORE["erd"][1])
        values = np.log10(power / power[:, before].mean(axis=1, keepdims=True))
        about["Band"] = list(options.band)
    table = {"time": times.tolist(), **dict(zip(epochs.domain.names, values, strict=True))}
    return Feature(_EVOKED, table, f"{options.kind}{_capital(as_label(name))}", about), len(kept)


def _between(edges: tuple[float, float], rate: float, first: int) -> slice:
    """Return the samples of an epoch whose times lie between two, ends included."""
    low, high = np.ceil(edges[0] * rate - 1e-6), np.floor(edges[1] * rate + 1e-6)
    return slice(max(int(low) - first, 0), int(high) - first + 1)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield means over runs, each weighted by its epochs, on the channels that all have."""
    labels = dict.fromkeys(feature.label for run in runs for feature in run)
    for label in labels:
        parts = [feature for run in runs for feature in run if feature.label == label]
        tables = [part.value for part in parts if isinstance(part.value, Mapping)]
        weights = [int(str(part.metadata["Epochs"])) for part in parts]
        shared = [name for name in tables[0] if all(name in table for table in tables)]
        mean = {
            name: np.average([np.asarray(t[name], dtype=float) for t in tables], axis=0, weights=weights)
            for name in shared
        }
        about = {
            **parts[0].metadata,
            "Epochs": sum(weights),
            "Events": sum(int(str(p.metadata["Events"])) for p in parts),
        }
        yield Feature(_EVOKED, mean, label, about)


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (channels x times,) points of a table on disk."""
    axis = Axis("time", "s", tuple(float(word) for word in table["time"]))
    names = tuple(name for name in table if name != "time")
    values = [["nan" if word == "n/a" else word for word in table[name]] for name in names]
    return Values(Sensors(names=names, axes=(axis,)), np.array(values, dtype=np.float64).ravel())
