"""Part of `make validation`: arms of unequal variance, by re-randomisation and by signs of residuals (robust p).

Writes a table into docs/validation.md between two marks and ends with 1 if a line that the robust p must hold is
outside its band.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage, stats

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish

from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.permutation import corrections, engine, linear_model, permutation_test, wild_bootstrap
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import ResidualSigns

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- unequal variances: made by make validation -->", "<!-- end of unequal variances -->"
SHAPE = (13, 15, 13)
AROUND = lattice(np.ones(SHAPE, dtype=bool))
PATTERNS, FORMING_P = 199, 0.001
STATISTICS = ("voxel", "mass")


@dataclass(frozen=True, kw_only=True)
class Case:
    """A trial of nothing, or with a planted difference.

    Attributes
    ----------
    sizes, spread : tuple
        Participants of each arm, and their standard deviations.
    highest : float or None
        Largest rate that the robust p may have; None where it is printed and not required to hold.
    effect : float
        Standard deviations by which the first arm is larger in a ball.
    """

    name: str
    sizes: tuple[int, ...]
    spread: tuple[float, ...]
    highest: float | None = 0.0
    skewed: bool = False
    baseline: bool = False
    effect: float = 0.0


CASES = (
    Case(name="12:12, SD 2:1", sizes=(12, 12), spread=(2, 1)),
    Case(name="10:10, SD 3:1", sizes=(10, 10), spread=(3, 1)),
    Case(name="20:20, SD 2:1", sizes=(20, 20), spread=(2, 1)),
    Case(name="8:24, the 8 with SD 2", sizes=(8, 24), spread=(2, 1)),
    Case(name="10:10, SD 1:1", sizes=(10, 10), spread=(1, 1)),
    Case(name="own baseline, 12:12, SD 2:1", sizes=(12, 12), spread=(2, 1), baseline=True),
    Case(name="own baseline, 20:20, SD 2:1", sizes=(20, 20), spread=(2, 1), baseline=True),
    Case(name="exponential, 12:12, SD 1:1", sizes=(12, 12), spread=(1, 1), skewed=True),
    Case(name="three arms (F), 8:8:8, SD 2:1:1", sizes=(8, 8, 8), spread=(2, 1, 1), highest=0.10),
    Case(name="three arms (F), 10:10:10, SD 3:1:1", sizes=(10, 10, 10), spread=(3, 1, 1), highest=0.10),
    Case(name="exponential, 12:12, SD 2:1", sizes=(12, 12), spread=(2, 1), skewed=True, highest=None),
    Case(name="5:5, SD 2:1", sizes=(5, 5), spread=(2, 1), highest=None),
    Case(name="power: 16:16, SD 1:1, a ball of .9 SD", sizes=(16, 16), spread=(1, 1), effect=0.9, highest=None),
)
REMARKS = {
    "exponential, 12:12, SD 2:1": "no p tests means here: the page says so",
    "5:5, SD 2:1": "too small for single voxels: the page says so",
    "power: 16:16, SD 1:1, a ball of .9 SD": "what the robust p costs where variances are equal",
}


def smooth(rng: np.random.Generator, count: int, *, skewed: bool) -> np.ndarray:
    """Return smooth maps, (count, voxels), of mean 0 and variance 1, of normal or exponential values."""
    draws = rng.standard_normal((count, *SHAPE))
    fields = ndimage.gaussian_filter(draws, (0, 1.27, 1.27, 1.27)).reshape(count, -1)
    fields = np.asarray(fields / fields.std())
    return -stats.norm.logsf(fields) - 1 if skewed else fields  # each place then has an exponential distribution


def ball() -> np.ndarray:
    places = np.indices(SHAPE) - np.array([6, 7, 6])[:, None, None, None]
    return np.asarray(((places**2).sum(axis=0) <= 9).ravel(), dtype=float)


def trial(case: Case, seed: int) -> tuple[linear_model.LinearModel, np.ndarray]:
    rng = np.random.default_rng([91, seed])
    arm = np.repeat(np.arange(len(case.sizes)), case.sizes)
    before = smooth(rng, len(arm), skewed=False) if case.baseline else None
    outcome = smooth(rng, len(arm), skewed=case.skewed) * np.array(case.spread)[arm][:, None]
    if before is not None:
        outcome = outcome + 0.5 * before
    outcome = outcome + case.effect * np.outer(arm == 0, ball())
    tested = (arm[:, None] == np.arange(len(case.sizes) - 1)).astype(float)
    return linear_model.fit(outcome, tested, np.ones((len(arm), 1)), before), arm.astype(float)


def one(case: Case, number: int) -> dict[str, int]:
    """Return which statistics are familywise significant in one data set, by both kinds of p."""
    model, arm = trial(case, number)
    threshold = permutation_test.cluster_threshold(FORMING_P, model.df, model.rank)
    geometry = engine.SpatialStructure(neighbours=AROUND, threshold=threshold)
    people = tuple(f"sub-{i}" for i in range(len(arm)))
    robust = replace(model, robust=wild_bootstrap.prepare(model))
    nulls = {
        "arms": permutation_test.run(
            model, Rerandomisation(arm, np.zeros(len(arm), int), number, PATTERNS + 1), geometry
        ),
        "robust": permutation_test.run(robust, ResidualSigns(people, number, PATTERNS + 1), geometry),
    }
    return {
        f"{name} {key}": int(corrections.familywise_p(null.maxima[key][:1], null.maxima[key])[0] <= 0.05)
        for name, null in nulls.items() for key in STATISTICS
    }  # fmt: skip


def line(case: Case, found: Sequence[dict[str, int]], highest: float) -> tuple[str, bool]:
    """Return the row of a case, and whether the robust p is inside its band."""
    rates = {head: float(np.mean([f[head] for f in found])) for head in found[0]}
    limit = None if case.highest is None else max(case.highest, highest)
    held = limit is None or max(rates[f"robust {key}"] for key in STATISTICS) <= limit
    remark = REMARKS.get(case.name, f"must stay at or below {limit:.3f}" if limit else "")
    return "| " + " | ".join([case.name, *(f"{rate:.3f}" for rate in rates.values()), remark]) + " |", held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    low, high = (stats.binom.ppf(q, args.sets, 0.05) / args.sets for q in (0.005, 0.995))
    lines = ["| arms | re-randomised: voxel | mass | robust: voxel | mass | |", "|---|---|---|---|---|---|"]
    failed = []
    with ProcessPoolExecutor(args.jobs) as pool:
        for case in CASES:
            print(case.name, file=sys.stderr)
            found = list(pool.map(one, [case] * args.sets, range(args.sets), chunksize=10))
            text, held = line(case, found, high)
            lines.append(text)
            failed += [] if held else [case.name]
    text = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {args.sets} data sets a line, {PATTERNS} relabellings or patterns "
        f"each, {np.prod(SHAPE):,} voxels, cluster-forming p .001 two-sided. Nominal is .05; chance alone gives "
        f"{low:.3f} to {high:.3f} in 99 of 100 lines.\n\n" + "\n".join(lines) + "\n"
    )
    publish(DOCUMENT, MARKS, text)
    if failed:
        sys.exit(f"Outside their band: {', '.join(failed)}")


if __name__ == "__main__":
    main()
