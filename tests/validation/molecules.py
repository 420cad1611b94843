"""What shares of variance and numbers of genes come out of trials in which there is nothing; writes docs/molecules.md.

Brains are smooth and genes are expressed together. Trials of nothing are simulated with both, and asked by deqi and by
the literature's recipe. Where the real tables are, the same is asked of the genes of the Allen atlas.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish

from bids_app.dataset.parcels import places
from bids_app.dataset.region_table import read_region_table
from bids_app.regional.matching import match
from bids_app.statistics import linear_model
from bids_app.statistics.allocation import Rerandomisation
from bids_app.statistics.spatial import enrichment, moran, pls, recipe, scores, variogram
from bids_app.statistics.spatial.relabelled import regional

ROOT = Path(__file__).parents[2]
MARKS = "<!-- nothing: made by make molecules -->", "<!-- end of nothing -->"
GENES, FACTORS, REACH, PER_ARM = 15633, 12, 30.0, 20
SHARE, COUNT = 0.3983, 2031
"""What the paper that started this project prints."""

Matrix = np.ndarray


@dataclass
class Found:
    """What trials of nothing gave."""

    explained: list[float] = field(default_factory=list)
    p: dict[str, list[float]] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)
    fdr: list[int] = field(default_factory=list)

    def add(self, name: str, p: float) -> None:
        self.p.setdefault(name, []).append(p)


def smooth_root(at: Matrix) -> Matrix:
    """Return a root of the covariance of smooth maps of regions at these places."""
    return np.linalg.cholesky(np.exp(-moran.distances(at) / REACH) + 1e-9 * np.eye(len(at)))


def made_up(count: int, genes: int, seed: int) -> tuple[Matrix, Matrix]:
    """Return centres of regions of one hemisphere, and expression that follows smooth factors."""
    rng = np.random.default_rng(seed)
    at = rng.uniform([-70, -100, -40], [-5, 65, 75], (count, 3))
    factors = smooth_root(at) @ rng.standard_normal((count, FACTORS))
    return at, factors @ rng.standard_normal((FACTORS, genes)) + 1.5 * rng.standard_normal((count, genes))


def trial(root: Matrix, rng: np.random.Generator, relabellings: int) -> Matrix:
    """Return the relabelled maps of a trial in which arms do not differ, (P, regions)."""
    people, arm = 2 * PER_ARM, np.repeat([1.0, 0.0], PER_ARM)
    person = rng.standard_normal((people, len(root))) @ root.T
    pre, post = (person + rng.standard_normal((people, len(root))) @ root.T for _ in range(2))
    model = linear_model.fit(post, arm, np.ones((people, 1)), pre)
    scheme = Rerandomisation(arm, np.zeros(people, dtype=int), int(rng.integers(2**31)), relabellings)
    return regional(model, scheme, np.arange(len(root)), 1, lambda *_: None)[0]


def ask(at: Matrix, x: Matrix, trials: int, relabellings: int, seed: int) -> Found:
    """Ask trials of nothing in every way."""
    root, products, found = smooth_root(at), pls.gram(x), Found()
    ranked = scores.unit(scores.ranks(x))
    distance = moran.distances(at)
    rng = np.random.default_rng(seed)
    draws = recipe.redrawn(x, 200, rng)
    together = np.argsort(-(ranked.T @ ranked[:, 0]))[:40]  # genes that are expressed together
    weights = enrichment.membership([together], x.shape[1])
    for _ in range(trials):
        maps = trial(root, rng, relabellings)
        share = pls.explained(products, maps)
        found.explained.append(float(share[0, 0]))
        found.add("arms drawn anew", scores.share(share)[0])
        found.add("regions shuffled", recipe.shuffled_p(products, maps[:1], 500, rng)[0])
        own = maps[0]
        made = {
            "surrogates, Moran": moran.surrogates(own, moran.neighbourhood(distance), 500, rng),
            "surrogates, variogram": variogram.surrogates(own, distance, 500, rng),
        }
        for name, others in made.items():
            found.add(name, scores.share(pls.explained(products, np.vstack([own, others])))[0])
        z = recipe.boot_ratio(own, draws)
        found.counts.append(int((np.abs(z) > recipe.CUTOFF).sum()))
        found.fdr.append(int((stats.false_discovery_control(2 * stats.norm.sf(np.abs(z))) <= 0.05).sum()))
        rows = scores.unit(scores.ranks(maps, 1).T).T
        found.add("set, whole maps", enrichment.scored(rows, enrichment.means(ranked, weights)).p[0])
        single = rows[0] @ ranked
        random = single[rng.integers(0, x.shape[1], (500, len(together)))].mean(axis=1)
        found.add("set, random genes", (1 + (np.abs(random) >= abs(single[together].mean())).sum()) / 501)
    return found


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A true effect of the arm that has nothing to do with expression, or that goes with its first factor.

    Attributes
    ----------
    noise, length : float
        Smoothness of people's maps, and of the effect (mm); amplitude in standard deviations of people's maps.
    r : float
        Correlation of the effect with expression: 0 tells of false positives, above of power.
    """

    noise: float
    length: float
    amplitude: float
    r: float = 0.0


