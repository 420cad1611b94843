"""Power of EEG by channel and frequency, as it is and above its aperiodic part; bands and the alpha peak beside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray

from bids_app.dataset.montages import region
from bids_app.errors import NotMeasurableError
from bids_app.signals.alpha import AlphaPeak
from bids_app.signals.oscillations import BANDS, Spectra, logit
from bids_app.signals.periodogram import density
from bids_app.vocabulary.domain import Axis, Sensors, Values
from bids_app.vocabulary.epochs import Epochs
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.person_column import PersonColumn, described
from bids_app.vocabulary.signals import Region

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """Options of `[measures.eeg_spectrum]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    region: Annotated[
        tuple[str, ...],
        Doc("Region for values of participants (posterior, central, frontal), or channels."),
    ] = ("posterior",)
    low: Annotated[float, Gt(0), Doc("Lowest frequency.", "Hz")] = 1.0
    high: Annotated[float, Gt(0), Doc("Highest frequency.", "Hz")] = 45.0
    asymmetry: Annotated[
        tuple[str, ...], Doc("Two channels, left and right (F3, F4), whose difference of ln alpha is a value as well.")
    ] = ()
    individual_bands: Annotated[
        bool, Doc("Alpha and theta of a participant around the individual alpha frequency; n/a where there is none.")
    ] = False
    aperiodic: Annotated[
        Literal["line", "specparam"],
        Doc("Estimator of the aperiodic part: a line around the alpha peak, or specparam (extra eeg-specparam)."),
    ] = "line"
    max_line_spread: Annotated[
        float, Gt(0), Doc("Robust SD around the aperiodic line above which its exponent is n/a.", "log10")
    ] = 0.1


CLEANING, TAKES, TITLE = "clean", "epochs", "EEG spectrum"

_SPECTRUM = Output(
    name="spectrum", kind="table", suffix="statmap", units="log10 of µV² a Hz", entities={"stat": "log10density"},
    description="Power spectral density of each channel (Welch); flattened: less its aperiodic part.",
    entity="meas", labels=("spectrum", "flattened"), noun="the spectrum of EEG", definite=True, scale="log10",
    base=10.0,
)  # fmt: skip
_BANDS = Output(
    name="bands", kind="table", suffix="statmap", description="Power of bands, from the lower end to below the upper.",
    units="log10 of µV²", entities={"stat": "log10power"}, entity="meas", labels=("bands",),
)  # fmt: skip
_LINE = Output(
    name="aperiodic", kind="table", suffix="statmap", units="arbitrary", entities={"stat": "line"},
    description="Line through log10 power against log10 frequency: power = 10^offset / frequency^exponent.",
    entity="meas", labels=("aperiodic",),
)  # fmt: skip
_VALUES = Output(
    name="region", kind="people", suffix="statmap", units="see the columns", entities={"stat": "summary"},
    description="Values of a region of the scalp: one row.", entity="meas", labels=("region",),
)  # fmt: skip
PEOPLE = {
    "theta": PersonColumn("theta power", "log10 µV²"),
    "alpha": PersonColumn("alpha power", "log10 µV²"),
    "beta": PersonColumn("beta power", "log10 µV²"),
    "alphaRelative": PersonColumn("relative alpha power", "logit"),
    "alphaCorrected": PersonColumn("alpha power above the aperiodic part", "log10"),
    "exponent": PersonColumn("aperiodic exponent", "log10 a log10 Hz"),
    "iaf": PersonColumn("individual alpha frequency (centre of gravity)", "Hz"),
    "paf": PersonColumn("alpha peak frequency", "Hz"),
    "alphaAsymmetry": PersonColumn("alpha asymmetry, right less left", "ln"),
}
OUTPUTS = (_SPECTRUM, _BANDS, _LINE, _VALUES)
GROUP = _SPECTRUM
METHODS = (
    "Power spectral densities of each channel were averaged over segments (Welch, Hann window) [@Welch1967] and "
    "compared as log10 at every channel and frequency, as they were and less their aperiodic part [@Donoghue2020]: a "
    "line through log power against log frequency around the alpha peak. Neighbours of a channel were found by "
    "Delaunay triangles on one montage for all participants. The individual alpha frequency [@Corcoran2018] was not "
    "reported where no peak rose 0.2 above that line."
)


def measure(epochs: Epochs, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield spectra, bands, aperiodic part and the values of the region of one recording.

    Raises
    ------
    NotMeasurableError
        If no segment is clean, or the sampling rate does not reach the highest frequency.
    """
    if not len(epochs.starts):
        raise NotMeasurableError("no segment is clean")
    width = epochs.rate / epochs.length
    if options.high > epochs.rate / 2:
        raise NotMeasurableError(f"{epochs.rate:g} samples a second do not reach {options.high:g} Hz")
    _require_no_mains(epochs, options)
    bins = slice(round(options.low / width), round(options.high / width) + 1)
    found = density(epochs.data, epochs.starts, epochs.length, epochs.rate, bins)
    frequencies = np.arange(bins.start, bins.stop, dtype=np.float64) * width
    spectra = Spectra(density=found, frequencies=frequencies, estimator=options.aperiodic)
    about = {"SegmentsKept": len(epochs.starts), "AperiodicEstimator": options.aperiodic, **epochs.about}
    yield from _features(spectra, epochs.domain.names, about, options)


def _require_no_mains(epochs: Epochs, options: Options) -> None:
    """Refuse frequencies that hold the mains, where the sidecar tells theirs."""
    sidecar = epochs.about.get("RecordingSidecar", {})
    mains = sidecar.get("PowerLineFrequency") if isinstance(sidecar, Mapping) else None
    if isinstance(mains, int | float) and mains - 2 < options.high and options.low < mains + 2:
        raise NotMeasurableError(
            f"{options.low:g} to {options.high:g} Hz hold the mains (PowerLineFrequency {mains:g}): keep "
            f"measures.eeg_spectrum.high at {mains - 2:g} or below"
        )


def combine(
    runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options  # noqa: ARG001  (segments weigh)
) -> Iterator[Feature]:  # fmt: skip
    """Yield what the mean log spectrum of all runs gives, each weighted by its segments, on the channels all have."""
    parts = [next(feature for feature in run if feature.label == "spectrum") for run in runs]
    weights = [int(str(part.metadata["SegmentsKept"])) for part in parts]
    names = [name for name in _names(parts[0]) if all(name in _names(part) for part in parts)]
    logs = [_rows(part, names) for part in parts]
    mean = np.average(logs, axis=0, weights=weights)
    spectra = Spectra(density=10**mean, frequencies=_frequencies(parts[0].value), estimator=options.aperiodic)
    yield from _features(spectra, names, {**parts[0].metadata, "SegmentsKept": sum(weights)}, options)


def _names(part: Feature) -> list[str]:
    assert isinstance(part.value, Mapping)
    return list(part.value["channel"])


def _rows(part: Feature, names: Sequence[str]) -> Floats:
    assert isinstance(part.value, Mapping)
    own = {name: i for i, name in enumerate(_names(part))}
    columns = [values for key, values in part.value.items() if key != "channel"]
    return np.array(columns, dtype=np.float64).T[[own[name] for name in names]]


def _frequencies(table: object) -> Floats:
    assert isinstance(table, Mapping)
    return np.array([float(key) for key in table if key != "channel"])


def _features(
    spectra: Spectra, names: Sequence[str], about: Mapping[str, object], options: Options
) -> Iterator[Feature]:
    """Yield everything that follows from the spectra of one recording, or of a session."""
    for label, values in (("spectrum", np.log10(spectra.density)), ("flattened", spectra.flattened)):
        yield Feature(_SPECTRUM, _table(names, _by_frequency(values, spectra.frequencies)), label, about)
    powers = {band: np.log10(power) for band, power in spectra.power().items()}
    edges = {"Bands": {band: list(ends) for band, ends in BANDS.items()}}
    yield Feature(_BANDS, _table(names, powers), "bands", {**about, **edges})
    line, told = spectra.line, spectra.line.straight(options.max_line_spread)
    columns = {
        "exponent": np.where(told, line.exponent, np.nan), "offset": line.offset, "r2": line.r2, "spread": line.spread,
    }  # fmt: skip
    yield Feature(_LINE, _table(names, columns), "aperiodic", about)
    chosen = region(options.region, names)
    if chosen:
        asked = {"alphaAsymmetry": [_asymmetry(spectra, names, options.asymmetry)]} if options.asymmetry else {}
        yield _of_region(spectra.of(chosen), [names[i] for i in chosen], about, options, asked)


def _by_frequency(values: Floats, frequencies: Floats) -> dict[str, Floats]:
    return {f"{frequency:g}": column for frequency, column in zip(frequencies, values.T, strict=True)}


def _table(names: Sequence[str], columns: Mapping[str, Floats]) -> dict[str, object]:
    return {"channel": list(names), **columns}


def _of_region(
    own: Spectra, names: Sequence[str], about: Mapping[str, object], options: Options, asked: Mapping[str, list[float]]
) -> Feature:
    """Return the values of the channels of a region: means over channels of what each has; and others `asked` for."""
    peak = own.peak()
    bands = _individual(peak) if options.individual_bands else BANDS
    power = own.power({name: bands.get(name, (np.nan, np.nan)) for name in BANDS})
    lines = own.line.straight(options.max_line_spread)
    values = {
        **{name: float(np.log10(power[name]).mean()) for name in ("theta", "alpha", "beta")},
        "alphaRelative": float(logit(power["alpha"] / power["total"]).mean()),
        "alphaCorrected": float(own.above(bands.get("alpha", (np.nan, np.nan))).mean()),
        "exponent": float(own.line.exponent[lines].mean()) if lines.all() else np.nan,
        "iaf": peak.gravity,
        "paf": peak.peak,
    }
    said: dict[str, object] = {"Region": list(options.region), "Channels": list(names), "AlphaPeakHeight": peak.height}
    said |= described({name: PEOPLE[name] for name in (*values, *asked)})
    if peak.reason:
        said["NoAlphaPeak"] = peak.reason
    if not lines.all():
        said["NoExponent"] = f"the spectra of {int((~lines).sum())} of {len(lines)} channels are not on a line"
    if missing := _missing(peak, lines):
        said["NotAvailable"] = missing
    row = {**{key: [value] for key, value in values.items()}, **asked}
    return Feature(_VALUES, row, "region", {**about, **said})


def _missing(peak: AlphaPeak, lines: NDArray[np.bool_]) -> dict[str, str]:
    """Return which values of a region are n/a, and why."""
    found = {"iaf and paf": peak.reason} if peak.reason else {}
    if not lines.all():
        found["exponent"] = f"the spectra of {int((~lines).sum())} of {len(lines)} channels are not on a line"
    return found


def _asymmetry(own: Spectra, names: Sequence[str], pair: tuple[str, ...]) -> float:
    """Return ln of the alpha power of the second channel less that of the first; NaN where one is absent."""
    if len(pair) != 2 or not set(pair) <= set(names):
        return float("nan")
    first, second = (np.log(own.of([names.index(name)]).power()["alpha"][0]) for name in pair)
    return float(second - first)


def _individual(peak: AlphaPeak) -> dict[str, tuple[float, float]]:
    """Return the bands of a participant (Klimesch 1999), or none where there is no alpha peak."""
    if np.isnan(peak.gravity):
        return {"beta": BANDS["beta"]}
    return {**BANDS, "theta": (peak.gravity - 4, peak.gravity - 2), "alpha": (peak.gravity - 2, peak.gravity + 2.5)}


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (channels x frequencies,) points of a table on disk."""
    axis = Axis("frequency", "Hz", tuple(_frequencies(table).tolist()))
    domain = Sensors(names=tuple(table["channel"]), axes=(axis,))
    values = [["nan" if word == "n/a" else word for word in table[key]] for key in table if key != "channel"]
    return Values(domain, np.array(values, dtype=np.float64).T.ravel())
