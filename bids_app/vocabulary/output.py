"""What a plug promises to write, and one written thing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Output:
    """One kind of output, declared once beside the code that fills it.

    `entity` names the entity that tells members apart (`seed`, `meas`); `labels` are its values where they are known
    beforehand; `entities` are fixed ones. `noun` is what the group level says is compared (`definite` if it has an
    article). `kind` is `map` (one value a voxel), `series` (a table with a row for each frame, never combined over
    runs), `matrix` (a row and a column for each of the `Nodes` in the metadata), `table`, or `people` (one row of
    values that become columns of participants). `scale` names what the values of the group level are in, where the
    units of BIDS are arbitrary; `base` is that of the logarithm that they are (0: of none), so that effects are ratios.
    Results of what is `exploratory` confirm nothing, whatever their p.
    Values `above_zero` are so by what they are, so that means of an arm are not tested against 0.
    `amounts` are values with a true zero, of which the group level tells changes in percent beside the contrasts.
    """

    name: str
    kind: str
    suffix: str
    description: str
    units: str
    entities: Mapping[str, str] = field(default_factory=dict)
    entity: str = ""
    labels: tuple[str, ...] = ()
    noun: str = ""
    definite: bool = False
    scale: str = ""
    base: float = 0.0
    amounts: bool = False
    above_zero: bool = False
    exploratory: bool = False

    @property
    def is_map(self) -> bool:
        """True where the values are an image; otherwise they stand in a table."""
        return self.kind == "map"


@dataclass(frozen=True, eq=False)
class Feature:
    """The value of one output for one run: a (voxels,) array, or columns of a table."""

    output: Output
    value: NDArray[np.floating[Any]] | Mapping[str, Any]
    label: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)


class AlikePairs(NamedTuple):
    """How alike members of dyads are, by place: (places, dyads, dyads), true pairs on the diagonal.

    Pairs of different groups are NaN.
    """

    places: tuple[str, ...]
    values: NDArray[np.float64]


def mean_row(runs: Sequence[Feature]) -> Iterator[Feature]:
    """Yield the one row of a session from those of its runs, each weighted by its `Seconds`; nothing of no run.

    A value that a run lacks does not count; text of the metadata is that of the first.
    """
    if not runs:
        return
    seconds = np.array([float(str(run.metadata["Seconds"])) for run in runs])
    rows = [run.value for run in runs if isinstance(run.value, Mapping)]
    mean = {}
    for name in rows[0]:
        values = np.array([float(row[name][0]) for row in rows])
        known = np.isfinite(values)
        mean[name] = [float(np.average(values[known], weights=seconds[known])) if known.any() else float("nan")]
    yield Feature(runs[0].output, mean, runs[0].label, {**runs[0].metadata, "Seconds": float(seconds.sum())})
