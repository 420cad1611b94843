"""Seed maps as nilearn's documentation has them: two maskers that filter, regress and smooth.

Usage: as_documented.py DATASET OUTPUT FWHM. The filter is a Butterworth, so that numbers differ from deqi's by design;
this one is for the time that a user of the library waits.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from nilearn.maskers import NiftiMasker, NiftiSpheresMasker

from bids_app.dataset.atlases.requests import seeds_of
from bids_app.dataset.presets import load
from bids_app.signals import confounds
from bids_app.vocabulary.region_request import RegionRequest

dataset, output, fwhm = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
output.mkdir(parents=True)
series = str(next(dataset.rglob("*_desc-preproc_bold.nii.gz")))
mask = str(next(dataset.rglob("*_desc-brain_mask.nii.gz")))
table = pd.read_csv(next(dataset.rglob("*_timeseries.tsv")), sep="\t")
motion = table["framewise_displacement"].to_numpy() > 0.5
drop = motion.copy()
drop[1:] |= motion[:-1]
full = confounds.complete({name: table[name].to_numpy(dtype=float) for name in table})
names = confounds.select(full, load("confounds", "36P")["columns"])
columns = confounds.matrix(full, names, ~drop)
seeds = seeds_of(RegionRequest(name="seeds", words=("core",)))
options = {"detrend": True, "standardize": "zscore_sample", "low_pass": 0.1, "high_pass": 0.008, "t_r": 2.0}
use = {"confounds": columns, "sample_mask": np.flatnonzero(~drop)}
spheres = NiftiSpheresMasker([seed.spheres[0][:3] for seed in seeds], radius=6, mask_img=mask, **options)
own = spheres.fit_transform(series, **use)
brain = NiftiMasker(mask, smoothing_fwhm=fwhm or None, **options)
voxels = brain.fit_transform(series, **use)
r = voxels.T @ own / (len(own) - 1)
z = np.arctanh(np.clip(r, -1 + 1e-7, 1 - 1e-7))
for i, seed in enumerate(seeds):
    for stat, values in (("r", r), ("fisherz", z)):
        nib.save(brain.inverse_transform(values[:, i]), output / f"seed-{seed.name}_stat-{stat}_statmap.nii.gz")
