"""Part of `make validation`: syntheses of studies where nothing is to be found.

Writes a table into docs/validation.md between two marks and ends with 1 if a line is outside its band.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from scipy import ndimage, stats

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish

from bids_app.statistics.permutation.schemes import SignFlips
from bids_app.statistics.synthesis.coordinate_null import Redraws, anywhere, redrawn
from bids_app.statistics.synthesis.coordinate_statistics import Likelihood
from bids_app.statistics.synthesis.coordinates import Brain, Experiment
from bids_app.statistics.synthesis.pooling import pool
from bids_app.statistics.synthesis.sign_flips import flipped
from bids_app.statistics.synthesis.subtraction import subtracted, within_trials
from bids_app.vocabulary.grid import Grid

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- syntheses of studies: made by make validation -->", "<!-- end of syntheses of studies -->"
EXPERIMENTS, FOCI = 20, 8


def brain() -> Brain:
    """A ball of about an eighth of a brain, at 2 mm."""
    shape = (40, 44, 38)
    centre = (np.array(shape) - 1) / 2
    inside = (((np.indices(shape).reshape(3, -1).T - centre) / (centre - 1)) ** 2).sum(axis=1) <= 1
    return Brain(grid=Grid(shape, np.diag([2.0, 2, 2, 1])), mask=inside.reshape(shape))


def experiments(rng: np.random.Generator, place: Brain, count: int, foci: int) -> list[Experiment]:
    """Experiments whose foci fall anywhere."""
    return [
        Experiment(
            name=str(i), people=float(rng.integers(12, 40)),
            foci=place.positions[rng.integers(len(place.positions), size=rng.integers(2, foci + 1))],
        )
        for i in range(count)
    ]  # fmt: skip


def peaks(rng: np.random.Generator) -> list[bool]:
    """Return whether extent, mass and height pass of foci that fall anywhere, by 199 redraws."""
    place = brain()
    own = experiments(rng, place, EXPERIMENTS, FOCI)
    statistic, layout = Likelihood([one.people for one in own], place.edge), place.layout(own)
    threshold = statistic.null(statistic.apart(layout)).threshold(0.001)
    how = Redraws(redraw=anywhere(layout, int(rng.integers(2**31))), total=200)
    null = redrawn(statistic, layout, threshold, how)
    return [bool(null.p(name, null.maxima[name][:1])[0] <= 0.05) for name in ("extent", "mass", "voxel")]


def exchanged(rng: np.random.Generator) -> list[bool]:
    """Return whether two contrasts of eight trials differ whose foci all meet at one place."""
    place = brain()
    sides = [experiments(rng, place, 8, 4) for _ in range(2)]
    for one in (one for side in sides for one in side):
        one.foci[0] = np.array([40.0, 44, 38]) + rng.normal(0, 4, 3)
    pairs = list(zip(*sides, strict=True))
    maxima = subtracted(within_trials(pairs, SignFlips(8, 0, 256)), 256, place)
    return [bool((maxima >= maxima[0]).mean() <= 0.05)]


def maps(rng: np.random.Generator, studies: int) -> list[bool]:
    """Return whether smooth maps of studies without any common effect, but of their own, pass by sign flips."""
    shape = (14, 14, 12)
    y = np.stack([ndimage.gaussian_filter(rng.standard_normal(shape), 1.5) for _ in range(studies)]).reshape(
        studies, -1
    )
    own = np.stack([ndimage.gaussian_filter(rng.standard_normal(shape), 3.0) for _ in range(studies)]).reshape(
        studies, -1
    )
    n = rng.integers(15, 50, studies)[:, None]
    y = y / y.std() * np.sqrt(2 / n) + own / own.std() * np.sqrt(0.05)
    maxima = flipped(y, np.broadcast_to(2 / n, y.shape), SignFlips(studies, 0, 512))
    return [bool((maxima >= maxima[0]).mean() <= 0.05)]


Line = tuple[str, Callable[[np.random.Generator], list[bool]], float]
LINES: tuple[Line, ...] = (
    ("peaks that fall anywhere (extent, mass and height of ALE)", peaks, 1),
    ("two contrasts of eight trials that converge alike", exchanged, 1),
    ("maps of seven studies, tau² .05, sign flips", partial(maps, studies=7), 2),
    ("maps of twelve studies, tau² .05, 512 sign flips", partial(maps, studies=12), 2),
)
"""What is looked at, one of it, and how many times as many."""


def trials(number: int, part: int, count: int) -> list[list[bool]]:
    rng = np.random.default_rng([number, part])
    return [LINES[number][1](rng) for _ in range(count)]


def pooled_levels(runs: int) -> list[str]:
    """Return how often single pooled effects pass at .05 where there is none, by model, number of studies and tau²."""
    lines = [
        "| tau² | studies | one common effect | 1 / sum of weights | Hartung-Knapp | never narrower |",
        "|" + "---|" * 6,
    ]
    cases = [(tau2, k) for tau2 in (0.0, 0.05, 0.15) for k in (3, 5, 12)]
    shown = {case: " | ".join(f"{one:.3f}" for one in pooled_shares(*case, runs)) for case in cases}
    return [*lines, *(f"| {tau2:g} | {k} | {shares} |" for (tau2, k), shares in shown.items())]


def pooled_shares(tau2: float, k: int, runs: int) -> list[float]:
    """Return the shares that pass: FE, DL with a normal limit, DL with Hartung-Knapp, and never narrower than Wald."""
    rng = np.random.default_rng([k, round(100 * tau2)])
    v = 2 / rng.integers(15, 50, (k, runs))
    y = rng.standard_normal((k, runs)) * np.sqrt(v + tau2)
    dl = pool(y, v, "DL")
    wald = 2 * stats.norm.sf(np.abs(dl.effect / np.sqrt(dl.variance)))
    shown = (pool(y, v, "FE").p, wald, dl.p, pool(y, v, "DL", conservative=True).p)
    return [float((p <= 0.05).mean()) for p in shown]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    lines, failed, parts = ["| what | data sets | pass at .05 | must lie in |", "|---|---|---|---|"], [], 20
    with ProcessPoolExecutor(args.jobs) as pool_of_jobs:
        for number, (name, _, times) in enumerate(LINES):
            print(name, file=sys.stderr)
            count = int(times * args.trials) // parts
            made = pool_of_jobs.map(partial(trials, number, count=count), range(parts))
            shares = np.mean([one for part in made for one in part], axis=0)
            low, high = stats.binom.ppf((0.005, 0.995), count * parts, 0.05) / (count * parts)
            failed += [name] if (shares > high).any() or shares[0] < low / 2 else []
            said = ", ".join(f"{share:.3f}" for share in shares)
            lines.append(f"| {name} | {count * parts:,} | {said} | {low:.3f} to {high:.3f} |")
    text = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}. Maps and peaks, corrected over the brain.\n\n" + "\n".join(lines)
        + "\n\nSingle effects of studies of 15 to 49 participants an arm, 20,000 runs a line.\n\n"
        + "\n".join(pooled_levels(20_000)) + "\n"
    )  # fmt: skip
    publish(DOCUMENT, MARKS, text)
    if failed:
        sys.exit(f"Outside their band: {', '.join(failed)}")


if __name__ == "__main__":
    main()
