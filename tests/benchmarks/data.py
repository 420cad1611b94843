"""A run of realistic size: whole brain at 2 or 3 mm, 240 volumes, 36 confounds, noise smooth in space and time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from nilearn.datasets import load_mni152_brain_mask
from scipy import ndimage

FRAMES, TR = 240, 2.0
SPACE = "space-MNI152NLin2009cAsym"
MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


def write(root: Path, resolution: int, kind: str, name: str = "sub-01", seed: int = 0, frames: int = FRAMES) -> None:
    """Write one run into a derivative dataset; `kind` is int16 or float32, `name` its participant and session."""
    folder = root.joinpath(*name.split("_"), "func")
    folder.mkdir(parents=True)
    about = {"Name": "benchmark", "BIDSVersion": "1.9.0", "DatasetType": "derivative"}
    (root / "dataset_description.json").write_text(json.dumps(about))
    image = load_mni152_brain_mask(resolution=resolution)
    mask = np.asarray(image.dataobj) > 0
    rng = np.random.default_rng(seed)
    level = ndimage.gaussian_filter(rng.standard_normal(mask.shape), 6)
    level = 9000 + 2500 * level / level.std()
    data = np.zeros((*mask.shape, frames), dtype=kind)
    noise = np.zeros(mask.shape)
    for frame in range(frames):
        fresh = ndimage.gaussian_filter(rng.standard_normal(mask.shape), 0.8)
        noise = 0.4 * noise + fresh / fresh.std()
        data[..., frame] = np.where(mask, level + 120 * noise, 0)
    stem = f"{name}_task-rest_{SPACE}_res-{resolution}"
    series = nib.Nifti1Image(data, image.affine)
    series.set_sform(image.affine, 4)
    series.set_qform(image.affine, 4)
    nib.save(series, folder / f"{stem}_desc-preproc_bold.nii.gz")
    nib.save(nib.Nifti1Image(mask.astype(np.uint8), image.affine), folder / f"{stem}_desc-brain_mask.nii.gz")
    (folder / f"{stem}_desc-preproc_bold.json").write_text(json.dumps({"RepetitionTime": TR}))
    table = {name: np.cumsum(rng.standard_normal(frames)) * 0.01 for name in MOTION}
    table |= {name: rng.standard_normal(frames) for name in ("csf", "white_matter", "global_signal")}
    table["framewise_displacement"] = np.abs(rng.normal(0.1, 0.05, frames))
    table["framewise_displacement"][[40, 41, 150]] = 0.9
    rows = ["\t".join(table), *("\t".join(f"{v:.8g}" for v in row) for row in zip(*table.values(), strict=True))]
    (folder / f"{name}_task-rest_desc-confounds_timeseries.tsv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], frames=int(sys.argv[4]) if len(sys.argv) > 4 else FRAMES)
