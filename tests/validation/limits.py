"""Part of `make validation`: how often 95 % limits of clinical numbers hold the truth, and how often p refuses nothing.

Writes a table into docs/validation.md between two marks and ends with 1 if a line is outside its band.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish

from bids_app.statistics import effect_size
from bids_app.statistics.clinical.ancova import compare
from bids_app.statistics.clinical.clda import compare_visits
from bids_app.statistics.clinical.rank_tests import between_arms
from bids_app.statistics.clinical.rate_ratio import compare_rates
from bids_app.statistics.clinical.responders import risk_difference
from bids_app.statistics.clinical.visits import Visits
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- limits: made by make validation -->", "<!-- end of limits -->"
DRAWN = 200
"""Re-randomisations, the observed one among them: 10 of them are .05."""

Found = tuple[float, float, float]
"""p of data without an effect (NaN where a line has none), and the limits of data with one."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A kind of number, how a trial of it is made and analysed, its truth, and what it must hold.

    `wide` tells that values are so coarse that limits cover more than they say: no upper band. `part` says how many of
    the trials a slow or a quick line takes. `low` and `high` are what the limits may hold the truth in, but for chance.
    """

    name: str
    one: Callable[[np.random.Generator], Found]
    truth: float
    wide: bool = False
    part: float = 1.0
    low: float = 0.95
    high: float = 0.95


def arms(sizes: tuple[int, int]) -> tuple[np.ndarray, Rerandomisation, np.ndarray]:
    arm = np.repeat([1.0, 0.0], sizes)
    return arm, Rerandomisation(arm, np.zeros(len(arm), dtype=int), 7, DRAWN), np.ones((len(arm), 1))


def difference(rng: np.random.Generator, sizes: tuple[int, int], spread: float) -> Found:
    """Adjusted for the value before; the first arm is more spread."""
    arm, scheme, ones = arms(sizes)
    before = rng.standard_normal(len(arm))
    after = 0.5 * before + rng.standard_normal(len(arm)) * np.where(arm == 1, spread, 1)
    moved = compare(after + 0.8 * arm, arm, ones, before, scheme)
    return compare(after, arm, ones, before, scheme).rerandomised_p, moved.low, moved.high


def rate(rng: np.random.Generator, sizes: tuple[int, int]) -> Found:
    """Counts of people with rates of their own (negative binomial); the limits are of the log ratio."""
    arm, scheme, ones = arms(sizes)
    own = rng.gamma(4.0, 1 / 4.0, len(arm))
    before = rng.poisson(8 * own).astype(float)
    plain, treated = rng.poisson(8 * own).astype(float), rng.poisson(8 * own * np.where(arm == 1, 0.6, 1)).astype(float)
    moved = compare_rates(treated, arm, ones, before, scheme)
    return compare_rates(plain, arm, ones, before, scheme).rerandomised_p, moved.low, moved.high


def visits(rng: np.random.Generator, n: int) -> Found:
    """Three visits, some of which people lack the more the worse they were at the visit before."""
    arm, scheme, ones = arms((n, n))
    root = np.linalg.cholesky(np.array([[1, 0.5, 0.4], [0.5, 1, 0.6], [0.4, 0.6, 1]]))
    values = rng.standard_normal((2 * n, 3)) @ root.T
    values[:, 2] += 0.5 * arm
    lost = rng.random(2 * n) < np.where(values[:, 1] > 0, 0.3, 0.1)
    values[lost, 2] = np.nan
    found = compare_visits(Visits(values, arm, ones), 2, scheme)
    return np.nan, found.low, found.high


def ranks(rng: np.random.Generator, n: int) -> Found:
    """Ratings from 0 to 10, which tie."""
    one, other = (np.clip(np.rint(rng.normal(5, 2, n)), 0, 10) for _ in range(2))
    moved = between_arms(one + 1, other)
    return between_arms(one, other).p, moved.low, moved.high


def responders(rng: np.random.Generator, n: int) -> Found:
    one, other, more = rng.binomial(n, 0.3), rng.binomial(n, 0.3), rng.binomial(n, 0.55)
    moved = risk_difference(int(more), n, int(other), n)
    return risk_difference(int(one), n, int(other), n).p_score, moved.low, moved.high


def standardised(rng: np.random.Generator, n: int, g: float, rho: float) -> Found:
    """Hedges g of an adjusted difference, by the deviation before treatment."""
    arm, _, ones = arms((n, n))
    before = rng.standard_normal((2 * n, 1))
    after = rho * before + np.sqrt(1 - rho**2) * rng.standard_normal((2 * n, 1)) + g * arm[:, None]
    model = linear_model.fit(after, arm, ones, before)
    margin = stats.t.isf(0.025, model.df) * np.sqrt(model.variance)
    limits = model.effect - margin, model.effect + margin
    _, low, high = effect_size.adjusted_g(model.effect, limits, effect_size.pooled_deviation(before, arm), 2 * n - 2)
    return np.nan, float(low[0]), float(high[0])


LINES = (
    *(
        Line(name=f"difference, {a}:{b}, SD {sd}:1", one=partial(difference, sizes=(a, b), spread=sd), truth=0.8)
        for a, b, sd in ((8, 24, 2), (12, 12, 2), (20, 20, 2), (12, 12, 1), (20, 20, 1))
    ),
    *(
        Line(name=f"ratio of rates, {n}:{n}", one=partial(rate, sizes=(n, n)), truth=float(np.log(0.6)), part=0.5)
        for n in (12, 20, 40)
    ),
    *(
        Line(name=f"difference with gaps (cLDA), {n}:{n}", one=partial(visits, n=n), truth=0.5, part=0.5)
        for n in (12, 18, 25)
    ),
    *(Line(name=f"Hodges-Lehmann shift of ratings, {n}:{n}", one=partial(ranks, n=n), truth=1.0, wide=True)
      for n in (12, 25)),
    *(Line(name=f"responders, {n}:{n}", one=partial(responders, n=n), truth=0.25, wide=True) for n in (20, 40)),
    *(
        Line(name=f"Hedges g of {g}, {n}:{n}, retest {rho}", one=partial(standardised, n=n, g=g, rho=rho), truth=g,
             part=4, low=0.94, high=0.96)
        for g in (0.0, 0.5, 1.0, 2.0) for n in (10, 20, 40) for rho in (0.3, 0.7)
    ),
)  # fmt: skip


def trials(number: int, seed: int, count: int) -> list[tuple[float, bool]]:
    """Return p without an effect, and whether the limits hold the truth, of some trials of a line."""
    line, found = LINES[number], []
    with threadpool_limits(1):  # the processes are the parallelism; threads of tiny products only wait
        for i in range(count):
            p, low, high = line.one(np.random.default_rng([17, number, seed, i]))
            found.append((p, low <= line.truth <= high))
    return found


def row(line: Line, found: list[tuple[float, bool]]) -> tuple[str, bool]:
    """Return the row of a line, and whether it is inside its band, which 99 of 100 lines are by chance alone."""
    count = len(found)
    refused = float(np.mean([p <= 0.05 for p, _ in found])) if np.isfinite(found[0][0]) else None
    covered = float(np.mean([inside for _, inside in found]))
    low = float(stats.binom.ppf(0.005, count, line.low)) / count
    high = 1.0 if line.wide else float(stats.binom.ppf(0.995, count, line.high)) / count
    held = low <= covered <= high and (refused is None or refused <= stats.binom.ppf(0.995, count, 0.05) / count)
    said = f"{low:.3f} or more" if line.wide else f"{low:.3f} to {high:.3f}"
    return (
        f"| {line.name} | {len(found):,} | {'' if refused is None else f'{refused:.3f}'} | {covered:.3f} | {said} |",
        held,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    head = "| limits of | trials | refused without an effect | hold the truth | must hold |"
    lines, failed = [head, "|---|---|---|---|---|"], []
    parts = 20
    with ProcessPoolExecutor(args.jobs) as pool:
        for number, line in enumerate(LINES):
            print(line.name, file=sys.stderr)
            each = pool.map(partial(trials, number, count=int(line.part * args.trials) // parts), range(parts))
            text, held = row(line, [one for part in each for one in part])
            lines.append(text)
            failed += [] if held else [line.name]
    text = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {DRAWN} re-randomisations a trial. Nominal are .05 and .95; of "
        "ratings and responders, which are coarse, limits may hold the truth more often.\n\n"
        + "\n".join(lines) + "\n"
    )  # fmt: skip
    publish(DOCUMENT, MARKS, text)
    if failed:
        sys.exit(f"Outside their band: {', '.join(failed)}")


if __name__ == "__main__":
    main()
