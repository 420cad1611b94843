"""A contrast as it lies on disk, of maps or of tables: where it is strongest, and what it has at a place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.sidecars import read_sidecar
from bids_app.dataset.tables import numeric, read_tsv
from bids_app.dataset.volumes import read_map
from bids_app.derivatives.paths import STAT_OF, TABLE_SUFFIXES
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar
from bids_app.vocabulary.entities import companion, parse, without
from bids_app.vocabulary.grid import Grid

Place = tuple[Any, ...]
"""Indices of a voxel, or the words that a row is told apart by."""


class Estimate(NamedTuple):
    """An effect, its variance and t."""

    effect: float
    variance: float
    t: float


class SpecificationResult(Protocol):
    """What is asked of a contrast under one specification."""

    about: ContrastSidecar

    def best(self) -> Place:
        """Return where the corrected p is smallest, and t largest as the sides have it."""

    def named(self, place: Place) -> dict[str, object]:
        """Return the columns that name a place."""

    def at(self, place: Place) -> Estimate | None:
        """Return what stands at a place; nothing if there is no such place."""

    def t_beside(self, other: SpecificationResult) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return the t of both where both have one, (n,) each; nothing if they do not lie on one grid."""


def contrasts_beside(flow: Path) -> Iterator[Path]:
    """Yield the sidecars of the contrasts of one analysis, by the table of its participants."""
    entities = parse(flow.name)[0]
    for path in sorted(flow.parent.glob("*_contrast-*.json")):
        own, suffix, _ = parse(path.name)
        if suffix not in ("statmap", *TABLE_SUFFIXES) or own.keys() & {"desc", "stat"}:
            continue
        shared = without(own, "seed", "meas", "contrast")
        if entities == shared or (suffix != "statmap" and entities == without(shared, "seg")):
            yield path


def result_of(sidecar: Path) -> SpecificationResult:
    """Return the contrast that a sidecar belongs to."""
    return MapResult(sidecar) if parse(sidecar.name)[1] == "statmap" else TableResult(sidecar)


def label_of_map(sidecar: Path) -> str:
    """Return the seed, measure or set of regions that a contrast is of."""
    entities = parse(sidecar.name)[0]
    return next(entities[key] for key in ("seed", "meas", "seg") if key in entities)


class MapResult:
    """A contrast of maps."""

    def __init__(self, sidecar: Path) -> None:
        self.sidecar = sidecar
        self.about = read_sidecar(sidecar, ContrastSidecar)
        self.t, self.grid = self._read(stat="t")

    def _read(self, **entities: str) -> tuple[NDArray[np.float32], Grid]:
        return read_map(companion(self.sidecar, "statmap", ".nii.gz", **entities))

    def best(self) -> Place:
        """Return the voxel of the smallest corrected p; of a cluster, where t is largest as the sides have it."""
        decides, _ = self._read(stat=STAT_OF[self.about.claim_statistic], desc="joint")
        height = _height(self.t, self.about)
        best = np.where(decides == np.nanmax(decides[np.isfinite(height)]), height, -np.inf)
        return tuple(np.unravel_index(int(np.argmax(best)), self.t.shape))

    def named(self, place: Place) -> dict[str, object]:
        """Return the coordinates of a voxel, mm."""
        affine = self.grid.affine
        return dict(zip("xyz", affine[:3, :3] @ np.array(place) + affine[:3, 3], strict=True))

    def at(self, place: Place) -> Estimate | None:
        """Return what a voxel has."""
        effect, variance = (float(self._read(stat=stat)[0][place]) for stat in ("effect", "variance"))
        t = float(self.t[place])
        return Estimate(effect if np.isfinite(t) else np.nan, variance, t)

    def t_beside(self, other: SpecificationResult) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return t of the voxels that both have."""
        if not isinstance(other, MapResult):
            return None
        if self.t.shape != other.t.shape or self.grid.displacement(other.grid.affine) >= 1e-3:
            return None
        both = np.isfinite(self.t) & np.isfinite(other.t)
        return self.t[both].astype(np.float64), other.t[both].astype(np.float64)


class TableResult:
    """A contrast of regions, edges or points."""

    def __init__(self, sidecar: Path) -> None:
        self.about = read_sidecar(sidecar, ContrastSidecar)
        columns = read_tsv(sidecar.with_suffix(".tsv"))
        apart = list(columns)[: list(columns).index("effect")]
        if self.about.tested_first:  # it is no result of the measure
            rows = [i for i, name in enumerate(columns[apart[0]]) if name != self.about.tested_first]
            columns = {name: [values[i] for i in rows] for name, values in columns.items()}
        places = list(zip(*(columns[name] for name in apart), strict=True))
        self.t, self.effect, self.p = (
            dict(zip(places, _numbers(columns[name]), strict=True)) for name in ("t", "effect", "p_fwe_joint")
        )

    def best(self) -> Place:
        """Return the words of the row of the smallest corrected p, among several of the largest t as sides have it."""
        height = dict(zip(self.t, _height(np.array(list(self.t.values())), self.about), strict=True))
        return max(self.t, key=lambda place: (-np.nan_to_num(self.p[place], nan=2.0), height[place]))

    def named(self, place: Place) -> dict[str, object]:
        """Return the words that a row is told apart by."""
        return {"place": " ".join(place)}

    def at(self, place: Place) -> Estimate | None:
        """Return what a row has."""
        if place not in self.t:
            return None
        effect, t = self.effect[place], self.t[place]
        return Estimate(effect, (effect / t) ** 2 if t else np.nan, t)

    def t_beside(self, other: SpecificationResult) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return t of the rows that both have."""
        if not isinstance(other, TableResult):
            return None
        pairs = np.array([(t, other.t[place]) for place, t in self.t.items() if place in other.t]).reshape(-1, 2)
        known = pairs[np.isfinite(pairs).all(axis=1)]
        return known[:, 0], known[:, 1]


def _height(t: NDArray[Any], about: ContrastSidecar) -> NDArray[Any]:
    """Return how far t lies on the sides that were tested; −inf where there is none."""
    height = t if about.sides == "positive" else np.abs(t)
    return np.where(np.isfinite(height), height, -np.inf)


def _numbers(cells: list[str]) -> list[float]:
    values = numeric(cells)
    return [float("nan")] * len(cells) if values is None else [float(value) for value in values]
