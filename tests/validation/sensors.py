"""Part of `make validation`: trials of nothing made of the spectra of a real recording of EEG, and planted changes.

Every spectrum is the mean over segments of EEGLAB's sample recording (DEQI_TEST_DATA), drawn anew for each session of
each invented participant, so that channels and frequencies go together as they really do. Writes a table into
docs/validation.md and ends with 1 if a rate is outside its band.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish
from real_data import FOLDER

from bids_app.dataset.mne_files.electrodes import read_electrodes
from bids_app.dataset.montages import TEN_TEN, nominal_positions, region
from bids_app.signals.oscillations import Spectra
from bids_app.signals.periodogram import density
from bids_app.signals.scalp import neighbours
from bids_app.signals.segments import windows
from bids_app.statistics.clusters.adjacency import product
from bids_app.statistics.permutation import corrections, engine, linear_model, permutation_test
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- sensors: made by make validation -->", "<!-- end of sensors -->"
PER_ARM, SEGMENTS, PERMUTATIONS, FORMING_P = 20, 12, 500, 0.001
ALPHA, STEEPER = 1.2, 0.15
"""Planted: factor of the power between 8 and 13 Hz at the back; what is taken from the exponent of every channel."""

FREQUENCIES = np.arange(4, 181) / 4
CASES = ("nothing", "20 % more alpha at the back in verum", "an exponent smaller by .15 in verum")
HEADS = ("spectrum", "flattened", "either, corrected over both", "exponent at the back")


@cache
def recorded() -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the density of every segment, (segments, channels, bins), and the names of the channels."""
    held = read_electrodes(FOLDER / "eeg_eeglab" / "eeglab_data.set")
    brain = [i for i, name in enumerate(held.names) if not name.startswith("EOG")]
    data = held.data[brain] - held.data[brain].mean(axis=0)
    length = round(4 * held.rate)
    starts = windows(data.shape[1], length, length, held.cuts)
    each = [density(data, starts[i : i + 1], length, held.rate, slice(4, 181)) for i in range(len(starts))]
    return np.stack(each), tuple(held.names[i] for i in brain)


@cache
def back() -> list[int]:
    return region(["posterior"], recorded()[1])


@cache
def geometry(df: int) -> engine.SpatialStructure:
    names = recorded()[1]
    near = neighbours(nominal_positions(names, TEN_TEN))
    shape = len(names), len(FREQUENCIES)
    around = product(shape, near, np.arange(np.prod(shape)))
    return engine.SpatialStructure(neighbours=around, threshold=permutation_test.cluster_threshold(FORMING_P, df))


def trial(case: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return densities before and after, (participants, channels, bins), and the arm of each."""
    rng, (segments, _) = np.random.default_rng([17, seed]), recorded()
    arm = np.repeat([1.0, 0.0], PER_ARM)
    found = np.empty((2, len(arm), *segments.shape[1:]))
    for person in range(len(arm)):
        own = rng.choice(len(segments), SEGMENTS)  # what both sessions have in common
        for visit in range(2):
            found[visit, person] = segments[[*own, *rng.choice(len(segments), SEGMENTS)]].mean(axis=0)
    if case == CASES[1]:
        inside = np.flatnonzero((FREQUENCIES >= 8) & (FREQUENCIES < 13))
        found[1][np.ix_(arm == 1, back(), inside)] *= ALPHA
    if case == CASES[2]:
        found[1, arm == 1] *= FREQUENCIES**STEEPER
    return found[0], found[1], arm


def one(case: str, number: int) -> tuple[int, ...]:
    """Return which of the tests find a difference in one data set."""
    before, after, arm = trial(case, number)
    spectra = [Spectra(density=d.reshape(-1, len(FREQUENCIES)), frequencies=FREQUENCIES) for d in (before, after)]
    maps = {
        "spectrum": [np.log10(s.density) for s in spectra],
        "flattened": [s.flattened for s in spectra],
    }
    p, nulls = [], []
    for pre, post in maps.values():
        model = linear_model.fit(
            post.reshape(len(arm), -1), arm[:, None], np.ones((len(arm), 1)), pre.reshape(len(arm), -1)
        )
        scheme = Rerandomisation(arm, np.zeros(len(arm), int), number, PERMUTATIONS)
        null = permutation_test.run(model, scheme, geometry(model.df)).maxima["mass"]
        p.append(corrections.familywise_p(null[:1], null)[0])
        nulls.append(null)
    joint = min(corrections.joint_p(np.array([own]), corrections.joint_null(nulls))[0] for own in p)
    lines = [s.line.exponent.reshape(len(arm), -1)[:, back()].mean(axis=1) for s in spectra]
    return (*(int(own <= 0.05) for own in p), int(joint <= 0.05), int(ancova(*lines, arm) <= 0.05))


def ancova(before: np.ndarray, after: np.ndarray, arm: np.ndarray) -> float:
    """Return p of the difference between arms, given the value before."""
    x = np.column_stack([arm, np.ones(len(arm)), before])
    beta, left, *_ = np.linalg.lstsq(x, after, rcond=None)
    error = np.sqrt(left[0] / (len(arm) - 3) * np.linalg.inv(x.T @ x)[0, 0])
    return float(2 * stats.t.sf(abs(beta[0] / error), len(arm) - 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    if not (FOLDER / "eeg_eeglab").is_dir():
        print(f"No EEG in {FOLDER}: the table of sensors is left as it is.", file=sys.stderr)
        return
    rates = {}
    with ProcessPoolExecutor(args.jobs) as pool:
        for case in CASES:
            sets = args.sets if case == CASES[0] else args.sets // 5
            print(case, file=sys.stderr)
            rates[case] = np.mean(list(pool.map(one, [case] * sets, range(sets), chunksize=5)), axis=0)
    rows = [f"| {case} | {' | '.join(f'{rate:.3f}' for rate in found)} |" for case, found in rates.items()]
    head = f"| planted | {' | '.join(HEADS)} |\n|{'---|' * (len(HEADS) + 1)}"
    text = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {args.sets} data sets of nothing and {args.sets // 5} of each "
        f"planted change, {PER_ARM} participants an arm, {PERMUTATIONS} re-randomisations, "
        f"{len(recorded()[1])} channels x {len(FREQUENCIES)} frequencies, cluster mass at p .001, own baseline."
    )
    publish(DOCUMENT, MARKS, text + "\n\n" + "\n".join([head, *rows]) + "\n")
    failed = [name for name, rate in zip(HEADS[:3], rates[CASES[0]], strict=False) if abs(rate - 0.05) > 0.02]
    alpha, exponent = rates[CASES[1]], rates[CASES[2]]
    failed += [] if min(alpha[:2]) > 0.8 else ["alpha that was planted is not found in both"]
    failed += (
        [] if exponent[3] > 0.8 and exponent[1] < 0.15 else ["an exponent is found in what is left above its line"]
    )
    if failed:
        sys.exit(f"Outside their band: {', '.join(failed)}")


if __name__ == "__main__":
    main()
