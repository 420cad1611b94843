"""What an association with a reference is given: a contrast by regions, as observed and as chance would have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.parcels import Place
from bids_app.errors import WrongDataError
from bids_app.regional.matching import nearest
from bids_app.regional.options import RegionalOptions
from bids_app.statistics.spatial import moran, variogram
from bids_app.vocabulary.design import Contrast

Matrix = NDArray[np.float64]

NULLS = ("trial", "moran", "variogram")
"""Arms drawn anew; surrogates that keep Moran's I; surrogates that keep the variogram. The first decides."""


@dataclass(frozen=True, eq=False)
class Given:
    """One contrast of one kind of map by the regions of an atlas.

    Attributes
    ----------
    places : tuple of Place
    voxels : (regions,)
        Voxels of each that everybody has.
    expected : (regions,)
        Voxels that it would have with complete coverage.
    maps : (P, regions)
        Mean t of each relabelling of the contrast; row 0 is the observed one.
    """

    contrast: Contrast
    places: tuple[Place, ...]
    voxels: NDArray[np.int64]
    expected: NDArray[np.int64]
    maps: Matrix
    space: str
    alpha: float
    seed: int
    smallest_p: float


@dataclass(frozen=True, eq=False)
class Part:
    """Regions that are analysed together, such as those of the left cortex.

    Attributes
    ----------
    columns : (regions,) int
        Where they stand among the regions given.
    """

    name: str
    given: Given
    columns: NDArray[np.intp]
    number: int
    made: dict[str, Matrix] = field(default_factory=dict)

    @property
    def places(self) -> tuple[Place, ...]:
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
        if kind not in self.made:
            rng = np.random.default_rng([self.given.seed, NULLS.index(kind), len(self.columns)])
            distance = moran.distances(np.array([place.centre for place in self.places]))
            around = moran.neighbourhood(distance) if kind == "moran" else distance
            make = moran.surrogates if kind == "moran" else variogram.surrogates
            self.made[kind] = np.vstack([self.observed, make(self.observed, around, self.number, rng)])
        return self.made[kind]

    def among(self, kept: NDArray[np.bool_]) -> Part:
        """Return the same part with some of its regions; their surrogates are cut from those of all."""
        whole = {kind: self.null(kind)[:, kept] for kind in NULLS[1:]}
        return replace(self, columns=self.columns[kept], made=whole)

    @property
    def autocorrelation(self) -> float:
        """Moran's I of the map."""
        distance = moran.distances(np.array([place.centre for place in self.places]))
        return float(moran.morans_i(self.observed, moran.neighbourhood(distance)))


def parts(given: Given, options: RegionalOptions, known: Mapping[str, bool]) -> Iterator[tuple[Part | None, str]]:
    """Yield each part of the regions that is analysed, or None, with what is to be said of it.

    Parameters
    ----------
    known : mapping
        Whether the reference knows a region, by its name; regions that are not in it are not known.
    """
    covered = given.voxels >= np.maximum(options.coverage * given.expected, 1)
    sided = np.array([options.hemispheres == "both" or place.side == "left" for place in given.places])
    there = np.array([known.get(place.name, False) for place in given.places])
    for name, structure in _structures(given.places, options):
        wanted = sided & structure
        if not wanted.any():
            continue
        chosen = wanted & covered & there
        lost = _lost(given, wanted, covered, there)
        said = f"{name}: {chosen.sum()} of {wanted.sum()} regions"
        if chosen.sum() < options.least:
            yield None, f"{said}; at least {options.least} are needed, so they are not analysed.{lost}"
        else:
            yield Part(name, given, np.flatnonzero(chosen), options.surrogates), f"{said}.{lost}"


def _structures(places: Sequence[Place], options: RegionalOptions) -> list[tuple[str, NDArray[np.bool_]]]:
    cortex = np.array([place.cortex for place in places])
    side = "left " if options.hemispheres == "left" else ""
    if options.structures == "together":
        return [(f"{side}brain", np.ones(len(places), dtype=bool))]
    apart = [(f"{side}cortex", cortex), (f"{side}subcortex", ~cortex)]
    return apart[:1] if options.structures == "cortex" else apart


def _lost(given: Given, wanted: NDArray[np.bool_], covered: NDArray[np.bool_], there: NDArray[np.bool_]) -> str:
    """Return which of the wanted regions are left out and why."""
    names = [place.name for place in given.places]
    uncovered = [names[i] for i in np.flatnonzero(wanted & ~covered)]
    unknown = [names[i] for i in np.flatnonzero(wanted & covered & ~there)]
    said = [
        f" Left out, not covered by everybody: {', '.join(uncovered)}." if uncovered else "",
        f" Left out, without values in the reference: {', '.join(unknown)}." if unknown else "",
    ]
    return "".join(said)


def require_known(unknown: Sequence[str], found: int, names: Sequence[str], what: str, least: int) -> str:
    """Return what is to be said of rows of a table that are no region.

    Raises
    ------
    WrongDataError
        If too few are regions; the message shows the nearest names.
    """
    if found < least:
        raise WrongDataError(
            f"{what}: {found} of its {found + len(unknown)} rows are regions of the atlas; at least {least} must be. "
            f"Not found: {nearest(unknown, names)}. Give the atlas that the table was made with, or rename its rows."
        )
    return f"{what}: rows that are no region of the atlas: {nearest(unknown, names)}." if unknown else ""
