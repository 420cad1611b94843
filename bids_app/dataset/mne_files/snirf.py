"""SNIRF as a format: times and events that MNE does not keep, and files of one recording written (`deqi[fnirs]`)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError
from bids_app.vocabulary.optics import optode_name

if TYPE_CHECKING:
    import h5py

Floats = NDArray[np.float64]


class Stimuli(NamedTuple):
    """Onsets and durations of one kind of event, s from the first sample."""

    name: str
    onsets: Floats
    durations: Floats


class SnirfFrame(NamedTuple):
    """What is around the samples of a file.

    The time of each sample as the file has it, s; its events, s from the first sample; its unit of lengths; and the
    names of sources and of detectors, in the order of their numbers, where it has them. `group` is what the file calls
    its one recording.
    """

    times: Floats
    stimuli: tuple[Stimuli, ...] = ()
    length_unit: str = ""
    sources: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    group: str = "nirs"

    def named(self, pair: str) -> tuple[str, str]:
        """Return source and detector by their names, of a pair by their numbers.

        >>> SnirfFrame(np.zeros(0), sources=("Fp1",)).named("S1_D12")
        ('Fp1', 'D12')
        """
        ends = []
        for word, names in zip(pair.split("_", 1), (self.sources, self.detectors), strict=True):
            number = int(word[1:]) - 1
            ends.append(names[number] if number < len(names) else word)
        return ends[0], ends[1]


def frame_of(path: Path) -> SnirfFrame:
    """Return what a file says around its samples.

    Raises
    ------
    WrongDataError
        If it holds several recordings.
    """
    import h5py

    with h5py.File(path, "r") as held:
        nirs = sorted(name for name in held if name.startswith("nirs"))
        data = sorted(name for name in held[nirs[0]] if name.startswith("data")) if nirs else []
        if len(nirs) != 1 or len(data) != 1:
            raise WrongDataError(
                f"{path.name} holds {len(nirs)} recordings (/nirs) with {len(data)} blocks of data; expected one of "
                "each. Export every recording to a file of its own."
            )
        own = held[nirs[0]]
        unit = {"ms": 1e-3, "us": 1e-6}.get(_text(own.get("metaDataTags/TimeUnit")), 1.0)
        block = own[f"{data[0]}"]
        if "time" not in block or "dataTimeSeries" not in block or not block["dataTimeSeries"].shape:
            return SnirfFrame(np.zeros(0))
        count = block["dataTimeSeries"].shape[0]
        times = np.asarray(block["time"][()], dtype=np.float64).ravel() * unit
        if len(times) == 2 != count:  # a start and a step
            times = times[0] + times[1] * np.arange(count)
        first = float(times[0]) if len(times) else 0.0
        stimuli = [_stimuli(own[name]) for name in sorted(own) if name.startswith("stim")]
        # Writers disagree whether events are in seconds, as the format has it, or in the unit of the samples' times.
        last = float(times[-1]) if len(times) else 0.0
        latest = max((float(one.onsets.max()) for one in stimuli if len(one.onsets)), default=0.0)
        scale = unit if unit != 1.0 and latest > last + 1.0 and latest * unit <= last + 1.0 else 1.0
        stimuli = [Stimuli(one.name, one.onsets * scale - first, one.durations * scale) for one in stimuli]
        length = _text(own.get("metaDataTags/LengthUnit"))
        sources, detectors = (_labels(own.get(f"probe/{role}Labels")) for role in ("source", "detector"))
    kept = tuple(one for one in stimuli if len(one.onsets))
    return SnirfFrame(times, kept, length, sources, detectors, group=nirs[0])


def with_group(path: Path, group: str, folder: Path) -> Path:
    """Return a copy of a file in a folder, with its recording under the name that MNE looks for."""
    import h5py

    copied = folder / path.name
    shutil.copyfile(path, copied)
    with h5py.File(copied, "r+") as held:
        held.move(group, "nirs")
    return copied


def _stimuli(held: h5py.Group) -> Stimuli:
    """Return the events of one kind as the file has them; rows narrower than the format has them are instants."""
    rows = np.asarray(held["data"][()], dtype=np.float64) if "data" in held else np.zeros((0, 3))
    rows = rows.reshape(-1, rows.shape[-1] if rows.ndim > 1 else max(rows.size, 1))
    durations = rows[:, 1] if rows.shape[1] > 1 else np.zeros(len(rows))
    return Stimuli(_text(held.get("name")), rows[:, 0], durations)


def _labels(held: h5py.Dataset | None) -> tuple[str, ...]:
    """Return the names of optodes; none where they are not all there, or not different ones."""
    if held is None:
        return ()
    words = [one.decode() if isinstance(one, bytes) else str(one) for one in np.ravel(held[()])]
    names = tuple(map(optode_name, words))
    return names if all(names) and len(set(names)) == len(names) else ()


def _text(held: h5py.Dataset | None) -> str:
    if held is None:
        return ""
    value = held[()]
    value = value.ravel()[0] if isinstance(value, np.ndarray) and value.size else value
    return value.decode() if isinstance(value, bytes) else str(value)


class Light(NamedTuple):
    """What is written: light (samples, pairs, 2) at both wavelengths (nm), and where optodes are, mm by name."""

    values: Floats
    pairs: Sequence[tuple[str, str]]
    wavelengths: tuple[float, float]
    optodes: dict[str, tuple[float, float, float]]


def write_snirf(path: Path, light: Light, rate: float, stimuli: Sequence[Stimuli] = (), first: float = 0.0) -> None:
    """Write a SNIRF file of continuous waves.

    Parameters
    ----------
    first : float
        Time of the first sample, s.
    """
    import h5py

    ends = [list(dict.fromkeys(pair[side] for pair in light.pairs)) for side in (0, 1)]
    with h5py.File(path, "w") as held:
        held["formatVersion"] = "1.1"
        nirs = held.create_group("nirs")
        for name, value in _TAGS.items():
            nirs[f"metaDataTags/{name}"] = value
        data = nirs.create_group("data1")
        data.create_dataset("dataTimeSeries", data=light.values.reshape(len(light.values), -1), compression="gzip")
        data["time"] = first + np.arange(len(light.values)) / rate
        for number, (place, wave) in enumerate(np.ndindex(len(light.pairs), 2), 1):
            source, detector = light.pairs[place]
            about = {
                "sourceIndex": ends[0].index(source) + 1, "detectorIndex": ends[1].index(detector) + 1,
                "wavelengthIndex": wave + 1, "dataType": 1, "dataTypeIndex": 1,
            }  # fmt: skip
            for name, index in about.items():
                data[f"measurementList{number}/{name}"] = np.int32(index)
        probe = nirs.create_group("probe")
        probe["wavelengths"] = np.array(light.wavelengths)
        for role, names in zip(("source", "detector"), ends, strict=True):
            probe[f"{role}Labels"] = np.array(names, dtype=h5py.string_dtype())
            probe[f"{role}Pos3D"] = np.array([light.optodes[name] for name in names])
        for number, one in enumerate(stimuli, 1):
            nirs[f"stim{number}/name"] = one.name
            rows = np.stack([one.onsets + first, one.durations, np.ones(len(one.onsets))], axis=1)
            nirs[f"stim{number}/data"] = rows


_TAGS = {
    "SubjectID": "n/a", "MeasurementDate": "unknown", "MeasurementTime": "unknown", "LengthUnit": "mm",
    "TimeUnit": "s", "FrequencyUnit": "Hz",
}  # fmt: skip
