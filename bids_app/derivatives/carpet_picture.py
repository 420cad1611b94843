"""Series as pictures: one pixel a voxel and frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.signals import Carpet

LIMIT = 2.5
"""Standard deviations from black to white are twice this."""

CENSORED = 128
"""Grey of frames that are left out."""


def carpet_picture(carpet: Carpet, kept: Mask) -> NDArray[np.uint8]:
    """Return greys (voxels before cleaning, then as many after; frames)."""
    values = np.concatenate([carpet.before, carpet.after], axis=1).T
    picture = np.full((len(values), len(kept)), CENSORED, dtype=np.uint8)
    picture[:, kept] = np.clip(np.rint(127.5 + values / LIMIT * 127.5), 0, 255)
    return picture
