"""`--demo`: a small synthetic trial in fMRIPrep layout, with an effect planted where we know it."""

from __future__ import annotations

import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from bids_app.derivatives.dataset import DEMONSTRATION, SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_labels, write_series, write_table
from bids_app.launch.demo import receptors
from bids_app.launch.demo.physiology import write_physiology
from bids_app.launch.demo.reference_data import write_molecules
from bids_app.launch.demo.trial_record import write_record
from bids_app.signals.confounds import MOTION, complete
from bids_app.signals.smoothing import smooth_in_mask
from bids_app.vocabulary.grid import Grid, Mask

LOG = logging.getLogger("deqi")

SPACE = "space-MNI152NLin2009cAsym_res-5"
TR, FRAMES = 2.0, 180

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
    mask, grid = _brain()
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
            write_physiology(stem, FRAMES * TR, number, **state)
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


def _brain() -> tuple[Mask, Grid]:
    """Return the brain mask that nilearn ships (ICBM 2009), at 5 mm."""
    from nilearn.datasets import load_mni152_brain_mask

    image: Any = load_mni152_brain_mask(resolution=5)
    mask = np.asarray(image.dataobj) > 0
    return mask, Grid(mask.shape, np.asarray(image.affine, dtype=np.float64))


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
    motion, table = _motion(person.moves and session == "post", rng)
    series = _series(person.arm == "verum", session == "post", motion, mask, grid, rng)
    words = f"sub-{person.label}", f"ses-{session}"
    _write_run(root.joinpath(*words, "func", "_".join([*words, "task-rest"])), series, table, mask, grid)


def _write_needling(
    folder: Path, root: Path, person: DemoParticipant, mask: Mask, grid: Grid, rng: np.random.Generator
) -> None:
    """Write a run in which a needle is turned for half a minute and left for half a minute, and its events."""
    from nilearn.glm.first_level.hemodynamic_models import compute_regressor

    onsets = np.arange(30.0, FRAMES * TR - 30, 60.0)
    turned = np.stack([onsets, np.full(len(onsets), 30.0), np.ones(len(onsets))])
    response = compute_regressor(turned, "spm", TR * np.arange(FRAMES))[0][:, 0]
    motion, table = _motion(False, rng)
    series = _series(False, True, motion, mask, grid, rng)
    series += np.outer(response, 15 * _blob(mask, grid, INSULA)).astype(np.int16)
    words = f"sub-{person.label}", "ses-post"
    _write_run(root.joinpath(*words, "func", "_".join([*words, "task-needling"])), series, table, mask, grid)
    count = len(onsets)
    events = {"onset": onsets, "duration": [30] * count, "trial_type": ["rotation"] * count}
    write_table(folder.joinpath(*words, "func", "_".join([*words, "task-needling_events.tsv"])), events)


def _write_run(
    stem: Path, series: NDArray[np.int16], table: dict[str, NDArray[np.float64]], mask: Mask, grid: Grid
) -> None:
    """Write series, sidecar, mask and confounds of a run whose file names begin with `stem`."""
    bold = f"{stem.name}_{SPACE}_desc-preproc_bold"
    task = stem.name.rpartition("task-")[2]
    write_series(stem.with_name(f"{bold}.nii.gz"), series, mask, grid, TR)
    write_json(
        stem.with_name(f"{bold}.json"),
        {"RepetitionTime": TR, "TaskName": task, "SkullStripped": False, "Description": SYNTHETIC_NOTICE},
    )
    write_labels(stem.with_name(f"{stem.name}_{SPACE}_desc-brain_mask.nii.gz"), mask, grid)
    whole = {**table, "global_signal": series.mean(axis=1)}
    write_table(stem.with_name(f"{stem.name}_desc-confounds_timeseries.tsv"), whole)


def _motion(much: bool, rng: np.random.Generator) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Return six motion parameters (frames, 6), and the confound table that belongs to them."""
    steps = rng.standard_normal((FRAMES, 6)) * ([0.02] * 3 + [0.0004] * 3)
    jumps = rng.choice(FRAMES - 1, 70 if much else int(rng.integers(0, 4)), replace=False) + 1
    steps[jumps, 0] += rng.choice([-0.8, 0.8], len(jumps))
    motion = np.cumsum(steps, axis=0) * 0.9
    table = dict(zip(MOTION, motion.T, strict=True))
    table["csf"] = 800 + np.cumsum(rng.standard_normal(FRAMES))
    table["white_matter"] = 700 + np.cumsum(rng.standard_normal(FRAMES))
    step = np.abs(np.diff(motion, axis=0))
    table["framewise_displacement"] = np.append(np.nan, step[:, :3].sum(axis=1) + 50 * step[:, 3:].sum(axis=1))
    return motion, complete(table)


def _slow(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise between 0.01 and 0.09 Hz, (frames,), standardised."""
    spectrum = np.fft.rfft(rng.standard_normal(FRAMES))
    frequency = np.fft.rfftfreq(FRAMES, TR)
    spectrum[(frequency < 0.01) | (frequency > 0.09)] = 0
    series = np.fft.irfft(spectrum, FRAMES)
    return np.asarray(series / series.std())


def _blob(mask: Mask, grid: Grid, centre: tuple[float, float, float], width: float = 8.0) -> NDArray[np.float64]:
    """Return a Gaussian of one at its centre, (voxels,)."""
    places = np.argwhere(mask) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    distance = ((places - np.array(centre)) ** 2).sum(axis=1)
    return np.asarray(np.exp(-distance / 2 / width**2))


def _series(
    verum: bool, after: bool, motion: NDArray[np.float64], mask: Mask, grid: Grid, rng: np.random.Generator
) -> NDArray[np.int16]:
    """Return the series of one session, (frames, voxels)."""
    count = int(mask.sum())
    own = {centre: _slow(rng) for centre in (THALAMUS, CINGULATE, POSTERIOR, MEDIAL)}
    coupling = 0.25 + rng.normal(0, 0.12, 2)
    coupling += [STRENGTH * (verum and after), STRENGTH * after]
    own[CINGULATE] += coupling[0] * own[THALAMUS]
    own[MEDIAL] += coupling[1] * own[POSTERIOR]
    white = rng.standard_normal((FRAMES, count)).astype(np.float32)
    noise = smooth_in_mask(white, mask, grid.voxel_sizes, 8.0)
    noise /= noise.std()
    series = 1.2 * noise + 0.1 * np.outer(_slow(rng), np.ones(count))
    for centre, signal in own.items():
        series += np.outer(signal, _blob(mask, grid, centre))
    series += np.outer(motion[:, 0] - motion[:, 0].mean(), 2 * rng.standard_normal(count))
    brightness = 600 + 200 * _blob(mask, grid, (0, -20, 10), 45.0)
    return np.asarray(np.clip(brightness + 6 * series, 1, 32000), dtype=np.int16)
