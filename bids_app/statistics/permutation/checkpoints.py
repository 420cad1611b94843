"""Finished parts of a long run of relabellings: named by what they depend on, so that nothing stale is taken up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

LENGTH = 512
"""Relabellings of a part."""


@dataclass(frozen=True, eq=False)
class PermutationBlock:
    """Relabellings from number `start` on: maxima by statistic, (n,) each, and how many reached the map, (voxels,)."""

    start: int
    maxima: Mapping[str, NDArray[np.float32]]
    reached: NDArray[np.int32]

    def fits(self, wanted: slice, voxels: int, statistics: Iterable[str]) -> bool:
        """Tell whether it holds every statistic of the wanted relabellings, and every voxel."""
        alike = set(self.maxima) == set(statistics) and self.reached.shape == (voxels,)
        size = (wanted.stop - wanted.start,)
        return alike and self.start == wanted.start and all(values.shape == size for values in self.maxima.values())


class CheckpointStore(Protocol):
    """Whoever keeps parts between runs."""

    def load(self, name: str) -> PermutationBlock | None:
        """Return a part kept under a name, or None."""

    def save(self, name: str, part: PermutationBlock) -> None:
        """Keep a part under a name."""


def name_of(observed: NDArray[np.float32], digest: str, words: tuple[object, ...]) -> str:
    """Return what parts of one run are called: a hash of the observed map, (voxels,), and all else they need."""
    found = hashlib.sha256(observed.tobytes())
    found.update(repr((digest, *words)).encode())
    return found.hexdigest()[:32]