EFFECTS = (
    Effect(noise=10, length=40, amplitude=0), Effect(noise=10, length=40, amplitude=0.5),
    Effect(noise=10, length=40, amplitude=1), Effect(noise=25, length=40, amplitude=1),
    Effect(noise=40, length=40, amplitude=1), Effect(noise=25, length=25, amplitude=0.5),
    Effect(noise=25, length=25, amplitude=1), Effect(noise=10, length=80, amplitude=1),
    Effect(noise=10, length=40, amplitude=0.5, r=0.6), Effect(noise=25, length=25, amplitude=1, r=0.6),
)  # fmt: skip
FEW_GENES, EXPRESSED, HIGHEST = 240, 60.0, 0.083
"""Genes of these lines, the smoothness of what they share (mm), and the highest rate that a test of size .05 has in 99
of 100 lines of 300 trials."""


def rounded(distance: Matrix, length: float) -> Matrix:
    """Return a root of the covariance of maps that are smooth without any roughness between neighbours (Gaussian)."""
    return np.linalg.cholesky(np.exp(-0.5 * (distance / length) ** 2) + 1e-6 * np.eye(len(distance)))


def effect_of(effect: Effect, distance: Matrix, x: Matrix, rng: np.random.Generator) -> Matrix:
    """Return a smooth map of variance 1, of which a share goes with the first component of expression."""
    root = rounded(distance, effect.length)
    alone = scores.unit((root @ rng.standard_normal(len(distance)))[:, None])[:, 0]
    if effect.r:
        along = scores.unit(np.linalg.svd(scores.unit(x), full_matrices=False)[0][:, :1])[:, 0]
        alone = scores.unit(alone[:, None], along[:, None])[:, 0]
        alone = effect.r * along + np.sqrt(1 - effect.r**2) * alone
    return np.asarray(alone * np.sqrt(len(distance)))


