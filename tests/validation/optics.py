"""Part of `make validation`: fNIRS where nothing is to be found: one run, two arms, and two people who do one task.

Writes a table into docs/validation.md between two marks and ends with 1 if a line is outside its band.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import numpy as np
from harness import Line, asked, publish_table, table
from nilearn.glm.first_level.hemodynamic_models import compute_regressor
from scipy import stats
from scipy.signal import lfilter

from bids_app import permutation_test
from bids_app.statistics.optics import robust_model
from bids_app.statistics.optics.coherence import BandWavelet, coherence, transformed
from bids_app.statistics.optics.pairings import pairing_test

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- fnirs: made by make validation -->", "<!-- end of fnirs -->"
RATE = 5.0


@cache
def design(samples: int) -> np.ndarray:
    """Blocks of 20 s every 40 s, slow cosines and a constant."""
    times = np.arange(samples) / RATE
    onsets = np.arange(20, samples / RATE - 20, 40.0)
    events = np.vstack([onsets, np.full(len(onsets), 20.0), np.ones(len(onsets))])
    response, _ = compute_regressor(events, "spm", times, oversampling=10)
    slow = np.cos(np.pi * np.outer(np.arange(samples) + 0.5, np.arange(1, 6)) / samples)
    return np.column_stack([response / response.max(), slow, np.ones(samples)])


def noise(rng: np.random.Generator, samples: int, count: int = 1, phi: float = 0.95) -> np.ndarray:
    white = rng.standard_normal((samples + 300, count))
    return np.asarray(lfilter([1], [1, -phi], white, axis=0)[300:])


def run(rng: np.random.Generator, *, spikes: int, model: str) -> list[bool]:
    """One run of 400 s without any response: does a model find one?"""
    y = noise(rng, 2000)[:, 0]
    y[rng.choice(2000, spikes, replace=False)] += 8 * y.std() * rng.choice([-1, 1], spikes)
    x = design(2000)
    if model == "robust":
        found = robust_model.fit(y, x, 20)
        return [bool(2 * stats.t.sf(abs(robust_model.effect(found, np.eye(7)[0]).t), found.df) <= 0.05)]
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    rest = y - x @ beta
    t = beta[0] / np.sqrt(rest @ rest / (2000 - 7) * np.linalg.inv(x.T @ x)[0, 0])
    return [bool(2 * stats.t.sf(abs(t), 2000 - 7) <= 0.05)]


def trial(rng: np.random.Generator, *, scalp: float) -> list[bool]:
    """Two arms of 8 with the same response of the scalp: does any of 3 channels, HbO or HbR, differ?"""
    x, samples = design(900), 900
    values = np.empty((16, 6))
    for person in range(16):
        size = scalp * (1 + 0.3 * rng.standard_normal())
        own = size * x[:, :1] + 0.3 * noise(rng, samples, 6)
        short = size * x[:, :1] + 0.3 * rng.standard_normal((samples, 4))
        whole = np.column_stack([x, robust_model.short_components(short, 2)])
        weights = np.eye(whole.shape[1])[0]
        fits = robust_model.fit_all(own, whole, 20)
        values[person] = [robust_model.effect(one, weights).size for one in fits]
    arms, seed = np.repeat([1, 0], 8), int(rng.integers(2**31))
    found = permutation_test(values, arms, n_permutations=199, statistic="voxel", seed=seed)
    return [bool(found.p.min() <= 0.05)]


def together(rng: np.random.Generator, *, within: bool) -> list[bool]:
    """Six dyads of each of two arms that do other blocks, without any tie: are true pairs more alike?"""
    samples, rate = 600, 2.0
    wavelet = BandWavelet(samples, rate, (10.0, 20.0))
    times = np.arange(samples) / rate
    boxes = [((times + shift) % period < period / 2).astype(float) for period, shift in ((16.0, 0.0), (24.0, 5.0))]
    arm = np.repeat([0, 1], 6)
    people = [
        [transformed(wavelet, noise(rng, samples, phi=0.8)[:, 0] + 2.0 * boxes[one]) for one in arm] for _ in "ab"
    ]
    alike = np.array([[coherence(one, other).level for other in people[1]] for one in people[0]])
    groups = arm if within else np.zeros(12, dtype=int)
    return [bool(pairing_test(alike[None], groups.astype(np.intp), 399, int(rng.integers(2**31))).p[0] <= 0.05)]


LINES = (
    Line("one run, coloured noise: robust and prewhitened", partial(run, spikes=0, model="robust"), 2, (0.04, 0.13)),
    Line("the same, five spikes of 8 SD", partial(run, spikes=5, model="robust"), 2, (0.03, 0.13)),
    Line("the same, least squares", partial(run, spikes=0, model="least squares"), 1, None),
    Line("two arms, any of 6 channels, the scalp responds in both", partial(trial, scalp=0.7), 1, (0.05, 0.05)),
    Line("two people, other blocks in each arm: pairings within arms", partial(together, within=True), 1, (0.05, 0.05)),
    Line("the same, pairings over both arms", partial(together, within=False), 1, None),
)


def main() -> None:
    rows, failed = table(LINES, (29,), asked(__doc__, 300))
    about = (
        "One run: 400 s at 5 Hz, AR(1) .95, blocks of 20 s. Two arms of 8, "
        "180 s, 199 relabellings. Dyads: six an arm, 300 s at 2 Hz, 399 pairings."
    )
    publish_table(DOCUMENT, MARKS, about, rows, failed)


if __name__ == "__main__":
    main()
