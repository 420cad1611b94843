"""PET of some of the participants of the demonstration: curves of regions, with a fall planted in one arm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.dataset import SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table

PER_ARM = 8
"""Participants of each arm who have PET."""

BINDING = {"amygdala": 1.5, "caudate": 2.0, "insula": 0.9, "putamen": 2.6, "thalamus": 1.2}
"""Binding potential of each region before treatment, more or less."""

PLANTED, FALL = "thalamus", 0.2
"""Planted: by what share the binding potential falls in verum alone after treatment."""

DECOY, RISE = "insula", 0.25
"""Decoy: by what share the binding potential of another region rises in BOTH arms."""

_LASTS = np.array([10.0] * 6 + [30] * 4 + [60] * 4 + [120] * 4 + [300] * 15)
_RATES = np.array([0.05, 3.0, 0.15])
_SIZES = np.array([100.0, 10 / 2.85, -100.0 - 10 / 2.85])
"""The reference is a sum of exponentials: what one tissue compartment makes of a bolus in plasma."""


def write_scan(folder: Path, words: tuple[str, str], person: int, *, verum: bool, after: bool) -> None:
    """Write the table of curves and the sidecar of one scan.

    Parameters
    ----------
    folder : Path
        The dataset; the table goes to `derivatives/petprep` in it.
    words : tuple of str
        `sub-01`, `ses-pre`.
    person : int
        Draws what is the person's own; with `after` it draws the day.
    """
    now = np.random.default_rng([53, person, after])
    start = np.cumsum(_LASTS) - _LASTS
    table = {"frame_start": start, "frame_end": start + _LASTS, "Cerebellum-Cortex": _means(_SIZES, _RATES)}
    for region, bp in binding(person, verum=verum, after=after).items():
        table[region] = _target(1.0, 0.14, bp)
    noisy = {
        name: values if name.startswith("frame") else values * (1 + 0.01 * now.standard_normal(len(values)))
        for name, values in table.items()
    }
    stem = "_".join([*words, "trc-CFN"])
    write_table(
        folder.joinpath("derivatives", "petprep", *words, "pet", f"{stem}_seg-gtm_desc-preproc_tacs.tsv"), noisy
    )
    about = {"TracerName": "CFN", "TracerRadionuclide": "C11", "ImageDecayCorrected": True, "InjectionStart": 0,
             "FrameTimesStart": start.tolist(), "FrameDuration": _LASTS.tolist(), "ModeOfAdministration": "bolus",
             "InjectedRadioactivity": round(350 + 20 * now.standard_normal(), 1), "InjectedRadioactivityUnits": "MBq",
             "InjectedMass": round(2 + 0.4 * now.standard_normal(), 2), "InjectedMassUnits": "ug",
             "Description": SYNTHETIC_NOTICE}  # fmt: skip
    write_json(folder.joinpath(*words, "pet", f"{stem}_pet.json"), about)


def binding(person: int, *, verum: bool, after: bool) -> dict[str, float]:
    """Return the binding potential of each region of one scan."""
    own, now = np.random.default_rng([47, person]), np.random.default_rng([59, person, after])
    level = np.exp(0.12 * own.standard_normal())
    found = {name: float(bp * level * np.exp(0.04 * now.standard_normal())) for name, bp in BINDING.items()}
    found[PLANTED] *= 1 - FALL * (verum and after)
    found[DECOY] *= 1 + RISE * after
    return found


def _target(r1: float, k2: float, bp: float) -> NDArray[np.float64]:
    """Return the activity of a region by the simplified reference tissue model in closed form, (frames,)."""
    rate = k2 / (1 + bp)
    shared = (k2 - r1 * rate) * _SIZES / (rate - _RATES)
    return _means(np.append(r1 * _SIZES + shared, -shared.sum()), np.append(_RATES, rate))


def _means(sizes: NDArray[np.float64], rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of a sum of exponentials in each frame, (frames,); rates are a minute's."""
    end = np.cumsum(_LASTS)[:, None] / 60
    start = end - _LASTS[:, None] / 60
    return np.asarray(((np.exp(-rates * start) - np.exp(-rates * end)) / rates * sizes).sum(axis=1) / (_LASTS / 60))
