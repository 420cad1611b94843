"""Part of `make molecules`: trials with a true effect that has nothing to do with expression, under both kinds of null.

Writes a table into docs/molecules.md between two marks, and ends with 1 if what deqi claims by is outside its band.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np
from molecules import PER_ARM, ROOT, Matrix, publish
from molecules import _row as row

from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.rerandomisation import Rerandomisation
from bids_app.statistics.spatial import correlation_tests, moran, pls, variogram
from bids_app.statistics.spatial.regional_null import regional

MARKS = "<!-- effects: made by make molecules -->", "<!-- end of effects -->"


@dataclass(frozen=True, kw_only=True)
class Effect:
    """A true effect of the arm that has nothing to do with expression, or that is associated with its first factor.

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
    """Return a smooth map of variance 1, of which a share follows the first component of expression."""
    root = rounded(distance, effect.length)
    alone = correlation_tests.unit((root @ rng.standard_normal(len(distance)))[:, None])[:, 0]
    if effect.r:
        along = correlation_tests.unit(np.linalg.svd(correlation_tests.unit(x), full_matrices=False)[0][:, :1])[:, 0]
        alone = correlation_tests.unit(alone[:, None], along[:, None])[:, 0]
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
    ranked, products = correlation_tests.unit(correlation_tests.ranks(x)), pls.gram(x)
    found = {"contrast": float(correlation_tests.share(np.abs(trial_maps).max(axis=1)))}
    for name, maps in nulls.items():
        found[f"PLS {name}"] = float(correlation_tests.share(pls.explained(products, maps))[0])
        strongest = correlation_tests.tested(
            correlation_tests.unit(correlation_tests.ranks(maps, 1).T).T, ranked
        ).largest
        found[f"gene {name}"] = float(correlation_tests.share(strongest))
    own_i = moran.morans_i(trial_maps, near)
    found["smoother"] = float(own_i[0] > np.quantile(own_i[1:], 0.95))
    return found


def effect_lines(trials: int, maps_of_chance: int) -> tuple[list[str], list[str], float]:
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
                rows.append(row([*cells, f"{smoother:.2f}", *(f"{value:.3f}" for value in rate.values())]))
                print(rows[-1], flush=True)
    said = [f"{kind}: at most {value:.3f} of trials without association" for kind, value in worst.items()]
    return rows, said, worst["moran, not withheld"]  # what deqi claims by (regional.given.SURROGATES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    args, _ = parser.parse_known_args()
    head = ["regions", "noise (mm)", "effect (mm)", "effect (SD)", "r", "contrast found", "map smoother"]
    kinds = ["arms alone", "and Moran", "and variogram", "Moran, not withheld", "variogram, not withheld"]
    head += [f"{what}: {kind}" for what in ("component", "any gene") for kind in kinds]
    lines, said, worst = effect_lines(args.trials, 199)
    where = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {args.trials} trials, {FEW_GENES} genes, {PER_ARM} people an arm, 199 "
        "relabellings and 199 surrogates; shares of trials with p at or below .05. Without association (r empty): "
        f"{'; '.join(said)}. A test that holds stays at or below {HIGHEST}. The last rows of each number of regions "
        "have a planted association: power."
    )
    text = ["", where, "", row(head), "|---" * len(head) + "|", *lines, ""]
    publish(ROOT / "docs" / "molecules.md", MARKS, "\n".join(text))
    if worst > HIGHEST:
        sys.exit(f"Outside its band: {said[2]}")


if __name__ == "__main__":
    main()
