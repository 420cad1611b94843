"""`--demo`: a small synthetic trial in fMRIPrep layout, with an effect planted where we know it."""

from __future__ import annotations

import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_table
from bids_app.launch.demo import receptors, runs
from bids_app.launch.demo.physiology import write_physiology
from bids_app.launch.demo.reference_data import write_molecules
from bids_app.launch.demo.trial_record import write_record
from bids_app.vocabulary.grid import Grid, Mask

LOG = logging.getLogger("deqi")

FRAMES = 180

THALAMUS, CINGULATE = (11.0, -12.0, 6.0), (8.0, 16.0, 36.0)
"""Planted: in verum, after treatment, the cingulate follows the right thalamus."""

POSTERIOR, MEDIAL = (0.0, -53.0, 26.0), (1.0, 55.0, -3.0)
"""Decoy, as strong: in BOTH arms, after treatment, the medial prefrontal cortex follows the posterior cingulate."""

STRENGTH = 0.9

INSULA = (36.0, 16.0, 2.0)
"""Planted: it answers to the turning of a needle in the runs that have needling."""


@dataclass(frozen=True, kw_only=True)
class DemoParticipant:
    """A made-up participant: `moves` and `drops_out` give the flow figure something to show.

    `needled` has a run with needling, `has_pet` has PET.
    """

    label: str
    arm: str
    age: int
    sex: str
    moves: bool = False
    drops_out: bool = False
    needled: bool = False
    has_pet: bool = False


def people() -> list[DemoParticipant]:
    """Return 26 participants, 13 of each arm; one of verum moves too much, one of sham drops out."""
    rng = np.random.default_rng(11)
    arms = rng.permutation(["verum"] * 13 + ["sham"] * 13)
    first = {arm: int(np.flatnonzero(arms == arm)[3]) for arm in ("verum", "sham")}
    scanned = {int(i) for arm in ("verum", "sham") for i in np.flatnonzero(arms == arm)[-receptors.PER_ARM :]}
    return [
        DemoParticipant(label=f"{i + 1:02d}", arm=str(arm), age=int(rng.integers(24, 66)),
                        sex=str(rng.choice(["F", "M"])), moves=i == first["verum"],
                        drops_out=i == first["sham"], needled=i < 4, has_pet=i in scanned)
        for i, arm in enumerate(arms)
    ]  # fmt: skip


def write_demonstration(folder: Path) -> None:
    """Write the dataset `folder`, with derivatives in fMRIPrep layout inside."""
    mask, grid = runs.brain()
    root = folder / "derivatives" / "fmriprep"
    everyone = people()
    _write_dataset(folder, (root, folder / "derivatives" / "petprep"), everyone)
    write_molecules(folder / "code" / "molecules", mask, grid, CINGULATE)
    LOG.info("Writing a synthetic trial of %d people to %s (nobody was scanned) ...", len(everyone), folder)

    def write(number: int) -> None:
        person = everyone[number]
        for session in ("pre",) if person.drops_out else ("pre", "post"):
            rng = np.random.default_rng([7, number, session == "post"])  # of its own: the order does not matter
            _write_rest(root, person, session, mask, grid, rng)
            words = f"sub-{person.label}", f"ses-{session}"
            stem = folder.joinpath(*words, "func", "_".join([*words, "task-rest"]))
            state = {"verum": person.arm == "verum", "after": session == "post"}
            write_physiology(stem, FRAMES * runs.TR, number, **state)
            if person.has_pet:
                receptors.write_scan(folder, words, number, **state)
            if session == "post" and person.needled:
                _write_needling(folder, root, person, mask, grid, rng)

    with threadpool_limits(1), ThreadPoolExecutor(min(4, len(os.sched_getaffinity(0)))) as pool:
        written = pool.map(write, range(len(everyone)))
        list(tqdm(written, total=len(everyone), unit="person", disable=not sys.stderr.isatty()))
    call, config = f"  deqi {folder} {folder}/derivatives/deqi", f"--config {folder}/code/analysis.toml"
    calls = f"{call} participant {config}", f"{call} group {config} --plan {folder}/code/plan.json"
    LOG.info("%s", "\n".join(("Written. Next:", *calls)))


def _write_dataset(folder: Path, roots: tuple[Path, ...], everyone: list[DemoParticipant]) -> None:
    write_record(folder, [{**asdict(p), "gone": p.drops_out} for p in everyone])
    about = {"Name": f"deqi demonstration ({SYNTHETIC_NOTICE})", "BIDSVersion": "1.9.0"}
    write_json(folder / "dataset_description.json", {**about, "DatasetType": "raw"})
    made = [{"Name": DEMONSTRATION, "Description": SYNTHETIC_NOTICE}]
    for root in roots:
        write_json(root / "dataset_description.json", {**about, "DatasetType": "derivative", "GeneratedBy": made})


def _write_rest(
    root: Path, person: DemoParticipant, session: str, mask: Mask, grid: Grid, rng: np.random.Generator
) -> None:
    motion, table = runs.motion(FRAMES, 70 if person.moves and session == "post" else 0, rng)
    series = _series(person.arm == "verum", session == "post", motion, mask, grid, rng)
    words = f"sub-{person.label}", f"ses-{session}"
    runs.write_run(root.joinpath(*words, "func", "_".join([*words, "task-rest"])), series, table, mask, grid)


def _write_needling(
    folder: Path, root: Path, person: DemoParticipant, mask: Mask, grid: Grid, rng: np.random.Generator
) -> None:
    """Write a run in which a needle is turned for half a minute and left for half a minute, and its events."""
    from nilearn.glm.first_level.hemodynamic_models import compute_regressor

    onsets = np.arange(30.0, FRAMES * runs.TR - 30, 60.0)
    turned = np.stack([onsets, np.full(len(onsets), 30.0), np.ones(len(onsets))])
    response = compute_regressor(turned, "spm", runs.TR * np.arange(FRAMES))[0][:, 0]
    motion, table = runs.motion(FRAMES, 0, rng)
    series = _series(False, True, motion, mask, grid, rng)
    series += np.outer(response, 15 * runs.blob(mask, grid, INSULA)).astype(np.int16)
    words = f"sub-{person.label}", "ses-post"
    runs.write_run(root.joinpath(*words, "func", "_".join([*words, "task-needling"])), series, table, mask, grid)
    count = len(onsets)
    events = {"onset": onsets, "duration": [30] * count, "trial_type": ["rotation"] * count}
    write_table(folder.joinpath(*words, "func", "_".join([*words, "task-needling_events.tsv"])), events)


def _series(
    verum: bool, after: bool, motion: NDArray[np.float64], mask: Mask, grid: Grid, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Return the series of one session, (frames, voxels)."""
    own = {centre: runs.slow(FRAMES, rng) for centre in (THALAMUS, CINGULATE, POSTERIOR, MEDIAL)}
    coupling = 0.25 + rng.normal(0, 0.12, 2)
    coupling += [STRENGTH * (verum and after), STRENGTH * after]
    own[CINGULATE] += coupling[0] * own[THALAMUS]
    own[MEDIAL] += coupling[1] * own[POSTERIOR]
    noise = runs.noise(FRAMES, mask, grid, rng)
    sources = [(signal, runs.blob(mask, grid, centre)) for centre, signal in own.items()]
    return runs.scanned(sources, noise, motion, mask, grid, rng)
