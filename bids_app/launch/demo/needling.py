"""`--demo needling`: participants who were scanned once, at rest, under the needle and at rest again."""

from __future__ import annotations

import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table
from bids_app.launch.demo import runs
from bids_app.vocabulary.grid import Grid, Mask

LOG = logging.getLogger("deqi")

PER_ARM = 12
REST, NEEDLING, MARGIN = 360.0, 180.0, 60.0
"""Seconds of rest before, of needling, and after it until its response is over; then there is rest again."""

FRAMES = round((2 * REST + NEEDLING + MARGIN) / runs.TR)
INSERTED, TURNED = 10.0, 30.0
"""Seconds until an inserted needle is first turned; seconds that it is turned for at a time, and left alone for."""

THALAMUS, CINGULATE = (11.0, -12.0, 6.0), (8.0, 16.0, 36.0)
"""Planted: in verum the cingulate follows the right thalamus from the needling on, and still does in the rest after."""

POSTERIOR, MEDIAL = (0.0, -53.0, 26.0), (1.0, 55.0, -3.0)
"""Decoy: in BOTH arms the medial prefrontal cortex follows the posterior cingulate more by the minute."""

STRENGTH = 0.9

INSULA = (36.0, 16.0, 2.0)
"""Planted in both arms: it answers to the turning of the needle, less every time."""

SETTINGS = """# Settings of the demonstration with one scan (docs/howto/needling.md).

[trial]
title = "Rest, needling, rest: a demonstration"

[dataset]
stage = "segment"
measures = ["seed_correlation"]

[segments.before]
until = "needling"

[segments.after]
from = "needling:end+60"

[designs.parallel_prepost]
pre = "before"
post = "after"

[measures.seed_correlation]
seeds = ["thalamusR", "PCC"]

[inference]
n_permutations = 1000
"""


def write_demonstration(folder: Path) -> None:
    """Write the dataset `folder`, with derivatives in fMRIPrep layout inside."""
    mask, grid = runs.brain()
    arms = np.random.default_rng(37).permutation(["verum"] * PER_ARM + ["sham"] * PER_ARM)
    labels = [f"{i + 1:02d}" for i in range(len(arms))]
    _write_dataset(folder, labels, arms)
    LOG.info("Writing a synthetic study of %d participants to %s (all of it is made up) ...", len(arms), folder)

    def write(number: int) -> None:
        rng = np.random.default_rng([53, number])  # of its own: the order does not matter
        moved, table = runs.motion(FRAMES, 0, rng)
        series = _series(str(arms[number]) == "verum", moved, mask, grid, rng)
        words, stem = f"sub-{labels[number]}", f"sub-{labels[number]}_task-rest"
        runs.write_run(folder / "derivatives" / "fmriprep" / words / "func" / stem, series, table, mask, grid)
        write_table(folder / words / "func" / f"{stem}_events.tsv", _events())

    with threadpool_limits(1), ThreadPoolExecutor(min(4, len(os.sched_getaffinity(0)))) as pool:
        written = pool.map(write, range(len(arms)))
        list(tqdm(written, total=len(arms), unit="participant", disable=not sys.stderr.isatty()))
    call, config = f"  deqi {folder} {folder}/derivatives/deqi", f"--config {folder}/code/analysis.toml"
    LOG.info("%s", "\n".join(("Written. Next:", f"{call} participant {config}", f"{call} group {config}")))


def _write_dataset(folder: Path, labels: list[str], arms: NDArray[np.str_]) -> None:
    about = {"Name": f"deqi demonstration with one scan ({SYNTHETIC_NOTICE})", "BIDSVersion": "1.9.0"}
    write_json(folder / "dataset_description.json", {**about, "DatasetType": "raw"})
    made = {"GeneratedBy": [{"Name": DEMONSTRATION, "Description": SYNTHETIC_NOTICE}]}
    root = folder / "derivatives" / "fmriprep"
    write_json(root / "dataset_description.json", {**about, "DatasetType": "derivative", **made})
    who = {"participant_id": [f"sub-{label}" for label in labels], "group": arms.tolist()}
    write_table(folder / "participants.tsv", who)
    levels = {"verum": "made-up arm with the planted effect", "sham": "made-up arm without it"}
    write_json(folder / "participants.json", {"group": {"Description": SYNTHETIC_NOTICE, "Levels": levels}})
    write_text(folder / "code" / "analysis.toml", SETTINGS)


def _turns() -> NDArray[np.float64]:
    """Return the onsets of the turning of the needle, in seconds."""
    return np.arange(REST + INSERTED, REST + NEEDLING - TURNED, 2 * TURNED)


def _events() -> dict[str, list[object]]:
    turns = _turns().tolist()
    return {
        "onset": [REST, *turns], "duration": [NEEDLING, *[TURNED] * len(turns)],
        "trial_type": ["needling", *["rotation"] * len(turns)],
    }  # fmt: skip


def _series(
    verum: bool, moved: NDArray[np.float64], mask: Mask, grid: Grid, rng: np.random.Generator
) -> NDArray[np.int16]:  # fmt: skip
    """Return the series of one run, (frames, voxels)."""
    from nilearn.glm.first_level.hemodynamic_models import compute_regressor

    times = runs.TR * np.arange(FRAMES)
    own = {centre: runs.slow(FRAMES, rng) for centre in (THALAMUS, CINGULATE, POSTERIOR, MEDIAL)}
    base = 0.25 + rng.normal(0, 0.12, 2)
    own[CINGULATE] += (base[0] + STRENGTH * verum * (times >= REST)) * own[THALAMUS]
    own[MEDIAL] += (base[1] + 3 * STRENGTH * times / times[-1]) * own[POSTERIOR]
    turns = _turns()
    heights = 2.5 * 0.7 ** np.arange(len(turns))
    own[INSULA] = compute_regressor(np.stack([turns, np.full(len(turns), TURNED), heights]), "spm", times)[0][:, 0]
    noise = runs.noise(FRAMES, mask, grid, rng)
    sources = [(course, runs.blob(mask, grid, centre)) for centre, course in own.items()]
    return runs.scanned(sources, noise, moved, mask, grid, rng)
