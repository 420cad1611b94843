"""A tiny trial in fMRIPrep layout with a planted effect, small enough to be made anew for every test."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np

SPACE = "space-MNI152NLin2009cAsym_res-8"
SHAPE = (12, 14, 11)
AFFINE = np.array([[8.0, 0, 0, -44], [0, 8.0, 0, -60], [0, 0, 8.0, -36], [0, 0, 0, 1]])
TR, FRAMES = 2.0, 150
SEEDS = ["near:4,4,4:9", "far:-28,-28,12:9"]
"""Seeds of a few voxels each on this grid."""

TARGET = (20.0, 28.0, 4.0)
CAP = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz", "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
    "Oz",
)  # fmt: skip
"""Electrodes of the 10-20 system, and Oz."""

MOTION = ["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]


def brain() -> np.ndarray:
    """Return an ellipsoid mask, (x, y, z)."""
    centre = (np.array(SHAPE) - 1) / 2
    places = np.indices(SHAPE).reshape(3, -1).T
    inside = (((places - centre) / (centre - 0.5)) ** 2).sum(axis=1) <= 1.15
    return inside.reshape(SHAPE)


def places() -> np.ndarray:
    """Return mm coordinates of all voxels, (x, y, z, 3)."""
    return np.indices(SHAPE).transpose(1, 2, 3, 0) @ AFFINE[:3, :3].T + AFFINE[:3, 3]


def blob(centre: tuple[float, float, float], width: float = 10.0) -> np.ndarray:
    return np.exp(-((places() - np.array(centre)) ** 2).sum(axis=-1) / 2 / width**2)


@dataclass
class Trial:
    """A dataset on disk; `fmriprep` is its derivative tree."""

    root: Path
    people: dict[str, str] = field(default_factory=dict)

    @property
    def fmriprep(self) -> Path:
        return self.root / "derivatives" / "fmriprep"

    def func(self, label: str, session: str) -> Path:
        return self.fmriprep / f"sub-{label}" / f"ses-{session}" / "func"

    def file(self, label: str, session: str, kind: str) -> Path:
        """Return the `bold`, `mask`, `confounds` or `sidecar` of a session."""
        stem = f"sub-{label}_ses-{session}_task-rest"
        endings = {
            "bold": f"_{SPACE}_desc-preproc_bold.nii.gz",
            "sidecar": f"_{SPACE}_desc-preproc_bold.json",
            "mask": f"_{SPACE}_desc-brain_mask.nii.gz",
            "confounds": "_desc-confounds_timeseries.tsv",
        }
        return self.func(label, session) / (stem + endings[kind])


def write_trial(
    root: Path, per_arm: int = 4, sessions: Iterable[str] = ("pre", "post"), effect: float = 2.0, people: str = ""
) -> Trial:
    """Write a trial of `per_arm` people in verum and in sham; other `people` have other series."""
    trial = Trial(root)
    describe(root, "raw")
    describe(trial.fmriprep, "derivative")
    for number in range(2 * per_arm):
        label, arm = f"{number + 1:02d}", ("verum", "sham")[number % 2]
        trial.people[label] = arm
        for session in sessions:
            coupling = effect if arm == "verum" and session == "post" else 0.2
            own = hash_of(*filter(None, (people, label, session)))
            write_run(trial.func(label, session), f"sub-{label}_ses-{session}_task-rest", seed=own, coupling=coupling)
    write_participants(trial)
    return trial


def hash_of(*words: str) -> int:
    return zlib.crc32("-".join(words).encode())


def describe(root: Path, kind: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    about = {"Name": "tests", "BIDSVersion": "1.9.0", "DatasetType": kind}
    if kind == "derivative":
        about["GeneratedBy"] = [{"Name": "tests"}]
    (root / "dataset_description.json").write_text(json.dumps(about))


def write_participants(trial: Trial, prefix: str = "sub-", column: str = "group") -> None:
    lines = [f"participant_id\t{column}\tage\tsite"]
    lines += [
        f"{prefix}{label}\t{arm}\t{30 + 3 * i % 17}\t{'AB'[i // 2 % 2]}"
        for i, (label, arm) in enumerate(trial.people.items())
    ]
    (trial.root / "participants.tsv").write_text("\n".join(lines) + "\n")


def write_run(folder: Path, stem: str, seed: int = 0, coupling: float = 0.2, frames: int = FRAMES) -> None:
    """Write series, mask, confounds and sidecar of one run."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    mask = brain()
    slow = [np.convolve(rng.standard_normal(frames + 8), np.hanning(9), "same")[4:-4] for _ in range(2)]
    source, follower = (s / s.std() for s in slow)
    follower = follower + coupling * source
    data = rng.standard_normal((*SHAPE, frames)) + 0.6 * np.convolve(rng.standard_normal(frames), np.ones(5), "same")
    data += 2 * blob((4, 4, 4))[..., None] * source + 2 * blob(TARGET)[..., None] * follower
    data = np.where(mask[..., None], 500 + 10 * data, 0)
    image = nib.Nifti1Image(data.astype(np.float32), AFFINE)
    image.set_sform(AFFINE, 4)
    image.set_qform(AFFINE, 4)
    nib.save(image, folder / f"{stem}_{SPACE}_desc-preproc_bold.nii.gz")
    (folder / f"{stem}_{SPACE}_desc-preproc_bold.json").write_text(json.dumps({"RepetitionTime": TR}))
    nib.save(nib.Nifti1Image(mask.astype(np.uint8), AFFINE), folder / f"{stem}_{SPACE}_desc-brain_mask.nii.gz")
    write_confounds(folder / f"{stem}_desc-confounds_timeseries.tsv", confounds(rng, frames))


def confounds(rng: np.random.Generator, frames: int = FRAMES) -> dict[str, np.ndarray]:
    table = {name: np.cumsum(rng.standard_normal(frames)) * (0.01 if name[0] == "t" else 2e-4) for name in MOTION}
    table |= {"csf": rng.standard_normal(frames), "white_matter": rng.standard_normal(frames)}
    table["framewise_displacement"] = np.append(np.nan, np.abs(rng.normal(0, 0.05, frames - 1)))
    return table


def write_confounds(path: Path, table: dict[str, np.ndarray]) -> None:
    rows = zip(*table.values(), strict=True)
    lines = ["\t".join(table)]
    lines += ["\t".join("n/a" if np.isnan(value) else f"{value:.8g}" for value in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
