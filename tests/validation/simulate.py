"""`make validation`: false positives of every scheme and statistic where there is no effect, as a table of docs.

Maps are skewed, smooth over two scales (as brain images are) and differ between people and sites. Nothing is typed in
by hand: the script writes the table between two marks.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage, stats

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish

from bids_app.statistics.clusters import random_field_report
from bids_app.statistics.clusters.lattice import lattice
from bids_app.statistics.permutation import corrections, engine, linear_model, permutation_test
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.permutation.schemes import Exchange, SignFlips

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- false positives: made by make validation -->", "<!-- end of false positives -->"
SHAPE = (13, 15, 13)
MASK = np.ones(SHAPE, dtype=bool)
AROUND = lattice(MASK)
RELABELLINGS, FORMING_P = 199, 0.001


def maps(rng: np.random.Generator, count: int, *, gaussian: bool = False) -> np.ndarray:
    """Return smooth maps, (count, voxels): 3 voxels FWHM, and 30 % of the variance at three times that.

    Their expectation is 0. It is not their mean that is taken away: sign flips would tell maps whose mean is 0 apart.
    """
    draw = rng.standard_normal if gaussian else lambda size: rng.lognormal(0, 0.6, size) - np.exp(0.18)
    parts = []
    for width, share in ((1.27, 0.7), (3.8, 0.3)) if not gaussian else ((1.27, 1.0),):
        field = ndimage.gaussian_filter(draw((count, *SHAPE)), (0, width, width, width)).reshape(count, -1)
        parts.append(np.sqrt(share) * field / field.std())
    return np.sum(parts, axis=0)


def trial(rng: np.random.Generator, arm: np.ndarray, site: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    person = maps(rng, len(arm)) + site[:, None]
    return person + maps(rng, len(arm)), person + maps(rng, len(arm))


def balanced(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    site = np.repeat([0, 1], 10)
    return np.concatenate([rng.permutation([1.0] * 5 + [0.0] * 5) for _ in range(2)]), site


def adjusted(rng: np.random.Generator, seed: int):
    arm, site = balanced(rng)
    pre, post = trial(rng, arm, site)
    nuisance = np.column_stack([np.ones(20), site, rng.standard_normal(20)])
    return linear_model.fit(post, arm, nuisance, pre), Rerandomisation(arm, site, seed, RELABELLINGS)


def change(rng: np.random.Generator, seed: int):
    arm, site = balanced(rng)
    pre, post = trial(rng, arm, site)
    return linear_model.fit(post - pre, arm, np.column_stack([np.ones(20), site])), Rerandomisation(
        arm, site, seed, RELABELLINGS
    )


def within(rng: np.random.Generator, seed: int):
    pre, post = trial(rng, np.zeros(16), np.zeros(16))
    covariate = rng.standard_normal((16, 1))
    return linear_model.fit(post - pre, np.ones(16), covariate - covariate.mean()), SignFlips(16, seed, RELABELLINGS)


def slope(rng: np.random.Generator, seed: int):
    arm, site = balanced(rng)
    pre, post = trial(rng, arm, site)
    value = rng.lognormal(0, 0.5, 20) + arm
    return linear_model.fit(post - pre, value, np.column_stack([np.ones(20), arm])), Exchange(
        arm.astype(int), seed, RELABELLINGS
    )


def three_arms(rng: np.random.Generator, seed: int):
    arm = rng.permutation(np.repeat([0.0, 1, 2], 8))
    pre, post = trial(rng, arm, np.zeros(24))
    dummies = (arm[:, None] == [0, 1]).astype(float)
    return linear_model.fit(post, dummies, np.ones((24, 1)), pre), Rerandomisation(
        arm, np.zeros(24, dtype=int), seed, RELABELLINGS
    )


def unequal(rng: np.random.Generator, seed: int, by_arm: bool = True, small: int = 8):
    arm = rng.permutation([1.0] * small + [0.0] * 3 * small)
    outcome = maps(rng, len(arm), gaussian=True) * np.where(arm == 1, 2.0, 1.0)[:, None]
    model = replace(linear_model.fit(outcome, arm, np.ones((len(arm), 1))), by_arm=by_arm)
    return model, Rerandomisation(arm, np.zeros(len(arm), dtype=int), seed, RELABELLINGS)


def unequal_larger(rng: np.random.Generator, seed: int):
    return unequal(rng, seed, small=20)


def unequal_small(rng: np.random.Generator, seed: int):
    arm = rng.permutation(np.repeat([1.0, 0.0], 10))
    outcome = maps(rng, len(arm), gaussian=True) * np.where(arm == 1, 3.0, 1.0)[:, None]
    model = replace(linear_model.fit(outcome, arm, np.ones((len(arm), 1))), by_arm=True)
    return model, Rerandomisation(arm, np.zeros(len(arm), dtype=int), seed, RELABELLINGS)


def pooled(rng: np.random.Generator, seed: int):
    return unequal(rng, seed, by_arm=False)


def site_ignored(rng: np.random.Generator, seed: int, within_site: bool = False):
    site = np.repeat([0, 1], 20)
    arm = np.concatenate([rng.permutation([1.0] * k + [0.0] * (20 - k)) for k in (15, 5)])
    _, post = trial(rng, arm, 2.0 * site)
    blocks = site if within_site else np.zeros(40, dtype=int)
    return linear_model.fit(post, arm, np.ones((40, 1))), Rerandomisation(arm, blocks, seed, RELABELLINGS)


def site_kept(rng: np.random.Generator, seed: int):
    return site_ignored(rng, seed, within_site=True)


def dropout(rng: np.random.Generator, seed: int, exchange: bool = False):
    """Those who begin high leave the active arm: missing at random given baseline and arm."""
    arm = rng.permutation(np.repeat([1.0, 0.0], 20))
    pre, post = trial(rng, arm, np.zeros(40))
    stays = (arm == 0) | (pre.mean(axis=1) < np.quantile(pre.mean(axis=1), 0.75))
    arm, pre, post = arm[stays], pre[stays], post[stays]
    blocks = np.zeros(len(arm), dtype=int)
    scheme = Exchange(blocks, seed, RELABELLINGS) if exchange else Rerandomisation(arm, blocks, seed, RELABELLINGS)
    return linear_model.fit(post, arm, np.ones((len(arm), 1)), pre), scheme


def dropout_exchanged(rng: np.random.Generator, seed: int):
    return dropout(rng, seed, exchange=True)


CASES: dict[str, tuple[Callable, str]] = {
    "ANCOVA, own baseline, two sites": (adjusted, ""),
    "change between arms, two sites": (change, ""),
    "change within an arm, covariate (sign flips)": (within, ""),
    "slope on a value, arms as blocks (Freedman-Lane)": (slope, ""),
    "three arms, own baseline (F)": (three_arms, ""),
    "20 against 60, the small arm twice as spread: Welch": (
        unequal_larger,
        "a little too many: the page warns, read the robust p",
    ),
    "8 against 24, the small arm twice as spread: Welch": (unequal, "fails: the page warns, read the robust p"),
    "10 against 10, one arm three times as spread: Welch": (unequal_small, "fails: the page warns, read the robust p"),
    "8 against 24 with pooled variances": (pooled, "fails, as it must: shown as a warning"),
    "sites 15:5 and 5:15, re-randomised within sites": (site_kept, ""),
    "the same, sites ignored": (site_ignored, "fails, as it must: shown as a warning"),
    "dropout by baseline and arm, ANCOVA": (dropout, "not exact by design"),
    "the same, residuals exchanged": (dropout_exchanged, ""),
}


def one(case: str, number: int) -> dict[str, int]:
    """Return which statistics are familywise significant in one data set."""
    model, scheme = CASES[case][0](np.random.default_rng([77, number]), number)
    threshold = permutation_test.cluster_threshold(FORMING_P, model.df, model.rank)
    null = permutation_test.run(
        model, scheme, engine.SpatialStructure(neighbours=AROUND, threshold=threshold, enhancing=True)
    )
    found = {name: int(corrections.familywise_p(m[:1], m)[0] <= 0.05) for name, m in null.maxima.items()}
    if model.rank == 1:
        for finding in random_field_report.findings(null.t, model, MASK, AROUND, 0.05)["Findings"]:
            found[f"random fields at p {finding['ClusterFormingP']:g}"] = int(finding["ClustersLargeEnough"] > 0)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    heads = ["voxel", "extent", "mass", "tfce", "random fields at p 0.001", "random fields at p 0.01"]
    lines = ["| case | " + " | ".join(heads) + " | remark |", "|---" * (len(heads) + 2) + "|"]
    with ProcessPoolExecutor(args.jobs) as pool:
        for case, (_, remark) in CASES.items():
            print(case, file=sys.stderr)
            found = list(pool.map(one, [case] * args.sets, range(args.sets), chunksize=10))
            rates = [f"{np.mean([f[head] for f in found]):.3f}" if head in found[0] else "" for head in heads]
            lines.append("| " + " | ".join([case, *rates, remark]) + " |")
    low, high = (stats.binom.ppf(q, args.sets, 0.05) / args.sets for q in (0.005, 0.995))
    text = (
        f"\n{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {args.sets} data sets a line, {RELABELLINGS} relabellings each, "
        f"{np.prod(SHAPE):,} voxels, cluster-forming p .001 two-sided, as claims have it. Nominal is .05; chance alone "
        f"gives {low:.3f} to "
        f"{high:.3f} in 99 of 100 lines.\n\n" + "\n".join(lines) + "\n"
    )
    publish(DOCUMENT, MARKS, text)


if __name__ == "__main__":
    main()
