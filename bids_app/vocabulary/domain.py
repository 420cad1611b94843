"""Where values live: voxels of a mask, sites such as regions or edges between them, sensors by frequency or time.

Maps, results, files and pictures ask the domain of their values what they are; who joins whom in clusters is asked of
`statistics.neighbours`. Surfaces (greyordinates) will be one more kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary.grid import Grid, Mask, Points

Label = tuple[object, ...]
"""What tells a place from the others of its domain."""


class Domain(Protocol):
    """Places that have a value each."""

    @property
    def unit(self) -> str:
        """What a place is: voxel, vertex, point, edge, region."""

    @property
    def is_map(self) -> bool:
        """True where values are images; otherwise they stand in tables, one row a place."""

    @property
    def clustered(self) -> bool:
        """True where clusters of places can be claimed; otherwise each place is claimed by itself."""

    @property
    def size(self) -> int:
        """Number of places."""

    def matches(self, other: Domain) -> bool:
        """Tell whether places of both can be the same."""

    def common(self, others: Sequence[Domain]) -> Domain:
        """Return the places that all have; all of them match."""

    def restrict(self, keep: Mask) -> Domain:
        """Return the places that are kept, (size,) bool."""

    def describe(self) -> str:
        """Return the domain in words, for messages."""

    def columns(self) -> dict[str, list[object]]:
        """Return what tells the places apart, as columns of a table."""


@dataclass(frozen=True, eq=False)
class Voxels:
    """Voxels of a mask (x, y, z) on a lattice, in C order."""

    grid: Grid
    mask: Mask
    unit = "voxel"
    is_map = True
    clustered = True

    @cached_property
    def size(self) -> int:
        """Number of voxels."""
        return int(self.mask.sum())

    def matches(self, other: Domain) -> bool:
        """Tell whether both lie on one lattice."""
        return isinstance(other, Voxels) and self.grid.matches(other.grid)

    def common(self, others: Sequence[Domain]) -> Voxels:
        """Return the voxels that all have."""
        masks = [other.mask for other in others if isinstance(other, Voxels)]
        return Voxels(self.grid, np.logical_and.reduce([self.mask, *masks]))

    def restrict(self, keep: Mask) -> Voxels:
        """Return the voxels that are kept, (size,) bool."""
        mask = self.mask.copy()
        mask[self.mask] = keep
        return Voxels(self.grid, mask)

    def describe(self) -> str:
        """Return the lattice in words."""
        return self.grid.describe()

    @property
    def positions(self) -> Points:
        """Where the voxels are, (size, 3) mm."""
        return np.asarray(np.argwhere(self.mask) @ self.grid.affine[:3, :3].T + self.grid.affine[:3, 3])

    def columns(self) -> dict[str, list[object]]:
        """Return the places in mm."""
        return {axis: [*values] for axis, values in zip("xyz", self.positions.T, strict=True)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Sites:
    """Named places: regions, edges between them, channels, pairs, plain numbers.

    Attributes
    ----------
    ends : tuple of (str, str)
        Names of what each site joins; sites that share one are neighbours. Without ends no site has a neighbour.
    unit : str
        What a site is; the first column of its tables.
    first : str
        Name of the site that is tested first: where it differs, nothing is claimed of the others. Often none.
    """

    names: tuple[str, ...]
    ends: tuple[tuple[str, str], ...] = ()
    unit: str = "edge"
    first: str = ""
    is_map = False
    clustered = False

    @property
    def size(self) -> int:
        """Number of sites."""
        return len(self.names)

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """What tells the sites apart."""
        return tuple((name,) for name in self.names)

    def matches(self, other: Domain) -> bool:
        """Tell whether both are of one unit; which sites there are may differ."""
        return isinstance(other, Sites) and self.unit == other.unit

    def common(self, others: Sequence[Domain]) -> Sites:
        """Return the sites that all have, in the order of the first."""
        known = [set(other.names) for other in others if isinstance(other, Sites)]
        return self.restrict(np.array([all(name in own for own in known) for name in self.names], dtype=bool))

    def restrict(self, keep: Mask) -> Sites:
        """Return the sites that are kept, (size,) bool."""
        chosen = np.flatnonzero(keep)
        ends = tuple(self.ends[i] for i in chosen) if self.ends else ()
        return replace(self, names=tuple(self.names[i] for i in chosen), ends=ends)

    def describe(self) -> str:
        """Return how many sites there are."""
        return f"{self.size} {self.unit}s"

    def columns(self) -> dict[str, list[object]]:
        """Return the names."""
        return {self.unit: [*self.names]}


@dataclass(frozen=True)
class Axis:
    """A second axis of sensors: frequencies (Hz), times (s)."""

    name: str
    unit: str
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Sensors:
    """Sensors by frequencies or times, sensor by sensor.

    Attributes
    ----------
    axes : tuple of Axis
        None for one value a sensor.
    near : tuple of (int, int)
        Numbers of sensors that are neighbours.
    positions : (sensors, 3) mm or None
    kept : (points,) bool or None
        Points of the full product that are there; None for all.
    """

    names: tuple[str, ...]
    axes: tuple[Axis, ...] = ()
    near: tuple[tuple[int, int], ...] = ()
    positions: Points | None = None
    kept: Mask | None = None
    unit = "point"
    is_map = False
    clustered = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Sensors, and values of each further axis."""
        return (len(self.names), *(len(axis.values) for axis in self.axes))

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Numbers of the points in the full product, (size,)."""
        return np.arange(int(np.prod(self.shape))) if self.kept is None else np.flatnonzero(self.kept)

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.places)

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """What tells the points apart: sensor, and value of each further axis."""
        return tuple(zip(*self.columns().values(), strict=True))

    def matches(self, other: Domain) -> bool:
        """Tell whether both have the same axes; which sensors there are may differ."""
        return isinstance(other, Sensors) and self.axes == other.axes

    def common(self, others: Sequence[Domain]) -> Sensors:
        """Return the points that all have, in the order of the first."""
        known = [set(other.labels) for other in others if isinstance(other, Sensors)]
        return self.restrict(np.array([all(label in own for own in known) for label in self.labels], dtype=bool))

    def restrict(self, keep: Mask) -> Sensors:
        """Return the points that are kept, (size,) bool."""
        kept = np.zeros(int(np.prod(self.shape)), dtype=bool)
        kept[self.places[keep]] = True
        return replace(self, kept=kept)

    def describe(self) -> str:
        """Return how many points there are."""
        axes = "".join(f" x {len(axis.values)} {axis.name} values" for axis in self.axes)
        return f"{len(self.names)} sensors{axes}"

    def columns(self) -> dict[str, list[object]]:
        """Return sensor and value of each further axis."""
        sensor, *others = np.unravel_index(self.places, self.shape)
        further = {axis.name: [axis.values[i] for i in own] for axis, own in zip(self.axes, others, strict=True)}
        return {"channel": [self.names[i] for i in sensor], **further}


@dataclass(frozen=True, eq=False)
class Values:
    """Values of a table of one person, (size,) by place; NaN where there is none."""

    domain: Sites | Sensors
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Coverage:
    """Voxels that every session covers.

    Attributes
    ----------
    union : int
        Voxels that any session covers.
    cost : dict
        Voxels that are lost because of one scanning session alone, by `sub-*_ses-*`.
    """

    domain: Voxels
    union: int
    cost: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
