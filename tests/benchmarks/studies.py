"""`make bench-studies`: redraws of reported peaks, pooled maps and sign flips of studies, beside plain scripts.

Prints a table and writes it between marks of docs/performance.md. `--outside PYTHON` names an interpreter that has
NiMARE, whose redraws are then timed too.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).parent))

from eeg import inside
from measured import Cost, cpu, publish
from targets import DOCUMENT, keep

MARKS = "<!-- studies table: made by make bench-studies -->", "<!-- end of studies table -->"
SHAPE, EXPERIMENTS, FOCI, STUDIES, VOXELS, PATTERNS = (91, 109, 91), 21, 13, 12, 200_000, 512
REDRAWS, FEW = 200, 2
"""Redraws, or patterns, that deqi does, and that a plain script does, which is then multiplied."""

NIMARE = """
import sys, time, warnings
warnings.filterwarnings("ignore")
from nimare.meta.cbma.ale import ALE
from nimare.correct import FWECorrector
from nimare.nimads import Studyset
studies = Studyset(sys.argv[1], target="mni152_2mm")
found = ALE().fit(studies)
started = time.perf_counter()
FWECorrector(method="montecarlo", n_iters=int(sys.argv[2]), n_cores=1).transform(found)
print(time.perf_counter() - started)
"""


def mask() -> np.ndarray:
    """An ellipsoid of about 230,000 voxels."""
    middle = (np.array(SHAPE) - 1) / 2
    away = ((np.indices(SHAPE).reshape(3, -1).T - middle) / (0.49 * np.array(SHAPE))) ** 2
    return (away.sum(axis=1) <= 0.93).reshape(SHAPE)


def timed(work: Callable[[], object], times: float = 1.0) -> None:
    started = time.perf_counter()
    work()
    print((time.perf_counter() - started) * times)


def peaks(whose: str) -> None:
    """Do redraws of all foci with clusters, on one thread."""
    from bids_app.statistics.synthesis.coordinate_null import Redraws, anywhere, redrawn
    from bids_app.statistics.synthesis.coordinate_statistics import Likelihood
    from bids_app.statistics.synthesis.coordinates import Brain, Experiment
    from bids_app.statistics.synthesis.reported_foci import kernel_deviation
    from bids_app.vocabulary.grid import Grid

    brain = Brain(grid=Grid(SHAPE, np.diag([2.0, 2, 2, 1])), mask=mask())
    rng = np.random.default_rng(0)
    people = rng.integers(10, 40, EXPERIMENTS).astype(float)
    foci = [brain.positions[rng.integers(len(brain.positions), size=FOCI)] for _ in people]
    if whose == "plain":
        places = [np.rint(one / 2).astype(int) for one in foci]
        timed(
            lambda: [_plain_map(places, people / 1.0, brain.mask, kernel_deviation) for _ in range(FEW)], REDRAWS / FEW
        )
        return
    experiments = [Experiment(name="", foci=one, people=n) for one, n in zip(foci, people, strict=True)]
    layout, statistic = brain.layout(experiments), Likelihood([*people], 2.0)
    redrawn(statistic, layout, 0.01, Redraws(redraw=anywhere(layout, 1), total=2))  # compiled
    timed(lambda: redrawn(statistic, layout, 0.01, Redraws(redraw=anywhere(layout, 1), total=REDRAWS)))


def _plain_map(
    places: list[np.ndarray], people: np.ndarray, inside_of: np.ndarray, deviation: Callable[[float], float]
) -> int:
    """Return the largest cluster of one redraw as a script would: an image for each experiment, labels by scipy."""
    silent = np.ones(SHAPE)
    for own, n in zip(places, people, strict=True):
        kernel = np.zeros((31, 31, 31))
        kernel[15, 15, 15] = 1
        kernel = ndimage.gaussian_filter(kernel, deviation(n) / 2)
        one = np.zeros(np.array(SHAPE) + 30)
        for x, y, z in own:
            part = one[x : x + 31, y : y + 31, z : z + 31]
            np.maximum(part, kernel, out=part)
        silent *= 1 - one[15:-15, 15:-15, 15:-15]
    labels, _ = ndimage.label((1 - silent > 0.01) & inside_of)
    return int(np.bincount(labels.ravel())[1:].max(initial=0))


def maps(whose: str, name: str) -> None:
    """Pool maps of studies, or flip their signs, on one thread."""
    from bids_app.statistics.permutation.schemes import SignFlips
    from bids_app.statistics.synthesis.pooling import pool
    from bids_app.statistics.synthesis.sign_flips import flipped

    rng = np.random.default_rng(1)
    y, v = rng.normal(0.2, 0.4, (STUDIES, VOXELS)), rng.uniform(0.02, 0.2, (STUDIES, VOXELS))
    if name == "pooled":
        timed(lambda: pool(y, v, "DL").t if whose == "ours" else _plain_t(y, v))
        return
    if whose == "ours":
        flipped(y[:, :10], v[:, :10], SignFlips(STUDIES, 0, 4))  # compiled
        timed(lambda: flipped(y, v, SignFlips(STUDIES, 0, PATTERNS)))
    else:
        timed(lambda: [np.abs(_plain_t(-y, v)).max() for _ in range(FEW)], PATTERNS / FEW)


def _plain_t(y: np.ndarray, v: np.ndarray) -> np.ndarray:
    w = 1 / v
    mean = (w * y).sum(0) / w.sum(0)
    q = (w * (y - mean) ** 2).sum(0)
    tau2 = np.maximum(0, (q - (len(y) - 1)) / (w.sum(0) - (w**2).sum(0) / w.sum(0)))
    w = 1 / (v + tau2)
    mean = (w * y).sum(0) / w.sum(0)
    return np.asarray(mean / np.sqrt((w * (y - mean) ** 2).sum(0) / (len(y) - 1) / w.sum(0)))


NAMES = {
    "peaks": f"{REDRAWS} redraws of {EXPERIMENTS * FOCI} foci of {EXPERIMENTS} experiments, with clusters",
    "pooled": f"{STUDIES} maps of {VOXELS:,} voxels pooled (DerSimonian-Laird, Hartung-Knapp)",
    "flips": f"{PATTERNS} patterns of signs of them",
}  # fmt: skip


def run(whose: str, name: str) -> None:
    """Do one piece of work and print its seconds."""
    if name == "peaks":
        peaks(whose)
    else:
        maps(whose, name)


def line(name: str, found: Cost, other: Cost) -> str:
    costs = " | ".join(f"{cost.seconds:.3g} | {cost.memory:.0f}" for cost in (found, other))
    return f"| {name} | {costs} | **{other.seconds / found.seconds:.1f}** |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--run", nargs=2, metavar=("WHOSE", "WORK"))
    parser.add_argument("--outside", help="an interpreter that has NiMARE")
    parser.add_argument("--studyset", help="a NIMADS studyset for it")
    args = parser.parse_args()
    if args.run:
        run(*args.run)
        return
    lines = ["| one thread | deqi, s | MiB | plain script, s | MiB | times |", "|---|---|---|---|---|---|"]
    seconds = {}
    for key, name in NAMES.items():
        pair = [inside([sys.executable, __file__, "--run", whose, key], args.repeats) for whose in ("ours", "plain")]
        lines.append(line(name, *pair))
        seconds[key] = pair[0].seconds
        print(lines[-1])
    keep(redraw=1000 * seconds["peaks"] / REDRAWS, pooled=seconds["pooled"])
    said = ""
    if args.outside:
        words = [args.outside, "-c", NIMARE, args.studyset, "20"]
        seconds = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1])
        said = f" NiMARE does one redraw of that studyset in {1000 * seconds / 20:.0f} ms, clusters included."
    text = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, Python {platform.python_version()}; medians of "
        f"{args.repeats}, without imports; memory with the input. Plain scripts of NumPy and scipy do {FEW} redraws or "
        f"patterns, times what is left.{said}\n\n" + "\n".join(lines) + "\n"
    )  # fmt: skip
    publish(DOCUMENT, MARKS, text)


if __name__ == "__main__":
    main()
