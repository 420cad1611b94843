"""What shares of variance and numbers of genes come out of trials in which there is nothing; writes docs/molecules.md.

Brains are smooth and genes are expressed together. Trials of nothing are simulated with both, and asked by deqi and by
the literature's recipe. Where the real tables are, the same is asked of the genes of the Allen atlas.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from measured import publish
from real_data import FOLDER

from bids_app.dataset.atlases.names import match
from bids_app.dataset.atlases.parcels import atlas_regions
from bids_app.dataset.atlases.tables import read_region_table
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.spatial import correlation_tests, enrichment, moran, pls, published_recipe, variogram
from bids_app.statistics.spatial.regional_null import regional

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
    ranked = correlation_tests.unit(correlation_tests.ranks(x))
    distance = moran.distances(at)
    rng = np.random.default_rng(seed)
    draws = published_recipe.redrawn(x, 200, rng)
    together = np.argsort(-(ranked.T @ ranked[:, 0]))[:40]  # genes that are expressed together
    weights = enrichment.membership([together], x.shape[1])
    for _ in range(trials):
        maps = trial(root, rng, relabellings)
        share = pls.explained(products, maps)
        found.explained.append(float(share[0, 0]))
        found.add("arms re-randomised", correlation_tests.share(share)[0])
        found.add("regions shuffled", published_recipe.shuffled_p(products, maps[:1], 500, rng)[0])
        own = maps[0]
        made = {
            "surrogates, Moran": moran.surrogates(own, moran.neighbourhood(distance), 500, rng),
            "surrogates, variogram": variogram.surrogates(own, distance, 500, rng),
        }
        for name, others in made.items():
            found.add(name, correlation_tests.share(pls.explained(products, np.vstack([own, others])))[0])
        z = published_recipe.boot_ratio(own, draws)
        found.counts.append(int((np.abs(z) > published_recipe.CUTOFF).sum()))
        found.fdr.append(int((stats.false_discovery_control(2 * stats.norm.sf(np.abs(z))) <= 0.05).sum()))
        rows = correlation_tests.unit(correlation_tests.ranks(maps, 1).T).T
        found.add("set, whole maps", enrichment.scored(rows, enrichment.means(ranked, weights)).p[0])
        single = rows[0] @ ranked
        random = single[rng.integers(0, x.shape[1], (500, len(together)))].mean(axis=1)
        found.add("set, random genes", (1 + (np.abs(random) >= abs(single[together].mean())).sum()) / 501)
    return found


def share_line(name: str, found: Found, regions: int, genes: int) -> str:
    explained, rate = np.array(found.explained), {key: np.mean(np.array(p) <= 0.05) for key, p in found.p.items()}
    cells = [
        name, regions, f"{genes:,}",
        f"{100 * np.median(explained):.1f} %", f"{100 * np.quantile(explained, 0.95):.1f} %",
        f"{np.mean(explained >= SHARE):.3f}", f"**{rate['arms re-randomised']:.3f}**",
        f"{rate['regions shuffled']:.3f}",
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
    known = [place for place in atlas_regions(atlas) if place.side == "left" and place.cortex]
    table = read_region_table(folder / "ahba" / "allgenes_stable_r0.6.csv")
    found = match(table.regions, [place.name for place in known], [place.number for place in known])
    values = table.values[[found.rows[place.name] for place in known]]
    yield "Allen atlas", np.array([place.centre for place in known]), values[:, np.isfinite(values).all(axis=0)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--relabellings", type=int, default=300)
    args = parser.parse_args()
    tables = [("made up", *made_up(count, GENES, count)) for count in (34, 80, 111)]
    tables += list(real(FOLDER))
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
    first += ["false positives: arms re-randomised", "regions shuffled", "Moran surrogates", "variogram surrogates"]
    second = [*head, "genes with Z beyond 3: median (95 %)", "genes at FDR .05: median"]
    second += [f"trials with {COUNT:,} or more", "a co-expressed set: whole maps", "random genes"]
    text = ["", where, "", "### A share of variance", "", _row(first), "|---" * len(first) + "|", *shares, ""]
    text += ["### A number of genes, and a set of them", "", _row(second), "|---" * len(second) + "|", *counts, ""]
    publish(ROOT / "docs" / "molecules.md", MARKS, "\n".join(text))


if __name__ == "__main__":
    main()
