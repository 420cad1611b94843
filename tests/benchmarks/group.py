"""`make bench-group`: relabellings beside nilearn's permuted_ols (and PALM, with --palm FOLDER), and one TFCE map.

Prints one table and writes it between two marks of docs/performance.md. Maps are smooth noise of a realistic size.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import palm
from measured import cpu, measure, publish
from targets import DOCUMENT, keep

MARKS = "<!-- group table: made by make bench-group -->", "<!-- end of group table -->"
PEOPLE, VOXELS = 98, 235_375
"""Of the targets; another resolution has other voxels, and keeps nothing."""

BESIDE = {
    "relabelling": "the same; 1 thread", "relabelling_tfce": "the same with exact TFCE; own baseline; 1 thread",
}  # fmt: skip
"""Lines that are held against a plain twin, by their target."""


def brain(resolution: int) -> np.ndarray:
    from nilearn.datasets import load_mni152_brain_mask

    return np.asarray(load_mni152_brain_mask(resolution=resolution).dataobj) > 0


def noise(mask: np.ndarray, count: int, seed: int = 1) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    return np.stack(
        [gaussian_filter(rng.standard_normal(mask.shape, dtype=np.float32), 1.3)[mask] for _ in range(count)]
    )


def design() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    arm = (np.arange(PEOPLE) % 2).astype(float)
    return arm, np.column_stack([np.ones(PEOPLE), rng.standard_normal((PEOPLE, 3))])


def ours(folder: Path, relabellings: int, threads: int, enhance: bool, baseline: bool) -> None:
    """Relabel with every statistic, after a short run that compiles; keep the seconds of one relabelling."""
    from bids_app.statistics.clusters.lattice import lattice
    from bids_app.statistics.permutation import engine, linear_model, permutation_test
    from bids_app.statistics.permutation.rerandomisation import Rerandomisation

    mask = np.load(folder / "mask.npy")
    post, pre = np.load(folder / "post.npy"), np.load(folder / "pre.npy")
    arm, nuisance = design()
    model = linear_model.fit(post, arm, nuisance, pre if baseline else None)
    del post, pre
    blocks = np.zeros(PEOPLE, dtype=int)
    threshold = permutation_test.cluster_threshold(0.001, model.df)
    geometry = engine.SpatialStructure(neighbours=lattice(mask), threshold=threshold, enhancing=enhance)
    permutation_test.run(model, Rerandomisation(arm, blocks, 0, 64), geometry, threads)
    started = time.perf_counter()
    null = permutation_test.run(model, Rerandomisation(arm, blocks, 0, relabellings), geometry, threads)
    np.save(folder / "seconds.npy", (time.perf_counter() - started) / relabellings)
    np.save(folder / ("t_own.npy" if baseline else "t.npy"), null.t)


def robust(folder: Path, patterns: int, threads: int, columns: int) -> None:
    """The same by signs of residuals, own baseline, and so many columns beside arm and constant."""
    from dataclasses import replace

    from bids_app.statistics.clusters.lattice import lattice
    from bids_app.statistics.permutation import engine, linear_model, permutation_test, wild_bootstrap
    from bids_app.statistics.permutation.schemes import ResidualSigns

    mask, arm = np.load(folder / "mask.npy"), design()[0]
    more = np.random.default_rng(2).standard_normal((PEOPLE, columns))
    model = linear_model.fit(
        np.load(folder / "post.npy"), arm, np.column_stack([np.ones(PEOPLE), more]), np.load(folder / "pre.npy")
    )
    model = replace(model, robust=wild_bootstrap.prepare(model))
    people = tuple(map(str, range(PEOPLE)))
    threshold = permutation_test.cluster_threshold(0.001, model.df)
    geometry = engine.SpatialStructure(neighbours=lattice(mask), threshold=threshold)
    permutation_test.run(model, ResidualSigns(people, 0, 128), geometry, threads)
    started = time.perf_counter()
    permutation_test.run(model, ResidualSigns(people, 0, patterns), geometry, threads)
    np.save(folder / "seconds.npy", (time.perf_counter() - started) / patterns)


def twin(folder: Path, relabellings: int, enhance: bool) -> None:
    """The same by hand: everything in double precision (`plain_twin`), one thread."""
    from plain_twin import Box, Twin

    from bids_app.statistics.permutation.permutation_test import cluster_threshold
    from bids_app.statistics.permutation.rerandomisation import Rerandomisation

    mask, (arm, nuisance) = np.load(folder / "mask.npy"), design()
    by_hand = Twin(np.load(folder / "post.npy"), np.load(folder / "pre.npy"), nuisance)
    near, far = Box(mask, 26), Box(mask, 6)
    threshold = cluster_threshold(0.001, by_hand.df)
    scheme = Rerandomisation(arm, np.zeros(PEOPLE, dtype=int), 0, relabellings)
    t = np.empty((64, by_hand.y.shape[1]))

    def some(start: int) -> None:
        labels = scheme.draw(start, min(start + 64, relabellings)).astype(float)
        by_hand.fill(labels, t[: len(labels)])
        for row in t[: len(labels)]:
            np.abs(row).max()
            near.clusters(row, threshold)
            if enhance:
                far.enhance(row)

    some(0)
    started = time.perf_counter()
    for start in range(0, relabellings, 64):
        some(start)
    np.save(folder / "seconds.npy", (time.perf_counter() - started) / relabellings)


def nilearn(folder: Path, relabellings: int) -> None:
    """The same contrast without baseline, which permuted_ols cannot hold."""
    import nibabel as nib
    from nilearn.maskers import NiftiMasker
    from nilearn.mass_univariate import permuted_ols

    mask = np.load(folder / "mask.npy")
    image = nib.Nifti1Image(mask.astype(np.uint8), np.diag([2.0, 2, 2, 1]))
    masker = NiftiMasker(mask_img=image).fit()
    arm, nuisance = design()
    post, seconds = np.load(folder / "post.npy"), []
    for count in (2, 2 + relabellings):  # what is done once falls out of the difference
        started = time.perf_counter()
        found = permuted_ols(
            arm[:, None], post, confounding_vars=nuisance[:, 1:], model_intercept=True, n_perm=count,
            two_sided_test=True, random_state=0, n_jobs=1, masker=masker, tfce=True, threshold=0.001,
            output_type="dict", verbose=0,
        )  # fmt: skip
        seconds.append(time.perf_counter() - started)
    np.save(folder / "seconds.npy", (seconds[1] - seconds[0]) / relabellings)
    np.save(folder / "t_nilearn.npy", np.ravel(found["t"]))


def in_octave(folder: Path, source: Path, relabellings: int) -> None:
    np.save(folder / "seconds.npy", palm.relabel(folder, source, *design(), relabellings))


def one_map(mask: np.ndarray) -> dict[str, float]:
    """Return seconds of one TFCE map."""
    from bids_app.statistics.clusters import tfce, tfce_layout

    t = noise(mask, 1)[0]
    t = (t / t.std()).astype(np.float32)
    found = {}
    for neighbours in (6, 26):
        land = tfce_layout.tfce_layout(mask, neighbours)
        room, values = tfce_layout.tfce_buffers(land), np.zeros(len(t))
        best = np.inf
        for _ in range(6):
            started = time.perf_counter()
            tfce.enhance(t, land, room, (None, None), values)
            best = min(best, time.perf_counter() - started)
        found[f"{neighbours} neighbours"] = best
    return found


def call(folder: Path, *words: object) -> list[str]:
    return [sys.executable, __file__, "--folder", str(folder), "--do", *map(str, words)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resolution", type=int, default=2)
    parser.add_argument("--relabellings", type=int, default=640)
    parser.add_argument("--palm", type=Path, help="a folder with PALM, to run it in Octave")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--do", nargs="+")
    args = parser.parse_args()
    if args.do and args.do[0] == "ours":
        return ours(args.folder, int(args.do[1]), int(args.do[2]), args.do[3] == "True", args.do[4] == "True")
    if args.do and args.do[0] == "twin":
        return twin(args.folder, int(args.do[1]), args.do[2] == "True")
    if args.do and args.do[0] == "robust":
        return robust(args.folder, *map(int, args.do[1:]))
    if args.do and args.do[0] == "palm":
        return in_octave(args.folder, args.palm, int(args.do[1]))
    if args.do:
        return nilearn(args.folder, int(args.do[1]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mask = brain(args.resolution)
        np.save(folder / "mask.npy", mask)
        for seed, stage in enumerate(("pre", "post")):
            np.save(folder / f"{stage}.npy", noise(mask, PEOPLE, seed))
        table = rows(folder, mask, args.relabellings, args.palm)
    write(table, args, int(mask.sum()))
    return None


def rows(folder: Path, mask: np.ndarray, count: int, source: Path | None) -> list[str]:
    """Return the lines of the table: each case in a process of its own."""
    cases: dict[tuple[str, str], tuple[object, ...]] = {
        ("deqi", "largest \\|t\\|, extent, mass; own baseline; 2 threads"): ("ours", count, 2, False, True),
        ("deqi", "the same; 1 thread"): ("ours", count, 1, False, True),
        ("plain twin", "the same; 1 thread"): ("twin", count // 4, False),
        ("deqi", "the same by signs of residuals (robust p); own baseline; 3 covariates"): ("robust", count, 2, 3),
        ("deqi", "the same by signs of residuals (robust p); own baseline; 6 covariates"): ("robust", count, 2, 6),
        ("deqi", "the same with exact TFCE; own baseline; 2 threads"): ("ours", count, 2, True, True),
        ("deqi", "the same with exact TFCE; own baseline; 1 thread"): ("ours", count, 1, True, True),
        ("plain twin", "the same with exact TFCE; own baseline; 1 thread"): ("twin", count // 4, True),
        ("deqi", "the same with exact TFCE; no baseline; 1 thread"): ("ours", count, 1, True, False),
        ("nilearn permuted_ols", "the same with TFCE (100 steps); no baseline; 1 thread"): ("nilearn", 4),
    }
    if palm.available(source):
        own = "own" if palm.with_baseline(mask) else "no"
        what = f"mass and TFCE (100 steps); {own} baseline; as many threads as Octave takes"
        cases["PALM in Octave", what] = ("palm", 4, "--palm", source)
    lines, found = [], {}
    for (who, what), words in cases.items():
        cost = measure({what: call(folder, *words)}, 1)[what]
        each = float(np.load(folder / "seconds.npy"))
        found[who, what] = each, cost.memory
        lines.append(f"| {who} | {what} | {1000 * each:.1f} | {each * 10_000:.0f} | {cost.memory:.0f} |")
    if int(mask.sum()) == VOXELS:
        keep(
            group_memory=found["deqi", "largest \\|t\\|, extent, mass; own baseline; 2 threads"][1],
            **{name: found["deqi", what][0] / found["plain twin", what][0] for name, what in BESIDE.items()},
        )
    apart = np.abs(np.load(folder / "t.npy") - np.load(folder / "t_nilearn.npy")).max()
    lines += [
        f"| deqi | one exact TFCE map, {name} | {1000 * seconds:.1f} | | |" for name, seconds in one_map(mask).items()
    ]
    lines += ["", f"Largest difference between the observed t maps of deqi and nilearn, without baseline: {apart:.0e}."]
    if palm.available(source):
        name = "t_own.npy" if palm.with_baseline(mask) else "t.npy"
        apart = np.abs(np.load(folder / name) - np.load(folder / "t_palm.npy")).max()
        lines += [f"Largest difference between those of deqi and PALM, {own} baseline: {apart:.0e}."]
    return lines


def write(lines: list[str], args: argparse.Namespace, voxels: int) -> None:
    head = ["| who | what | ms each | s for 10,000 (extrapolated) | MiB |", "|---" * 5 + "|"]
    where = (
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}, {cpu()}, {len(os.sched_getaffinity(0))} cores, Python "
        f"{platform.python_version()}, {PEOPLE} people, {voxels:,} voxels, 3 covariates, {args.relabellings} times."
    )
    text = "\n".join(["", where, "", *head, *lines, ""])
    publish(DOCUMENT, MARKS, text)


if __name__ == "__main__":
    main()
