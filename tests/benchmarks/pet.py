"""`make bench-pet`: reference tissue models of every voxel beside nonlinear least squares of scipy, voxel by voxel.

Prints a table and writes it between marks of docs/performance.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from eeg import inside, table
from measured import Cost, cpu, publish
from targets import DOCUMENT, keep

from bids_app.statistics.kinetics import graphical, reference
from bids_app.statistics.kinetics.frames import convolved, fine_curve
from bids_app.vocabulary.curves import Frames

MARKS = "<!-- pet table: made by make bench-pet -->", "<!-- end of pet table -->"
VOXELS, SAMPLE = 200_000, 200
"""Voxels of a brain at 2 mm, and those that scipy fits: its time is taken times their ratio."""

DURATION = np.array([1 / 6] * 6 + [0.5] * 4 + [1.0] * 4 + [2.0] * 4 + [5.0] * 15)
FRAMES = Frames(start=np.cumsum(DURATION) - DURATION, duration=DURATION)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Return a reference and curves of voxels, each with a binding potential, and noise."""
    rng, t = np.random.default_rng(0), FRAMES.middle
    curve = 60 * (np.exp(-0.05 * t) - np.exp(-0.8 * t))
    bp, r1 = rng.uniform(0.2, 3.0, VOXELS), rng.uniform(0.7, 1.3, VOXELS)
    grid = np.linspace(0.2, 3.0, 50)
    rates = 0.14 / (1 + grid)
    shapes = convolved(fine_curve(FRAMES, curve), rates)
    near = np.searchsorted(grid, bp).clip(0, 49)
    targets = r1 * curve[:, None] + (0.14 - r1 * rates[near]) * shapes[:, near]
    return curve, targets * (1 + 0.05 * rng.standard_normal(targets.shape))


def run(model: str) -> None:
    """Fit one model to all voxels, or to a sample by scipy; print the seconds for all."""
    curve, targets = drawn()
    weights = np.ones(len(curve))
    started = time.perf_counter()
    if model == "scipy":
        by_scipy(curve, targets[:, :SAMPLE])
        print((time.perf_counter() - started) * VOXELS / SAMPLE)
        return
    known = reference.bases(FRAMES, curve, weights)
    if model == "srtm":
        reference.srtm(known, targets)
    elif model == "srtm2":
        reference.srtm2(known, targets, 0.14)
    elif model == "mrtm1":
        reference.mrtm1(FRAMES, curve, targets, weights)
    else:
        graphical.logan(FRAMES, curve, targets, weights, 30.0, 0.14)
    print(time.perf_counter() - started)


def by_scipy(curve: np.ndarray, targets: np.ndarray) -> None:
    """Fit SRTM with the same convolution, by Levenberg and Marquardt."""
    from scipy.optimize import curve_fit

    fine = fine_curve(FRAMES, curve)

    def model(_: object, r1: float, k2: float, bp: float) -> np.ndarray:
        rate = max(k2 / (1 + bp), 1e-5)
        return r1 * curve + (k2 - r1 * rate) * convolved(fine, np.array([rate]))[:, 0]

    for target in targets.T:
        try:
            curve_fit(model, None, target, [1.0, 0.1, 1.0])
        except RuntimeError:  # no convergence; the time counts
            continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", metavar="MODEL")
    args = parser.parse_args()
    if args.run:
        run(args.run)
        return
    names = {
        "deqi, SRTM with standard errors": "srtm", "deqi, SRTM2 with standard errors": "srtm2",
        "deqi, MRTM1": "mrtm1", "deqi, Logan": "logan",
        f"scipy curve_fit, SRTM (from {SAMPLE} voxels)": "scipy",
    }  # fmt: skip
    found: list[tuple[str, Cost]] = [
        (name, inside([sys.executable, __file__, "--run", model], args.repeats)) for name, model in names.items()
    ]
    where = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, {len(os.sched_getaffinity(0))} cores, Python "
        f"{platform.python_version()}; medians of {args.repeats}. {VOXELS:,} voxels, {len(DURATION)} frames, "
        "without imports; memory with the curves."
    )
    ratio = (
        f"Least squares of scipy take {found[-1][1].seconds / found[0][1].seconds:,.0f} times as long, by its sample."
    )
    keep(pet=found[0][1].seconds, pet_memory=max(cost.memory for _, cost in found[:-1]))
    publish(DOCUMENT, MARKS, "\n\n".join([where, table(("all voxels", "s", "MiB"), found), ratio]) + "\n")


if __name__ == "__main__":
    main()
