"""Files of optodes (SNIRF), and what MNE-Python makes of them: coupling, motion, haemoglobin (`deqi[fnirs]`)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.mne_files import require_mne
from bids_app.dataset.mne_files.snirf import SnirfFrame, Stimuli, frame_of, with_group
from bids_app.errors import WrongDataError
from bids_app.vocabulary.grid import Points

if TYPE_CHECKING:
    from mne import Info
    from mne.io import BaseRaw

Floats = NDArray[np.float64]

HEART = (0.7, 1.5)
"""Hz: what both wavelengths must see of the heart (Pollonini 2014)."""

SLOWEST = 3.7
"""Samples a second below which the heart cannot be seen, its filter included."""

JITTER = 0.1
"""Share of a sample by which times may lie off their grid."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OptodeFile:
    """What one SNIRF file holds, pair by pair of source and detector.

    Attributes
    ----------
    values : (pairs, 2, samples)
        Light at both wavelengths, or HbO and HbR in µM if `concentrations`.
    pairs : tuple of (str, str)
        Names of source and detector.
    wavelengths : (float, float) nm
    positions : (pairs, 2, 3) m
        Of source and detector; NaN where not known.
    rate : float
        Samples a second.
    first : float
        Time of the first sample in the file, s.
    stimuli : tuple of Stimuli
    """

    values: Floats
    pairs: tuple[tuple[str, str], ...]
    wavelengths: tuple[float, float]
    positions: Points
    rate: float
    first: float
    stimuli: tuple[Stimuli, ...] = ()
    concentrations: bool = False
    length_unit: str = ""

    @property
    def distances(self) -> Floats:
        """Distance of source and detector of each pair, (pairs,) m."""
        return np.asarray(np.linalg.norm(self.positions[:, 0] - self.positions[:, 1], axis=1))

    def some(self, kept: NDArray[np.bool_]) -> OptodeFile:
        """Return the pairs that are kept, (pairs,) bool."""
        pairs = tuple(pair for pair, keep in zip(self.pairs, kept, strict=True) if keep)
        return replace(self, values=self.values[kept], pairs=pairs, positions=self.positions[kept])


@dataclass(frozen=True, eq=False, kw_only=True)
class Haemoglobin:
    """What became of light.

    Attributes
    ----------
    before, after : (pairs, 2, samples)
        Optical density as it was, and after motion was reduced.
    values : (pairs, 2, samples) µM
        Changes of oxygenated and deoxygenated haemoglobin.
    coupling : (pairs,)
        Correlation of both wavelengths in the band of the heart; NaN where sampling is too slow for it.
    """

    before: Floats
    after: Floats
    values: Floats
    coupling: Floats


def read_optodes(path: Path) -> OptodeFile:
    """Read a SNIRF file.

    Raises
    ------
    UsageError
        If MNE or h5py is not installed.
    WrongDataError
        If it cannot be read, holds several recordings, other than two wavelengths, or uneven sampling.
    """
    require_mne("fNIRS", "fnirs", "h5py")
    import mne

    with warnings.catch_warnings(), mne.use_log_level("ERROR"):
        warnings.simplefilter("ignore")
        try:
            around = frame_of(path)
            raw = _raw_of(path, around.group)
        except WrongDataError:
            raise
        except AttributeError as error:
            raise WrongDataError(f"{path.name} holds no samples (mne: {error}); export it again.") from error
        except Exception as error:
            raise WrongDataError(f"{path.name} cannot be read as SNIRF ({error}). Export it again.") from error
    kinds = set(raw.get_channel_types())
    if not (kinds <= {"fnirs_cw_amplitude"} or kinds <= {"hbo", "hbr"}):
        raise WrongDataError(
            f"{path.name} holds {', '.join(sorted(kinds))}; expected the light of continuous waves, or HbO and HbR."
        )
    return _by_pair(path, raw, around)


def _raw_of(path: Path, group: str) -> BaseRaw:
    import mne

    if group == "nirs":
        return mne.io.read_raw_snirf(path, preload=True)
    with TemporaryDirectory() as folder:
        return mne.io.read_raw_snirf(with_group(path, group, Path(folder)), preload=True)


