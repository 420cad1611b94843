"""What an association with a reference is given: a contrast by regions, as observed and as chance would have it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.atlases.parcels import AtlasRegion
from bids_app.statistics.spatial import moran, variogram
from bids_app.vocabulary.design import Contrast

Matrix = NDArray[np.float64]

NULLS = ("trial", "moran", "variogram")
"""Re-randomised arms; surrogates that keep Moran's I; surrogates that keep the variogram."""

SURROGATES = "moran"
"""Which surrogates decide beside re-randomisation (docs/molecules.md: an effect that has nothing to do with genes).

Re-randomisation tests that the treatment changed nothing anywhere; once it did, null maps are noise, and the
observed map is not. So a claim has the larger of both p: beyond what chance could do, and beyond any map as smooth.
Neither holds where the effect is much smoother than noise; a claim is withheld there (`RegionSet.smoother`).
"""


@dataclass(frozen=True, eq=False, kw_only=True)
class RegionalContrast:
    """One contrast of one kind of map by the regions of an atlas.

    Attributes
    ----------
    places : tuple of AtlasRegion
    voxels : (regions,)
        Voxels of each that all participants have.
    expected : (regions,)
        Voxels that it would have with complete coverage.
    maps : (P, regions)
        Mean t of each permutation of the contrast; row 0 is the observed one.
    """

    contrast: Contrast
    places: tuple[AtlasRegion, ...]
    voxels: NDArray[np.int64]
    expected: NDArray[np.int64]
    maps: Matrix
    space: str
    alpha: float
    seed: int
    smallest_p: float
    made: dict[tuple[str, bytes, int], Matrix] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class RegionSet:
    """Regions that are analysed together, such as those of the left cortex.

    Attributes
    ----------
    columns : (regions,) int
        Where they stand among the regions given.
    within : (more regions,) int or None
        Those of the part that it was cut from, whose surrogates are cut too.
    """

    name: str
    given: RegionalContrast
    columns: NDArray[np.intp]
    number: int
    within: NDArray[np.intp] | None = None

    @property
    def places(self) -> tuple[AtlasRegion, ...]:
        """The regions."""
        return tuple(self.given.places[i] for i in self.columns)

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [place.name for place in self.places]

    @property
    def observed(self) -> Matrix:
        """The map, (regions,)."""
        return np.asarray(self.given.maps[0, self.columns])

    def null(self, kind: str) -> Matrix:
        """Return the maps of one kind of chance, (B, regions); row 0 is the observed one."""
        if kind == "trial":
            return self.given.maps[:, self.columns]
        whole = self.columns if self.within is None else self.within
        key = kind, whole.tobytes(), self.number
        if key not in self.given.made:  # associations share them: those of hundreds of regions take seconds
            self.given.made[key] = self._surrogates(kind, whole)
        found = self.given.made[key]
        return found if self.within is None else found[:, np.searchsorted(whole, self.columns)]

    def _surrogates(self, kind: str, columns: NDArray[np.intp]) -> Matrix:
        rng = np.random.default_rng([self.given.seed, NULLS.index(kind), len(columns)])
        distance = moran.distances(np.array([self.given.places[i].centre for i in columns]))
        around = moran.neighbourhood(distance) if kind == "moran" else distance
        make = moran.surrogates if kind == "moran" else variogram.surrogates
        observed = self.given.maps[0, columns]
        return np.vstack([observed, make(observed, around, self.number, rng)])

    def subset(self, kept: NDArray[np.bool_]) -> RegionSet:
        """Return the same part with some of its regions; their surrogates are cut from those of all."""
        return replace(self, columns=self.columns[kept], within=self.columns if self.within is None else self.within)

    def sampled(self, number: int) -> Matrix:
        """Return the observed map and up to so many permuted ones, drawn among all but it, (maps, regions).

        The first of permutations that are listed in full are the nearest to what was observed.
        """
        maps = self.null("trial")
        rng = np.random.default_rng([self.given.seed, 5])
        drawn = rng.choice(len(maps) - 1, min(number, len(maps) - 1), replace=False) + 1
        return maps[[0, *np.sort(drawn)]]

    @property
    def autocorrelation(self) -> float:
        """Moran's I of the map."""
        return float(self._morans_i[0])

    @property
    def smoother(self) -> bool:
        """True if the map is smoother than 95 % of relabelled ones: smoothness alone may then make an association."""
        return bool(self._morans_i[0] > np.quantile(self._morans_i[1:], 0.95))

    @cached_property
    def _morans_i(self) -> Matrix:
        distance = moran.distances(np.array([place.centre for place in self.places]))
        return moran.morans_i(self.null("trial"), moran.neighbourhood(distance))

    def about(self) -> dict[str, object]:
        """Return what a sidecar says of the part."""
        return {"Regions": len(self.columns), "MoransI": self.autocorrelation, "SmootherThanChance": self.smoother}
