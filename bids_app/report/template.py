"""The brain that group maps are drawn on: the MNI template that nilearn ships; nothing is downloaded."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Grid


@cache
def template() -> tuple[NDArray[np.float32], Grid]:
    """Return the skull-stripped T1-weighted template at 2 mm."""
    from nilearn.datasets import load_mni152_template

    image: Any = load_mni152_template(resolution=2)
    x, y, z = image.shape
    return np.asarray(image.dataobj, dtype=np.float32), Grid((x, y, z), np.asarray(image.affine))
