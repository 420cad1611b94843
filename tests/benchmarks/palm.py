"""PALM (https://github.com/andersonwinkler/PALM) in Octave, on the data and the contrast of `make bench-group`.

PALM is fetched, and its file readers compiled for the Octave at hand, by the reader:

    cd PALM/lib/@file_array/private && for file in file2mat mat2file init; do mkoctfile --mex $file.c; done

PALM turns t into z before it forms clusters and enhances them, so that t maps are compared and its TFCE is not. A
regressor of each voxel's own takes more than 20 GB there with 98 people at 2 mm; it is given from 4 mm on.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import nibabel as nib
import numpy as np

THRESHOLD = "3.0902"  # z of p = .001, one-sided
AFFINE = np.diag([2.0, 2, 2, 1])


def available(palm: Path | None) -> bool:
    return palm is not None and shutil.which("octave-cli") is not None


def with_baseline(mask: np.ndarray) -> bool:
    """Tell whether PALM can hold a regressor of each voxel's own."""
    return bool(mask.sum() < 50_000)


def relabel(folder: Path, palm: Path, arm: np.ndarray, nuisance: np.ndarray, count: int) -> float:
    """Relabel with mass and TFCE; write t_palm.npy and return the seconds of one relabelling."""
    mask = np.load(folder / "mask.npy")
    for stage in ("pre", "post"):
        save(np.load(folder / f"{stage}.npy"), mask, folder / f"{stage}.nii")
    nib.Nifti1Image(mask.astype(np.uint8), AFFINE).to_filename(folder / "mask.nii")
    columns = np.column_stack([arm, nuisance])
    own = []
    if with_baseline(mask):
        columns = np.column_stack([columns, np.zeros(len(arm))])  # filled voxel by voxel
        own = ["-evperdat", "pre.nii", columns.shape[1]]
    np.savetxt(folder / "design.csv", columns, delimiter=",")
    np.savetxt(folder / "contrast.csv", np.eye(columns.shape[1])[:1], delimiter=",")
    words = [
        "-i", "post.nii", "-m", "mask.nii", "-d", "design.csv", "-t", "contrast.csv",
        *own, "-n", count, "-twotail", "-T", "-C", THRESHOLD, "-Cstat", "mass",
        "-seed", 1, "-o", "palm",
    ]  # fmt: skip
    called = ",".join(f"'{word}'" for word in words)
    script = f"pkg load image; addpath('{palm.resolve()}'); palm({called});"
    command = ["octave-cli", "--no-gui", "--quiet", "--eval", script]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    seconds = float((folder / "palm_elapsed.csv").read_text().split(",")[1])  # Octave may crash after its last file
    np.save(folder / "t_palm.npy", np.asarray(nib.load(folder / "palm_vox_tstat.nii").dataobj)[mask])
    return seconds / count


def save(values: np.ndarray, mask: np.ndarray, path: Path) -> None:
    full = np.zeros((*mask.shape, len(values)), dtype=np.float32)
    full[mask] = values.T
    nib.Nifti1Image(full, AFFINE).to_filename(path)
