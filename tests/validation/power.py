"""`make power`: how often a planted effect is found, beside nilearn's permuted_ols, as a table of docs.

The same data sets go to both. nilearn cannot hold each voxel's own baseline, so it gets change scores, and maps after
treatment, as its users do. An effect counts as found where familywise p is at most .05 inside the planted sphere.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from simulate import AROUND, DOCUMENT, MASK, RELABELLINGS, SHAPE, maps, publish

from bids_app.statistics.clusters import cluster_table
from bids_app.statistics.permutation import corrections, engine, linear_model, permutation_test
from bids_app.statistics.permutation.rerandomisation import Rerandomisation

MARKS = "<!-- power: made by make power -->", "<!-- end of power -->"
PER_ARM, CLUSTER_P = 16, 0.01
STATISTICS = "voxel", "extent", "mass", "tfce"


def sphere() -> np.ndarray:
    """Return a sphere of 3 voxels radius in the middle, (voxels,)."""
    places = np.argwhere(MASK) - np.array(SHAPE) / 2
    return (places**2).sum(axis=1) <= 9


def trial(number: int, size: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return arm, maps before and after: retest correlation .5, and `size` SD more in the sphere of the active arm."""
    rng = np.random.default_rng([91, number])
    arm = rng.permutation(np.repeat([1.0, 0.0], PER_ARM))
    person = maps(rng, len(arm))
    pre, post = ((person + maps(rng, len(arm))) / np.sqrt(2) for _ in range(2))
    return arm, pre, post + size * np.outer(arm, sphere())


def ours(arm: np.ndarray, pre: np.ndarray, post: np.ndarray, seed: int, adjusted: bool) -> dict[str, bool]:
    """Return by which statistic the effect is found, given the baseline or in change scores."""
    constant = np.ones((len(arm), 1))
    model = linear_model.fit(post if adjusted else post - pre, arm, constant, pre if adjusted else None)
    scheme = Rerandomisation(arm, np.zeros(len(arm), dtype=int), seed, RELABELLINGS)
    threshold = permutation_test.cluster_threshold(CLUSTER_P, model.df)
    null = permutation_test.run(
        model, scheme, engine.SpatialStructure(neighbours=AROUND, threshold=threshold, enhancing=True)
    )
    labels = AROUND.label(null.t, threshold)
    found = cluster_table.tabulate(null.t, labels, threshold)
    inside = sphere()
    passes = {
        "voxel": corrections.familywise_p(np.abs(null.t), null.maxima["voxel"])[inside],
        "tfce": corrections.familywise_p(np.abs(null.enhanced), null.maxima["tfce"])[inside],
    }
    for name in ("extent", "mass"):
        sizes = np.array([getattr(c, name) for c in found if inside[labels == c.number].any()], dtype=np.float32)
        passes[name] = corrections.familywise_p(sizes, null.maxima[name])
    return {name: bool((p <= 0.05).any()) for name, p in passes.items()}


def nilearns(arm: np.ndarray, outcome: np.ndarray, seed: int) -> dict[str, bool]:
    """Return by which of nilearn's statistics the effect is found."""
    import nibabel as nib
    from nilearn.maskers import NiftiMasker
    from nilearn.mass_univariate import permuted_ols

    masker = NiftiMasker(mask_img=nib.Nifti1Image(MASK.astype(np.uint8), np.eye(4))).fit()
    found = permuted_ols(
        arm[:, None], outcome, model_intercept=True, n_perm=RELABELLINGS, two_sided_test=True, random_state=seed,
        n_jobs=1, masker=masker, threshold=CLUSTER_P, output_type="dict", verbose=0,
    )  # fmt: skip
    maps_of = {"voxel": "logp_max_t", "extent": "logp_max_size", "mass": "logp_max_mass"}
    return {name: bool((np.ravel(found[key])[sphere()] >= -np.log10(0.05)).any()) for name, key in maps_of.items()}


def one(number: int, size: float) -> dict[str, dict[str, bool]]:
    """Return what every analysis finds in one data set."""
    arm, pre, post = trial(number, size)
    return {
        "deqi, given each voxel's baseline (default)": ours(arm, pre, post, number, adjusted=True),
        "deqi, change scores": ours(arm, pre, post, number, adjusted=False),
        "nilearn permuted_ols, change scores": nilearns(arm, post - pre, number),
        "nilearn permuted_ols, after treatment alone": nilearns(arm, post, number),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--size", type=float, default=0.9)
    args = parser.parse_args()
    lines = ["| analysis | " + " | ".join(STATISTICS) + " |", "|---" * (len(STATISTICS) + 1) + "|"]
    with ProcessPoolExecutor(args.jobs) as pool:
        found = list(pool.map(one, range(args.sets), [args.size] * args.sets, chunksize=5))
    for name in found[0]:
        rates = [f"{np.mean([f[name][s] for f in found]):.2f}" if s in found[0][name] else "" for s in STATISTICS]
        lines.append("| " + " | ".join([name, *rates]) + " |")
    chance = 2.6 * 0.5 / np.sqrt(args.sets)
    where = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {args.sets} data sets, two arms of {PER_ARM}, an effect of "
        f"{args.size:g} SD in {int(sphere().sum())} voxels, retest correlation .5, {RELABELLINGS} relabellings, "
        f"cluster-forming p {CLUSTER_P:g}. Chance moves a share by up to {chance:.2f}."
    )
    text = "\n".join(["", where, "", *lines, ""])
    publish(DOCUMENT, MARKS, text)


if __name__ == "__main__":
    main()
