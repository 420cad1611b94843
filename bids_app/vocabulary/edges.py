"""Values of one person that stand in a table: between regions, or within and between networks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Edges(NamedTuple):
    """Values, (edges,), with a name for each, and the names of its two ends; NaN where there is none."""

    names: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]
    values: NDArray[np.float64]