def with_effect(job: tuple[Effect, int, int, int, int]) -> dict[str, float]:
    """Return p of one trial with a true effect: of the component, and of the strongest gene, under each null."""
    effect, regions, seed, number, maps_of_chance = job
    rng = np.random.default_rng([seed, number])
    at = rng.uniform([-70, -100, -40], [-5, 65, 75], (regions, 3))
    distance = moran.distances(at)
    smooth = rounded(distance, EXPRESSED)
    factors = smooth @ rng.standard_normal((regions, 4))
    x = factors @ rng.standard_normal((4, FEW_GENES)) + 0.5 * rng.standard_normal((regions, FEW_GENES))
    root = rounded(distance, effect.noise)
    arm = np.repeat([1.0, 0.0], PER_ARM)
    outcome = rng.standard_normal((len(arm), regions)) @ root.T
    outcome += effect.amplitude * np.outer(arm, effect_of(effect, distance, x, rng))
    model = linear_model.fit(outcome, arm, np.ones((len(arm), 1)))
    scheme = Rerandomisation(arm, np.zeros(len(arm), dtype=int), number, maps_of_chance + 1)
    trial_maps = regional(model, scheme, np.arange(regions), 1, lambda *_: None)[0]
    own, near = trial_maps[0], moran.neighbourhood(distance)
    nulls = {
        "arms": trial_maps,
        "moran": np.vstack([own, moran.surrogates(own, near, maps_of_chance, rng)]),
        "variogram": np.vstack([own, variogram.surrogates(own, distance, maps_of_chance, rng)]),
    }
    ranked, products = scores.unit(scores.ranks(x)), pls.gram(x)
    found = {"contrast": float(scores.share(np.abs(trial_maps).max(axis=1)))}
    for name, maps in nulls.items():
        found[f"PLS {name}"] = float(scores.share(pls.explained(products, maps))[0])
        strongest = scores.tested(scores.unit(scores.ranks(maps, 1).T).T, ranked).largest
        found[f"gene {name}"] = float(scores.share(strongest))
    own_i = moran.morans_i(trial_maps, near)
    found["smoother"] = float(own_i[0] > np.quantile(own_i[1:], 0.95))
    return found


def effect_lines(trials: int, maps_of_chance: int) -> tuple[list[str], list[str]]:
    """Return rows of trials with a true effect, and which combination of p holds in all of them without one."""
    kinds = "moran", "variogram", "moran, not withheld", "variogram, not withheld"
    rows, worst = [], dict.fromkeys(kinds, 0.0)
    with ProcessPoolExecutor(2) as pool:
        for regions in (34, 80):
            for effect in EFFECTS:
                jobs = [(effect, regions, 5, number, maps_of_chance) for number in range(trials)]
                found = list(pool.map(with_effect, jobs, chunksize=10))
                rate = {}
                for what in ("PLS", "gene"):
                    arms = np.array([one[f"{what} arms"] for one in found])
                    rate[f"{what} arms"] = float((arms <= 0.05).mean())
                    for kind, highest in worst.items():
                        name, _, held = kind.partition(", ")
                        both = np.maximum(arms, [one[f"{what} {name}"] for one in found])
                        both = np.where([bool(held) and one["smoother"] > 0 for one in found], 1.0, both)
                        rate[f"{what} {kind}"] = float((both <= 0.05).mean())
                        if not effect.r:
                            worst[kind] = max(highest, rate[f"{what} {kind}"])
                shown = float(np.mean([one["contrast"] <= 0.05 for one in found]))
                smoother = float(np.mean([one["smoother"] for one in found]))
                cells = [regions, effect.noise, effect.length, effect.amplitude, effect.r or "", f"{shown:.2f}"]
                rows.append(_row([*cells, f"{smoother:.2f}", *(f"{value:.3f}" for value in rate.values())]))
                print(rows[-1], flush=True)
    said = [f"{kind}: at most {value:.3f} of trials without association" for kind, value in worst.items()]
    if worst["moran, not withheld"] > HIGHEST:  # what deqi claims by (regional.given.SURROGATES)
        print(f"Outside its band: {said[2]}", file=sys.stderr)
    return rows, said


def share_line(name: str, found: Found, regions: int, genes: int) -> str:
    explained, rate = np.array(found.explained), {key: np.mean(np.array(p) <= 0.05) for key, p in found.p.items()}
    cells = [
        name, regions, f"{genes:,}",
        f"{100 * np.median(explained):.1f} %", f"{100 * np.quantile(explained, 0.95):.1f} %",
        f"{np.mean(explained >= SHARE):.3f}", f"**{rate['arms drawn anew']:.3f}**", f"{rate['regions shuffled']:.3f}",
        f"{rate['surrogates, Moran']:.3f}", f"{rate['surrogates, variogram']:.3f}",
    ]  # fmt: skip
    return _row(cells)


