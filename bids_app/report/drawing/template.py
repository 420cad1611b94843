"""The brain that group maps are drawn on: the MNI template that nilearn ships; nothing is downloaded."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.volumes import read_map
from bids_app.vocabulary.grid import Grid

SHIPPED = Path(str(files("nilearn"))) / "datasets" / "data" / "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
"""Skull-stripped, 1 mm. Read as a file: importing nilearn takes longer than drawing a page."""


@cache
def template() -> tuple[NDArray[np.float32], Grid]:
    """Return the skull-stripped T1-weighted template at 2 mm."""
    if SHIPPED.exists():
        values, grid = read_map(SHIPPED)
        x, y, z = values[::2, ::2, ::2].shape
        return values[::2, ::2, ::2], Grid((x, y, z), grid.affine @ np.diag([2.0, 2, 2, 1]))
    from nilearn.datasets import load_mni152_template

    image: Any = load_mni152_template(resolution=2)
    x, y, z = image.shape
    return np.asarray(image.dataobj, dtype=np.float32), Grid((x, y, z), np.asarray(image.affine))
