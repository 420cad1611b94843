"""Runs of the demonstrations: motion, noise and series that are made up, in fMRIPrep layout."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.dataset import SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_labels, write_series, write_table
from bids_app.signals.confounds import MOTION, complete
from bids_app.signals.smoothing import smooth_in_mask
from bids_app.vocabulary.grid import Grid, Mask

SPACE = "space-MNI152NLin2009cAsym_res-5"
TR = 2.0


def brain() -> tuple[Mask, Grid]:
    """Return the brain mask that nilearn ships (ICBM 2009), at 5 mm."""
    from nilearn.datasets import load_mni152_brain_mask

    image: Any = load_mni152_brain_mask(resolution=5)
    mask = np.asarray(image.dataobj) > 0
    return mask, Grid(mask.shape, np.asarray(image.affine, dtype=np.float64))


def write_run(
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


def motion(
    frames: int, jumps: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:  # fmt: skip
    """Return six motion parameters, (frames, 6), with so many jumps (0: a few), and the confound table to them."""
    steps = rng.standard_normal((frames, 6)) * ([0.02] * 3 + [0.0004] * 3)
    moved = rng.choice(frames - 1, jumps or int(rng.integers(0, 4)), replace=False) + 1
    steps[moved, 0] += rng.choice([-0.8, 0.8], len(moved))
    drift = np.cumsum(steps, axis=0) * 0.9
    table = dict(zip(MOTION, drift.T, strict=True))
    table["csf"] = 800 + np.cumsum(rng.standard_normal(frames))
    table["white_matter"] = 700 + np.cumsum(rng.standard_normal(frames))
    step = np.abs(np.diff(drift, axis=0))
    table["framewise_displacement"] = np.append(np.nan, step[:, :3].sum(axis=1) + 50 * step[:, 3:].sum(axis=1))
    return drift, complete(table)


def slow(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise between 0.01 and 0.09 Hz, (frames,), standardised."""
    spectrum = np.fft.rfft(rng.standard_normal(frames))
    frequency = np.fft.rfftfreq(frames, TR)
    spectrum[(frequency < 0.01) | (frequency > 0.09)] = 0
    series = np.fft.irfft(spectrum, frames)
    return np.asarray(series / series.std())


def blob(mask: Mask, grid: Grid, centre: tuple[float, float, float], width: float = 8.0) -> NDArray[np.float64]:
    """Return a Gaussian of one at its centre, (voxels,)."""
    places = np.argwhere(mask) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    distance = ((places - np.array(centre)) ** 2).sum(axis=1)
    return np.asarray(np.exp(-distance / 2 / width**2))


def noise(frames: int, mask: Mask, grid: Grid, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return noise that is smooth in space, and a slow part that the whole brain shares, (frames, voxels)."""
    white = rng.standard_normal((frames, int(mask.sum()))).astype(np.float32)
    smooth = smooth_in_mask(white, mask, grid.voxel_sizes, 8.0)
    smooth /= smooth.std()
    return np.asarray(1.2 * smooth + 0.1 * np.outer(slow(frames, rng), np.ones(int(mask.sum()))))


def scanned(
    sources: Iterable[tuple[NDArray[np.float64], NDArray[np.float64]]], background: NDArray[np.float64],
    moved: NDArray[np.float64], mask: Mask, grid: Grid, rng: np.random.Generator,
) -> NDArray[np.int16]:  # fmt: skip
    """Return the series that a scanner would store, (frames, voxels).

    Parameters
    ----------
    sources : iterable of ((frames,), (voxels,))
        Course of each source, and where it is seen.
    background : (frames, voxels)
    moved : (frames, 6)
        Motion, which every voxel shows in its own way.
    """
    series = background.copy()
    for course, place in sources:
        series += np.outer(course, place)
    series += np.outer(moved[:, 0] - moved[:, 0].mean(), 2 * rng.standard_normal(int(mask.sum())))
    brightness = 600 + 200 * blob(mask, grid, (0, -20, 10), 45.0)
    return np.asarray(np.clip(brightness + 6 * series, 1, 32000), dtype=np.int16)
