"""Seeds from the words that users write them in, and onto the voxels of a run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset import presets
from bids_app.dataset.atlases.images import atlas_file, beyond, label_number, on_grid
from bids_app.errors import UsageError, suggest
from bids_app.signals.roi import columns_of, sphere
from bids_app.vocabulary.grid import Grid, Mask
from bids_app.vocabulary.region_request import Seed, Sphere, is_mni152
from bids_app.vocabulary.signals import Region

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_PLACE = rf"{_NUMBER},{_NUMBER},{_NUMBER}(?::{_NUMBER})?"
_SPHERES = re.compile(rf"^(?P<name>[^:=]+):(?P<places>{_PLACE}(?:\+{_PLACE})*)$")
_FILE = re.compile(
    r"^(?:(?P<name>[^=]+)=)?(?P<file>templateflow:[^#@]+|[^#@]+\.nii(?:\.gz)?)(?:#(?P<label>[^@]+)|@(?P<p>\d*\.?\d+))?$"
)

FORMS = (
    "NAME, SET, 'LABEL:x,y,z[:radius][+x,y,z...]', 'LABEL=mask.nii.gz', 'LABEL=atlas.nii.gz#label[+label]' or "
    "'LABEL=probability.nii.gz@0.5'"
)


@cache
def shipped() -> dict[str, Seed]:
    """Return every seed of the presets by name."""
    seeds = {}
    for preset in presets.names("seeds"):
        for name, entry in presets.load("seeds", preset).get("seeds", {}).items():
            x, y, z = map(float, entry["centre"])
            seeds[name] = Seed(name=name, spheres=((x, y, z, float(entry.get("radius", 0))),), source=entry["citation"])
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
    if match := _SPHERES.match(word):
        return [
            Seed(
                name=_label(match["name"]),
                spheres=tuple(_sphere(place, radius) for place in match["places"].split("+")),
            )
        ]
    if match := _FILE.match(word):
        file = match["file"]
        name = match["name"] or re.sub(r"[^A-Za-z0-9]", "", Path(file).name.split(".")[0])
        threshold = float(match["p"]) if match["p"] else None
        return [Seed(name=_label(name), spheres=(), file=file, label=match["label"] or "", threshold=threshold)]
    if word in presets.names("seeds"):
        chosen = presets.load("seeds", word)
        members = chosen.get("members") or list(chosen["seeds"])
        return [seed for member in members for seed in _parse(member, radius)]
    if word in shipped():
        seed = shipped()[word]
        spheres = tuple((x, y, z, own or radius) for x, y, z, own in seed.spheres)
        return [replace(seed, spheres=spheres)]
    known = [*shipped(), *presets.names("seeds")]
    raise UsageError(f"Seed {word!r} is not known; {suggest(word, known)} Forms: {FORMS}.")


def _label(name: str) -> str:
    if not (name.isascii() and name.isalnum()):
        raise UsageError(
            f"Seed label {name!r} becomes part of file names; use letters and digits alone, "
            f"e.g. {re.sub('[^A-Za-z0-9]', '', name) or 'mySeed'!r}."
        )
    return name


def _sphere(place: str, radius: float) -> Sphere:
    centre, _, own = place.partition(":")
    x, y, z = map(float, centre.split(","))
    return x, y, z, float(own or radius)


def seed_indices(seed: Seed, grid: Grid, space: str) -> NDArray[np.intp]:
    """Return lattice indices (n, 3) of a seed's voxels; those of spheres may lie outside the lattice.

    Raises
    ------
    UsageError
        If its centre is a published one and the space is no MNI152.
    """
    require_space([seed], space)
    if seed.spheres:
        return np.unique(np.concatenate([sphere(grid, (x, y, z), r) for x, y, z, r in seed.spheres]), axis=0)
    return np.argwhere(_values(seed, grid, space) > 0)


def require_space(seeds: Sequence[Seed], space: str) -> None:
    """Refuse published coordinates in a template that they are not of.

    Raises
    ------
    UsageError
        If a seed is one of ours and the space is no MNI152.
    """
    wrong = [seed.name for seed in seeds if seed.published and not is_mni152(space)]
    if wrong:
        raise UsageError(
            f"{', '.join(wrong[:6])}{' ...' if len(wrong) > 6 else ''} are places in MNI152 millimetres, and the data "
            f"are in {space}, where other structures lie there. Give seeds of that template: 'LABEL:x,y,z' in its "
            "millimetres, a mask or an atlas label; or choose a space MNI152... of the series with --space."
        )


def _values(seed: Seed, grid: Grid, space: str) -> NDArray[np.float32]:
    """Return the weight of each voxel in a seed that is read from a file, (x, y, z)."""
    path = atlas_file(seed.file, space)
    return _weights(seed, path, on_grid(path, grid, "nearest" if seed.threshold is None else "linear"))


def _weights(seed: Seed, path: Path, values: NDArray[np.float32]) -> NDArray[np.float32]:
    if seed.threshold is not None:
        return np.where(values > seed.threshold, values, np.float32(0))
    if not seed.label:
        return (values > 0.5).astype(np.float32)
    return np.isin(values, [label_number(path, label) for label in seed.label.split("+")]).astype(np.float32)


def _beyond(seed: Seed, grid: Grid, space: str) -> int:
    """Return how many voxels of the run's size a seed has outside the lattice, so that coverage is not flattered."""
    path = atlas_file(seed.file, space)
    values, places, share = beyond(path, grid)
    return round(float((_weights(seed, path, values[places]) > 0).sum()) * share)


def locate(seed: Seed, grid: Grid, usable: Mask, space: str) -> Region:
    """Put a seed onto the usable voxels of a run; voxels count alike, or by their probability."""
    indices = seed_indices(seed, grid, space)
    columns = columns_of(grid, indices, usable)
    weights = np.ones(len(columns)) if seed.spheres else _values(seed, grid, space)[usable][columns].astype(np.float64)
    share = weights / max(float(weights.sum()), 1e-12)
    expected = len(indices) + (0 if seed.spheres else _beyond(seed, grid, space))
    return Region(
        name=seed.name,
        columns=columns,
        weights=share,
        expected=expected,
        network=seed.network,
        definition=seed.definition(),
    )


def seed_image(seeds: Sequence[Seed], grid: Grid, space: str) -> NDArray[np.int32]:
    """Return a label image, (x, y, z), that numbers seeds from 1; where two overlap the first one stays."""
    image = np.zeros(grid.shape, dtype=np.int32)
    for number, seed in reversed(list(enumerate(seeds, 1))):
        indices = seed_indices(seed, grid, space)
        within = ((indices >= 0) & (indices < np.array(grid.shape))).all(axis=1)
        image[tuple(indices[within].T)] = number
    return image
