"""The same seed maps as a careful user would script them with nilearn: same model, same voxels, same output.

Usage: with_nilearn.py DATASET OUTPUT FWHM. The nuisance model is the very matrix that deqi regresses out, so that the
numbers can be compared; everything else is nilearn's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from nilearn.image import new_img_like
from nilearn.maskers import NiftiMasker
from scipy import ndimage

from bids_app.dataset.atlases.requests import locate_all
from bids_app.dataset.presets import load
from bids_app.signals import confounds, projection
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.region_request import RegionRequest

dataset, output, fwhm = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
output.mkdir(parents=True)
series_path = next(dataset.rglob("*_desc-preproc_bold.nii.gz"))
mask_image = nib.load(next(dataset.rglob("*_desc-brain_mask.nii.gz")))
table = pd.read_csv(next(dataset.rglob("*_timeseries.tsv")), sep="\t")

motion = table["framewise_displacement"].to_numpy() > 0.5
drop = motion.copy()
drop[1:] |= motion[:-1]
frames = len(table)
full = confounds.complete({name: table[name].to_numpy(dtype=float) for name in table})
names = confounds.select(full, load("confounds", "36P")["columns"])
columns = confounds.matrix(full, names, ~drop)
bands = projection.stop_band(frames, 2.0, 0.008, 0.1)
model = np.column_stack([projection.drift(frames, 1), bands, columns])

image = nib.load(series_path)
data = np.asarray(image.dataobj, dtype=np.float32)  # integers would give integer means (nilearn#6525 and before)
cleaning = {"standardize": False, "detrend": False, "standardize_confounds": False}
masker = NiftiMasker(mask_img=mask_image, dtype="float32", **cleaning)
kept = np.flatnonzero(~drop)
clean = masker.fit_transform(new_img_like(image, data), confounds=model, sample_mask=kept)
grid = Grid(mask_image.shape, mask_image.affine)
seeds = locate_all(
    RegionRequest(name="seeds", words=("core",)), grid, np.asarray(mask_image.dataobj) > 0, "MNI152NLin2009cAsym"
)
target = clean
if fwhm:
    # Not nilearn's smooth_img: it reflects the image at the border of the lattice.
    inside = np.asarray(mask_image.dataobj) > 0
    sigma = fwhm / np.sqrt(8 * np.log(2)) / grid.voxel_sizes
    weight = np.maximum(ndimage.gaussian_filter(inside.astype(np.float32), sigma, mode="constant"), 1e-6)
    for frame in range(frames):
        data[..., frame] = ndimage.gaussian_filter(data[..., frame] * inside, sigma, mode="constant") / weight
    target = masker.fit_transform(new_img_like(image, data), confounds=model, sample_mask=kept)
unit = (target - target.mean(axis=0)) / target.std(axis=0)
for seed in seeds:
    own = clean[:, seed.columns].mean(axis=1)
    r = unit.T @ ((own - own.mean()) / own.std()) / len(own)
    r[seed.columns] = np.nan
    z = np.arctanh(np.clip(r, -1 + 1e-7, 1 - 1e-7))
    for stat, values in (("r", r), ("fisherz", z)):
        volume = np.full(mask_image.shape, np.nan, dtype=np.float32)
        volume[np.asarray(mask_image.dataobj) > 0] = values
        nib.save(nib.Nifti1Image(volume, mask_image.affine), output / f"seed-{seed.name}_stat-{stat}_statmap.nii.gz")
