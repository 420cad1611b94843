"""`make bench-measures`: maps that are made on request, of a brain at 2 mm, beside plain scripts on the series.

Prints a table and writes it between marks of docs/performance.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy

sys.path.insert(0, str(Path(__file__).parent))

import region_measures
from eeg import inside
from measured import Cost, cpu, publish
from targets import DOCUMENT, keep

from bids_app.signals import connectome, homotopy
from bids_app.signals.dual_regression import dual_regression
from bids_app.signals.fluctuation import mean_deviation
from bids_app.signals.spectrum import amplitudes, fourier
from bids_app.statistics.degrees import degrees
from bids_app.vocabulary.grid import Grid

MARKS = "<!-- measures table: made by make bench-measures -->", "<!-- end of measures table -->"
SIDES, FRAMES, ROWS, NETWORKS, BLOCK = (68, 82, 66), 240, 100, 20, 2048
"""Voxels (an ellipsoid of about 190,000 of them), frames, degrees of freedom, template maps, rows of a plain block."""

BANDS = ((0.01, 0.08), (0.01, 0.027), (0.027, 0.073), (0.073, 0.198))


def brain() -> tuple[np.ndarray, Grid]:
    """Return the mask of an ellipsoid at 2 mm, and its lattice, symmetric around x = 0."""
    middle = (np.array(SIDES) - 1) / 2
    away = ((np.indices(SIDES).reshape(3, -1).T - middle) / (np.array(SIDES) / 2)) ** 2
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = -2 * middle
    return (away.sum(axis=1) <= 1).reshape(SIDES), Grid(SIDES, affine)


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray, Grid]:
    """Return a basis, coordinates, mask and lattice; neighbours share a little."""
    mask, grid = brain()
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.standard_normal((FRAMES, ROWS)))[0]
    coordinates = rng.standard_normal((ROWS, int(mask.sum())), dtype=np.float32)
    coordinates += 0.3 * rng.standard_normal((ROWS, 1), dtype=np.float32)
    return basis, coordinates, mask, grid


def unit_series(basis: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    series = (basis @ coordinates).astype(np.float32)
    return np.asarray(series / np.linalg.norm(series, axis=0))


def timed(work: Callable[[], object]) -> None:
    started = time.perf_counter()
    work()
    print(time.perf_counter() - started)


def ours(name: str) -> None:
    """Do one measure as deqi does, from coordinates, with two threads; print its seconds."""
    basis, coordinates, mask, grid = drawn()
    if name == "alff":
        spectrum = fourier(FRAMES)
        bands = [spectrum.band(2.0, *edges) for edges in BANDS]
        timed(lambda: amplitudes(spectrum, bands, basis, coordinates))
    elif name == "peraf":
        timed(lambda: mean_deviation(basis, coordinates, 2))
    elif name == "vmhc":
        timed(lambda: homotopy.correlations(coordinates, homotopy.partners(mask, grid).partner))
    elif name == "means":
        unit = connectome.unit_columns(coordinates)
        timed(lambda: (connectome.mean_correlation(unit), connectome.mean_square_correlation(unit)))
    elif name == "degree":
        unit, places = connectome.unit_columns(coordinates), np.argwhere(mask) * 2.0
        degrees(unit[:, :10], 0.25, places[:10], 75.0)  # compiles
        timed(lambda: degrees(unit, 0.25, places, 75.0, 2))
    else:
        maps = np.random.default_rng(1).standard_normal((coordinates.shape[1], NETWORKS))
        timed(lambda: dual_regression(coordinates, coordinates, maps, FRAMES))


def plain(name: str) -> None:
    """Do the same on series as a script would; what takes all pairs is done for two blocks of rows, and multiplied."""
    basis, coordinates, mask, _ = drawn()
    series = (basis @ coordinates).astype(np.float32)
    if name == "alff":
        timed(lambda: [_band(series, *edges) for edges in BANDS])
    elif name == "peraf":
        timed(lambda: np.abs(series).mean(axis=0))
    elif name == "vmhc":
        volume = np.zeros((FRAMES, *mask.shape), np.float32)
        volume[:, mask] = series
        timed(lambda: _correlated(volume[:, mask], volume[:, ::-1][:, mask]))
    elif name in ("means", "degree"):
        _all_pairs(unit_series(basis, coordinates), np.argwhere(mask) * 2.0 if name == "degree" else None)
    else:
        maps = np.random.default_rng(1).standard_normal((coordinates.shape[1], NETWORKS))
        timed(lambda: _twice(series, maps))


def _band(series: np.ndarray, low: float, high: float) -> np.ndarray:
    heights = 2 * np.abs(scipy.fft.rfft(series, 256, axis=0)) / len(series)
    return np.asarray(heights[int(np.ceil(low * 512)) : int(high * 512) + 1].mean(axis=0))


def _correlated(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    return np.asarray((one * other).sum(axis=0) / np.sqrt((one**2).sum(axis=0) * (other**2).sum(axis=0)))


def _twice(series: np.ndarray, maps: np.ndarray) -> np.ndarray:
    courses = np.linalg.lstsq(maps - maps.mean(axis=0), (series - series.mean(axis=1, keepdims=True)).T, rcond=None)[
        0
    ].T
    return np.linalg.lstsq((courses - courses.mean(axis=0)) / courses.std(axis=0), series, rcond=None)[0]


def _all_pairs(unit: np.ndarray, places: np.ndarray | None) -> None:
    started = time.perf_counter()
    for first in (0, BLOCK):
        r = unit[:, first : first + BLOCK].T @ unit
        if places is None:
            r.mean(axis=1), (r**2).mean(axis=1)
            continue
        above = r > 0.25
        apart = scipy.spatial.distance.cdist(places[first : first + BLOCK], places)
        above.sum(axis=1), (r * above).sum(axis=1), (above & (apart > 75)).sum(axis=1)
    print((time.perf_counter() - started) * unit.shape[1] / (2 * BLOCK))


NAMES = {
    "alff": "ALFF and fALFF of four bands", "peraf": "percent amplitude of fluctuation",
    "vmhc": "homotopic connectivity", "means": "mean r and mean r² with all voxels",
    "degree": "degree, weighted and long-range degree", "dual": f"dual regression on {NETWORKS} maps",
}  # fmt: skip


def line(name: str, found: Cost, other: Cost) -> str:
    costs = " | ".join(f"{cost.seconds:.2f} | {cost.memory:.0f}" for cost in (found, other))
    return f"| {name} | {costs} | **{other.seconds / found.seconds:.1f}** |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", nargs=2, metavar=("WHOSE", "MEASURE"))
    args = parser.parse_args()
    if args.run:
        whose, measure = args.run
        if measure in region_measures.NAMES:
            region_measures.run(whose, measure)
        else:
            {"ours": ours, "plain": plain}[whose](measure)
        return
    lines, seconds = [], {}
    for key, name in {**NAMES, **region_measures.NAMES}.items():
        repeats = 1 if key == "degree" else args.repeats
        pair = [inside([sys.executable, __file__, "--run", whose, key], repeats) for whose in ("ours", "plain")]
        lines.append(line(name, *pair))
        seconds[key] = pair[0].seconds
    keep(**{name: seconds[name] for name in ("degree", "vmhc", "means")})
    voxels = int(brain()[0].sum())
    where = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, {len(os.sched_getaffinity(0))} cores, Python "
        f"{platform.python_version()}; medians of {args.repeats} (degree: once). {voxels:,} voxels, {FRAMES} frames, "
        f"{ROWS} degrees of freedom, without imports; memory with the input. Plain scripts begin with the cleaned "
        f"series; those for all pairs do {2 * BLOCK:,} rows, times what is left."
    )
    head = "| all voxels | deqi, s | MiB | plain script, s | MiB | times |\n|---|---|---|---|---|---|"
    publish(DOCUMENT, MARKS, "\n\n".join([where, "\n".join([head, *lines])]) + "\n")


if __name__ == "__main__":
    main()
