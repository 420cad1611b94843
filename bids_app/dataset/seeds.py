"""Seeds from the words that users write them in, and onto the voxels of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset import presets
from bids_app.dataset.atlases import atlas_file, label_number, on_grid
from bids_app.errors import UsageError, suggest
from bids_app.signals.regions import columns_of, sphere
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.seed import Seed
from bids_app.vocabulary.signals import Region

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_SPHERE = re.compile(rf"^(?P<name>[^:=]+):(?P<centre>{_NUMBER},{_NUMBER},{_NUMBER})(?::(?P<radius>{_NUMBER}))?$")
_FILE = re.compile(r"^(?:(?P<name>[^=]+)=)?(?P<file>templateflow:[^#]+|[^#]+\.nii(?:\.gz)?)(?:#(?P<label>.+))?$")

FORMS = "NAME, SET, 'LABEL:x,y,z[:radius]', 'LABEL=mask.nii.gz' or 'LABEL=atlas.nii.gz#label'"


@cache
def shipped() -> dict[str, Seed]:
    """Return every seed of the presets by name."""
    seeds = {}
    for preset in presets.names("seeds"):
        for name, entry in presets.load("seeds", preset).get("seeds", {}).items():
            x, y, z = map(float, entry["centre"])
            seeds[name] = Seed(name, (x, y, z), float(entry.get("radius", 0)), source=entry["citation"])
    return seeds


def parse_seeds(words: Iterable[str], radius: float) -> tuple[Seed, ...]:
    """Return the seeds that words ask for, in their order.

    Parameters
    ----------
    radius : float
        mm; for spheres that do not say.

    Raises
    ------
    UsageError
        For a word of no known form, or a name that stands twice for different seeds.
    """
    seeds: dict[str, Seed] = {}
    for word in words:
        for seed in _parse(word, radius):
            if seeds.setdefault(seed.name, seed) != seed:
                raise UsageError(f"Two different seeds are called {seed.name!r}; give one of them another label.")
    if not seeds:
        raise UsageError(f"No seed was asked for. Write --seeds with {FORMS}.")
    return tuple(seeds.values())


def _parse(word: str, radius: float) -> list[Seed]:
    if match := _SPHERE.match(word):
        x, y, z = map(float, match["centre"].split(","))
        return [Seed(_label(match["name"]), (x, y, z), float(match["radius"] or radius))]
    if match := _FILE.match(word):
        file = match["file"]
        name = match["name"] or re.sub(r"[^A-Za-z0-9]", "", Path(file).name.split(".")[0])
        return [Seed(_label(name), file=file, label=match["label"] or "")]
    if word in presets.names("seeds"):
        chosen = presets.load("seeds", word)
        members = chosen.get("members") or list(chosen["seeds"])
        return [seed for member in members for seed in _parse(member, radius)]
    if word in shipped():
        seed = shipped()[word]
        return [seed if seed.radius else Seed(seed.name, seed.centre, radius, source=seed.source)]
    known = [*shipped(), *presets.names("seeds")]
    raise UsageError(f"Seed {word!r} is not known; {suggest(word, known)} Forms: {FORMS}.")


def _label(name: str) -> str:
    if not (name.isascii() and name.isalnum()):
        raise UsageError(
            f"Seed label {name!r} becomes part of file names; use letters and digits alone, "
            f"e.g. {re.sub('[^A-Za-z0-9]', '', name) or 'mySeed'!r}."
        )
    return name


def seed_indices(seed: Seed, grid: Grid, space: str) -> NDArray[np.intp]:
    """Return lattice indices (n, 3) of a seed's voxels; those of spheres may lie outside the lattice."""
    if seed.centre is not None:
        return sphere(grid, seed.centre, seed.radius)
    path = atlas_file(seed.file, space)
    values = on_grid(path, grid)
    chosen = values == label_number(path, seed.label) if seed.label else values > 0.5
    return np.argwhere(chosen)


def locate(seed: Seed, grid: Grid, usable: Mask, space: str) -> Region:
    """Put a seed onto the usable voxels of a run; voxels count alike."""
    indices = seed_indices(seed, grid, space)
    columns = columns_of(grid, indices, usable)
    weights = np.full(len(columns), 1.0 / max(len(columns), 1))
    return Region(seed.name, columns, weights, len(indices), seed.network, seed.definition())


def seed_image(seeds: Sequence[Seed], grid: Grid, space: str) -> NDArray[np.int32]:
    """Return a label image, (x, y, z), that numbers seeds from 1; where two overlap the first one stays."""
    image = np.zeros(grid.shape, dtype=np.int32)
    for number, seed in reversed(list(enumerate(seeds, 1))):
        indices = seed_indices(seed, grid, space)
        within = ((indices >= 0) & (indices < np.array(grid.shape))).all(axis=1)
        image[tuple(indices[within].T)] = number
    return image