def _by_pair(path: Path, raw: BaseRaw, around: SnirfFrame) -> OptodeFile:
    """Sort the channels of a file by source and detector."""
    concentrations = "hbo" in raw.get_channel_types()
    names = [name.rpartition(" ") for name in raw.ch_names]
    seconds = ["hbo", "hbr"] if concentrations else sorted({word for _, _, word in names}, key=float)
    if len(seconds) != 2:
        raise WrongDataError(f"{path.name} has {len(seconds)} wavelengths ({', '.join(seconds)}); expected two.")
    places = {(pair, word): i for i, (pair, _, word) in enumerate(names)}
    pairs = list(dict.fromkeys(pair for pair, _, _ in names))
    if lone := [pair for pair in pairs if not all((pair, word) in places for word in seconds)]:
        raise WrongDataError(f"{path.name}: {', '.join(lone)} have one of two wavelengths alone; export it again.")
    order = np.array([[places[pair, word] for word in seconds] for pair in pairs])
    found = np.array([channel["loc"][3:9] for channel in raw.info["chs"]], dtype=np.float64)[order[:, 0]]
    positions = found.reshape(-1, 2, 3)
    positions[~positions.any(axis=(1, 2))] = np.nan
    return OptodeFile(
        values=raw.get_data()[order] * (1e6 if concentrations else 1.0), positions=positions,
        pairs=tuple(around.named(pair) for pair in pairs),
        wavelengths=(0.0, 0.0) if concentrations else (float(seconds[0]), float(seconds[1])),
        rate=_rate(path, around.times, float(raw.info["sfreq"])), stimuli=around.stimuli,
        first=float(around.times[0]) if len(around.times) else 0.0, concentrations=concentrations,
        length_unit=around.length_unit,
    )  # fmt: skip


def _rate(path: Path, times: Floats, told: float) -> float:
    """Return samples a second; refuse steps that are uneven."""
    if len(times) < 3:
        return told
    steps = np.diff(times)
    step = float(np.median(steps))
    if not step > 0 or float(np.abs(steps / step - 1).max()) > JITTER:
        raise WrongDataError(
            f"{path.name} is sampled unevenly: steps from {steps.min():.4g} to {steps.max():.4g} s. Export it with an "
            "even sampling rate."
        )
    return told


def to_haemoglobin(held: OptodeFile, *, motion: str, ppf: tuple[float, float]) -> Haemoglobin:
    """Return optical density, coupling with the scalp, and changes of haemoglobin of light.

    Parameters
    ----------
    held : OptodeFile
        Of light above 0 everywhere, with known distances.
    motion : {'tddr', 'none'}
        Temporal derivative distribution repair (Fishburn 2019, doi:10.1016/j.neuroimage.2018.09.025).
    ppf : (float, float)
        Partial pathlength factor at each wavelength.
    """
    import mne
    from mne.preprocessing import nirs

    with warnings.catch_warnings(), mne.use_log_level("ERROR"):
        warnings.simplefilter("ignore")
        density = nirs.optical_density(mne.io.RawArray(held.values.reshape(-1, held.values.shape[-1]), _info(held)))
        coupling = np.full(len(held.pairs), np.nan)
        if held.rate >= SLOWEST:
            coupling = np.asarray(nirs.scalp_coupling_index(density.copy(), *HEART))[::2]
        before = density.get_data().reshape(held.values.shape)
        if motion == "tddr":
            density = nirs.temporal_derivative_distribution_repair(density)
        after = density.get_data().reshape(held.values.shape)
        found = nirs.beer_lambert_law(density, ppf=ppf).get_data().reshape(held.values.shape)
    return Haemoglobin(before=before, after=after, values=found * 1e6, coupling=coupling)


def _info(held: OptodeFile) -> Info:
    import mne

    names = [f"{source}_{detector} {wave:g}" for source, detector in held.pairs for wave in held.wavelengths]
    info = mne.create_info(names, held.rate, "fnirs_cw_amplitude")
    for i, channel in enumerate(info["chs"]):
        source, detector = held.positions[i // 2]
        channel["loc"][:10] = [*(source + detector) / 2, *source, *detector, held.wavelengths[i % 2]]
    return info
