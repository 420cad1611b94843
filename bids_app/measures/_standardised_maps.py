"""Raw, ratio and z maps of local activity, which its measures share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.signals.smoothing import smooth_known
from bids_app.statistics.standardise import over_mean, zscore
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Signals


def standardised(
    outputs: Sequence[Output], raw: NDArray[np.float32], label: str, signals: Signals, about: Mapping[str, object]
) -> Iterator[Feature]:
    """Yield a map, (voxels,), as it is, and over its mean and as z, both smoothed after that.

    Parameters
    ----------
    outputs : sequence of Output
        Those of the raw map, of the ratio, and of z.
    """
    first, *others = outputs
    yield Feature(first, raw, label, {**about, "SmoothingFWHM": 0})
    scaled = smooth_known(np.stack([over_mean(raw), zscore(raw)]), signals)
    for output, values in zip(others, scaled, strict=True):
        yield Feature(output, values, label, {**about, "SmoothingFWHM": signals.fwhm})
