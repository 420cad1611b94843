"""What peaks of two contrasts give where they are compared: maps and a table of what passes, both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from bids_app.statistics.clusters.cluster_table import Cluster, tabulate
from bids_app.statistics.permutation.corrections import critical, familywise_p, unsurpassed
from bids_app.statistics.permutation.schemes import Listed
from bids_app.statistics.synthesis.coordinates import Brain
from bids_app.vocabulary.studies import Studies
from bids_app.vocabulary.synthesis import Columns, SynthesisRequest, SynthesisResult
from bids_app.vocabulary.synthesis_sidecars import ComparedPeaks, StudyUse


class PatternsTold(TypedDict):
    """What sidecars say of a test."""

    patterns: int
    patterns_possible: int
    smallest_possible_p: float
    smallest_p: float
    critical: float
    alpha: float
    random_seed: int
    passing: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Compared:
    """A signed statistic, (voxels,), and the largest |statistic| of each pattern, (patterns,).

    Attributes
    ----------
    name : str
        Label of the statistic in file names.
    """

    name: str
    observed: NDArray[np.floating]
    maxima: NDArray[np.floating]
    scheme: Listed
    brain: Brain
    request: SynthesisRequest

    @property
    def p(self) -> NDArray[np.float64]:
        """Corrected over the brain, two-sided, (voxels,)."""
        return familywise_p(np.abs(self.observed), self.maxima)

    @property
    def clusters(self) -> list[Cluster]:
        """Voxels that pass, joined."""
        above = unsurpassed(self.maxima, self.request.inference.alpha)
        return list(tabulate(self.observed, self.brain.lattice.label(self.observed, above), above))

    def said(self) -> PatternsTold:
        """Return what sidecars say of the test."""
        inference, scheme = self.request.inference, self.scheme
        return {
            "patterns": scheme.total, "patterns_possible": scheme.possible, "smallest_possible_p": scheme.smallest_p,
            "smallest_p": float(self.p.min()), "critical": critical(self.maxima, inference.alpha),
            "alpha": inference.alpha, "random_seed": inference.random_seed, "passing": len(self.clusters),
        }  # fmt: skip

    def result(self, about: ComparedPeaks) -> SynthesisResult:
        """Return maps and tables."""
        maps: dict[str, NDArray[np.floating]] = {self.name: self.observed, "logpvoxfwe": -np.log10(self.p)}
        tables = {"clusters": self._table(), "nullmax": {"voxel": [*self.maxima]}}
        return SynthesisResult(about=about, maps=maps, domain=self.request.brain, tables=tables)

    def _table(self) -> Columns:
        clusters, p = self.clusters, self.p
        at = [one.peak for one in clusters]
        where = self.brain.positions[at]
        found: dict[str, list[object]] = {"cluster": list(range(1, len(at) + 1))}
        found |= {axis: [*values] for axis, values in zip("xyz", where.T, strict=True)}
        found["place"] = [self.request.named(place[None]) or None for place in where]
        found["more_in"] = ["first" if one.positive else "second" for one in clusters]
        found[f"peak_{self.name}"] = [one.peak_t for one in clusters]
        found["voxels"] = [one.extent for one in clusters]
        found["p_voxel_fwe"] = [float(p[i]) for i in at]
        return found


def use_of(studies: Studies, samples: Sequence[str], reason: str) -> tuple[StudyUse, ...]:
    """Return who takes part, by sample, and why others do not."""
    return tuple(
        StudyUse(study=name, used=one.sample in samples, reason="" if one.sample in samples else reason)
        for name, one in studies.studies.items()
    )
