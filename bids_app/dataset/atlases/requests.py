"""Regions that measures ask for, from words to the voxels of a run: seeds, networks of nodes, and whole atlases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset import presets
from bids_app.dataset.atlases.images import (
    atlas_file,
    beyond,
    label_column,
    label_names,
    label_number,
    on_grid,
    table_beside,
)
from bids_app.dataset.atlases.network_templates import network_names, network_regions, template_maps_file
from bids_app.dataset.atlases.seeds import locate, parse_seeds
from bids_app.dataset.tables import stands
from bids_app.errors import UsageError
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.region_request import RegionRequest, Seed
from bids_app.vocabulary.signals import Region


@cache
def seeds_of(wanted: RegionRequest) -> tuple[Seed, ...]:
    """Return the seeds and nodes that are asked for by words; none for an atlas. Words are understood once.

    Raises
    ------
    UsageError
        For a word that means nothing.
    """
    seeds = parse_seeds(wanted.words, wanted.radius) if wanted.words else ()
    nodes = [node for network in wanted.networks for node in _nodes(network, wanted.radius)]
    return (*seeds, *nodes)


def _nodes(word: str, radius: float) -> list[Seed]:
    """Return the nodes of a network: a preset, or `NAME=seed+seed+...`."""
    name, given, members = word.partition("=")
    if given:
        found = [parse_seeds([member], radius) for member in members.split("+")]
        nodes = [seed for seeds in found for seed in seeds]
    else:
        preset = presets.load("networks", name)
        size = float(preset.get("radius", radius))
        nodes = list(parse_seeds(preset["members"], size)) if "members" in preset else []
        centres = preset.get("nodes", {})
        nodes += [
            Seed(name=label, spheres=((*place, size),), source=preset["citation"]) for label, place in centres.items()
        ]
    if len(nodes) < 2:
        raise UsageError(f"Network {name!r} has {len(nodes)} node; coherence needs two or more.")
    return [replace(node, network=name) for node in nodes]


def region_files(wanted: RegionRequest, space: str) -> list[Path]:
    """Return the files that regions are read from: they must be here, in the right space, and have the labels.

    Raises
    ------
    MissingInputError, UsageError
        If one is not.
    """
    files = []
    for seed in seeds_of(wanted):
        if seed.file:
            path = atlas_file(seed.file, space)
            for label in filter(None, seed.label.split("+")):
                label_number(path, label)
            files.append(path)
    if wanted.atlas:
        path = atlas_file(wanted.atlas, space)
        label_names(path)  # a table that cannot be used ends the call here
        table = table_beside(path)
        files += [path, table] if stands(table) else [path]
    if wanted.maps is not None:
        path = template_maps_file(wanted.maps, space)
        network_names(path)
        files += [one for one in (path, table_beside(path)) if stands(one)]
    return files


def locate_all(wanted: RegionRequest, grid: Grid, usable: Mask, space: str) -> list[Region]:
    """Put every region onto the usable voxels of a run."""
    regions = [locate(seed, grid, usable, space) for seed in seeds_of(wanted)]
    if wanted.maps is not None:
        regions += network_regions(template_maps_file(wanted.maps, space), grid, usable)
    return regions + (_parcels(atlas_file(wanted.atlas, space), grid, usable) if wanted.atlas else [])


def _parcels(path: Path, grid: Grid, usable: Mask) -> list[Region]:
    """Return one region for each label of an atlas, in the order of its table, also for those without a voxel."""
    values = np.rint(on_grid(path, grid)).astype(np.int64)
    inside, everywhere = values[usable], values.ravel()
    names, networks = label_names(path), label_column(path, "network")
    numbers = np.array(list(names))
    order = np.argsort(inside, kind="stable")
    first = np.searchsorted(inside[order], numbers, side="left")
    last = np.searchsorted(inside[order], numbers, side="right")
    expected = _count(everywhere, numbers) + _lost(path, grid, numbers)
    return [
        Region(
            name=names[int(number)],
            columns=np.sort(order[start:stop]),
            weights=np.full(stop - start, 1.0 / max(stop - start, 1)),
            expected=int(count),
            module=networks.get(int(number), ""),
            definition={"File": path.name, "Label": int(number)},
        )
        for number, start, stop, count in zip(numbers, first, last, expected, strict=True)
    ]


def _count(values: NDArray[np.int64], numbers: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float64]:
    found, counts = np.unique(values, return_counts=True)
    table = dict(zip(found.tolist(), counts.tolist(), strict=True))
    return np.array([table.get(int(number), 0) for number in numbers], dtype=np.float64)


def _lost(path: Path, grid: Grid, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many voxels of the run's size each label has beyond the lattice, so that coverage is not flattered."""
    values, places, share = beyond(path, grid)
    return np.rint(_count(np.rint(values[places]).astype(np.int64), numbers) * share)


def region_names(wanted: RegionRequest, space: str) -> list[str]:
    """Return the names of all regions, whether or not a run covers them."""
    parcels: Iterable[str] = label_names(atlas_file(wanted.atlas, space)).values() if wanted.atlas else ()
    return [*(seed.name for seed in seeds_of(wanted)), *parcels]
