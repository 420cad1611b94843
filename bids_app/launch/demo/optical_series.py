"""Made-up light of the demonstration: responses to needling, and all that is no response of the brain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE, SECONDS = 8.0, 300.0

ONSETS = np.arange(30.0, 270.0, 40.0)
"""Blocks of 20 s."""

RESPONSE, OF_SHAM = 1.0, 0.1
"""Planted: µM of oxygenated haemoglobin of the prefrontal cortex while real and sham needles are turned."""

TOUCH = 0.5
"""Decoy: µM of the scalp in both arms, in every channel; short channels see it too."""

MOTOR = 0.4
"""Decoy: µM of the motor cortex in both arms alike."""

SHARED, SHARED_OF_SHAM = 0.8, 0.25
"""Planted: µM of a slow wave that patient and practitioner share, in verum and in sham."""

WAVES = (760.0, 850.0)
EXTINCTION = np.array([[0.58610559, 1.54879903], [1.05819064, 0.69144457]])
"""Of HbO and HbR at both wavelengths, decadic, per cm and mM."""

_PPF = 6.0

WHERE = "Made up: mm from the middle between both ears; x to the right, y to the front, z up."

OPTODES = {
    "S1": (-30.0, 85.0, 40.0), "S2": (30.0, 85.0, 40.0), "S3": (-45.0, -5.0, 95.0), "S4": (45.0, -5.0, 95.0),
    "S5": (0.0, 60.0, 80.0), "D1": (-58.0, 76.0, 38.0), "D2": (0.0, 92.0, 42.0), "D3": (58.0, 76.0, 38.0),
    "D4": (-68.0, -10.0, 77.0), "D5": (-20.0, -8.0, 111.0), "D6": (68.0, -10.0, 77.0), "D7": (-30.0, 83.0, 47.5),
    "D8": (45.0, -11.0, 93.0), "D9": (20.0, -8.0, 111.0),
}  # fmt: skip
PAIRS = (
    ("S1", "D1"), ("S1", "D2"), ("S2", "D2"), ("S2", "D3"), ("S3", "D4"), ("S3", "D5"), ("S4", "D6"), ("S5", "D2"),
    ("S4", "D9"), ("S1", "D7"), ("S4", "D8"),
)  # fmt: skip
PREFRONTAL, OF_HAND, SHORT = (0, 1, 2, 3), (4, 5, 6, 8), (9, 10)
LIGHT = (PAIRS, WAVES, OPTODES)


class Both(NamedTuple):
    """Light of a patient and of who needles, (samples, pairs, 2)."""

    patient: Floats
    practitioner: Floats


def series(number: int, *, verum: bool) -> Both:
    """Return the light of one dyad."""
    rng = np.random.default_rng([61, number])
    times = np.arange(round(SECONDS * RATE)) / RATE
    wave = _slow(rng, times) * (SHARED if verum else SHARED_OF_SHAM)
    planted = (RESPONSE if verum else OF_SHAM) * (1 + 0.25 * rng.standard_normal())
    patient = _haemoglobin(rng, times, planted, wave)
    practitioner = _haemoglobin(rng, times, 0.3, wave)
    return Both(_light(rng, patient, spikes=4 if number % 2 else 1, saturated=number == 5), _light(rng, practitioner))


def _slow(rng: np.random.Generator, times: Floats) -> Floats:
    """Return a slow wave of 10 to 20 s, of unit size."""
    frequencies = np.fft.rfftfreq(len(times), times[1])
    inside = (frequencies > 1 / 20) & (frequencies < 1 / 10)
    phases = rng.standard_normal(len(frequencies)) + 1j * rng.standard_normal(len(frequencies))
    found = np.fft.irfft(phases * inside, len(times))
    return np.asarray(found / found.std())


def _blocks(times: Floats) -> Floats:
    """Return the response to the blocks: a box that rises after some seconds, of peak 1."""
    box = np.zeros(len(times))
    for onset in ONSETS:
        box[(times >= onset) & (times < onset + 20)] = 1.0
    lag = np.arange(0, 30, times[1])
    shape = lag**5 * np.exp(-lag)
    found = np.convolve(box, shape / shape.sum())[: len(times)]
    return np.asarray(found / found.max())


def _haemoglobin(rng: np.random.Generator, times: Floats, planted: float, wave: Floats) -> Floats:
    """Return changes of haemoglobin, (samples, pairs, 2) µM."""
    blocks, count = _blocks(times), len(PAIRS)
    scalp = TOUCH * (1 + 0.2 * rng.standard_normal()) * blocks + 0.3 * _slow(rng, times)
    scalp = scalp + 0.5 * np.sin(2 * np.pi * 0.1 * times + rng.uniform(0, 6)) + 0.2 * np.sin(2 * np.pi * 0.25 * times)
    heart = np.sin(2 * np.pi * np.cumsum(1.1 + 0.05 * rng.standard_normal(len(times))) * times[1])
    found = np.zeros((len(times), count, 2))
    noise = rng.standard_normal((len(times), count, 2)) * 0.25
    for k in range(1, len(times)):
        noise[k] += 0.9 * noise[k - 1]
    for place in range(count):
        short = place in SHORT
        brain = planted * blocks + wave if place in PREFRONTAL else MOTOR * blocks if place in OF_HAND else 0 * blocks
        brain = 0 * blocks if short else brain
        found[:, place, 0] = brain + scalp * rng.uniform(0.8, 1.2) + 0.35 * heart + noise[:, place, 0]
        found[:, place, 1] = -0.35 * brain + 0.1 * scalp + 0.08 * heart + 0.4 * noise[:, place, 1]
    return found


def _light(rng: np.random.Generator, haemoglobin: Floats, spikes: int = 1, *, saturated: bool = False) -> Floats:
    """Return light at both wavelengths, with jumps where the head moved, (samples, pairs, 2)."""
    far = [np.linalg.norm(np.subtract(OPTODES[s], OPTODES[d])) / 10 for s, d in PAIRS]
    density = np.log(10) * 1e-3 * haemoglobin @ EXTINCTION.T * _PPF * np.array(far)[None, :, None]
    for at in rng.integers(200, len(density) - 200, spikes):
        density[at : at + 4] += 0.15 * rng.standard_normal(len(PAIRS))[None, :, None]
    density += 1e-3 * rng.standard_normal(density.shape)
    light = np.exp(-density) * rng.uniform(0.5, 2.0, len(PAIRS))[None, :, None]
    light[:, 7] = np.exp(0.02 * rng.standard_normal((len(light), 2)))  # no contact with the scalp
    if saturated:
        light[:, 6] = np.minimum(light[:, 6], np.quantile(light[:, 6], 0.9))
    return np.asarray(light)


def channel_table(*, bad: bool) -> dict[str, object]:
    """Return channels.tsv."""
    rows = [(i, source, detector, wave) for i, (source, detector) in enumerate(PAIRS) for wave in WAVES]
    return {
        "name": [f"{s}-{d} {wave:g}" for _, s, d, wave in rows], "type": ["NIRSCWAMPLITUDE"] * len(rows),
        "source": [s for _, s, _, _ in rows], "detector": [d for _, _, d, _ in rows],
        "wavelength_nominal": [f"{wave:g}" for *_, wave in rows], "units": ["V"] * len(rows),
        "sampling_frequency": [f"{RATE:g}"] * len(rows),
        "short_channel": ["true" if i in SHORT else "false" for i, *_ in rows],
        "status": ["bad" if bad and i == 6 else "good" for i, *_ in rows],
    }  # fmt: skip


def optode_table() -> dict[str, object]:
    """Return optodes.tsv."""
    kinds = {"S": "source", "D": "detector"}
    return {
        "name": list(OPTODES), "type": [kinds[name[0]] for name in OPTODES],
        **{axis: [place[i] for place in OPTODES.values()] for i, axis in enumerate("xyz")},
    }  # fmt: skip