def count_line(name: str, found: Found, regions: int, genes: int) -> str:
    counts, rate = np.array(found.counts), {key: np.mean(np.array(p) <= 0.05) for key, p in found.p.items()}
    low, middle, high = np.quantile(counts, [0.025, 0.5, 0.975])
    cells = [
        name, regions, f"{genes:,}", f"{middle:,.0f} ({low:,.0f} to {high:,.0f})", f"{np.median(found.fdr):,.0f}",
        f"{np.mean(counts >= COUNT):.3f}", f"**{rate['set, whole maps']:.3f}**", f"{rate['set, random genes']:.3f}",
    ]  # fmt: skip
    return _row(cells)


def _row(cells: list[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def real(folder: Path) -> Iterator[tuple[str, Matrix, Matrix]]:
    """Yield name, centres and expression of the left cortex in the Allen atlas, if it is there."""
    atlas = folder / "atlases" / "desikan_killiany" / "atlas-desikankilliany.nii.gz"
    if not atlas.exists():
        return
    known = [place for place in places(atlas) if place.side == "left" and place.cortex]
    table = read_region_table(folder / "ahba" / "allgenes_stable_r0.6.csv")
    found = match(table.regions, [place.name for place in known], [place.number for place in known])
    values = table.values[[found.rows[place.name] for place in known]]
    yield "Allen atlas", np.array([place.centre for place in known]), values[:, np.isfinite(values).all(axis=0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--relabellings", type=int, default=300)
    args = parser.parse_args()
    folder = Path(os.environ.get("DEQI_TEST_DATA", ROOT.parent / "shared" / "data"))
    tables = [("made up", *made_up(count, GENES, count)) for count in (34, 80, 111)]
    tables += list(real(folder))
    shares, counts = [], []
    for name, at, x in tables:
        found = ask(at, x, args.trials, args.relabellings, len(at))
        shares.append(share_line(name, found, *x.shape))
        counts.append(count_line(name, found, *x.shape))
        print(shares[-1], counts[-1], sep="\n", flush=True)
    low, high = stats.binom.interval(0.99, args.trials, 0.05)
    where = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {args.trials} trials of nothing with {PER_ARM} people an arm, "
        f"{args.relabellings} relabellings, 500 surrogates and shuffles, 200 redraws. A test that holds lies between "
        f"{low / args.trials:.3f} and {high / args.trials:.3f} (99 % of binomial counts)."
    )
    head = ["expression", "regions", "genes"]
    first = [*head, "explained: median", "95 % below", f"trials with {100 * SHARE:.2f} % or more"]
    first += ["false positives: arms drawn anew", "regions shuffled", "Moran surrogates", "variogram surrogates"]
    second = [*head, "genes with Z beyond 3: median (95 %)", "genes at FDR .05: median"]
    second += [f"trials with {COUNT:,} or more", "a co-expressed set: whole maps", "random genes"]
    text = ["", where, "", "### A share of variance", "", _row(first), "|---" * len(first) + "|", *shares, ""]
    text += ["### A number of genes, and a set of them", "", _row(second), "|---" * len(second) + "|", *counts, ""]
    third = ["regions", "noise (mm)", "effect (mm)", "effect (SD)", "r", "contrast found", "map smoother"]
    heads = ["arms alone", "and Moran", "and variogram", "Moran, not withheld", "variogram, not withheld"]
    third += [f"{what}: {head}" for what in ("component", "any gene") for head in heads]
    rows, said = effect_lines(args.trials, 199)
    explained = (
        f"{args.trials} trials, {FEW_GENES} genes, 199 relabellings and 199 surrogates; p at or below .05. The p of a "
        "claim is the larger of arms and surrogates. Not withheld: nothing is claimed where the map is smoother than "
        f"95 % of its relabellings; deqi does so, by Moran ({'; '.join(said)}; a test that holds stays at or below "
        f"{HIGHEST}). The last rows of each number of regions have a planted association: power."
    )
    text += ["### An effect that has nothing to do with genes", "", explained, ""]
    text += [_row(third), "|---" * len(third) + "|", *rows, ""]
    publish(ROOT / "docs" / "molecules.md", MARKS, "\n".join(text))


if __name__ == "__main__":
    main()
