"""What the synthetic trial is set beside: an atlas, expression of genes and densities of receptors, all made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.derivatives.dataset import SYNTHETIC_NOTICE
from bids_app.derivatives.files import write_json, write_labels, write_table
from bids_app.vocabulary.grid import Grid, Mask

Matrix = NDArray[np.float64]

PER_SIDE = 40
GENES, PLANTED = 240, 20
"""Made-up genes, and how many of them are expressed where the planted effect is."""

REACH, WIDTH = 35.0, 25.0
"""mm; over which made-up expression stays alike, and how wide the planted one is."""

ATLAS = "atlas-synthetic_dseg"

SETTINGS = f"""
[associations.gene_expression]
atlas = "bids::code/molecules/{ATLAS}.nii.gz"
table = "bids::code/molecules/expression.tsv"
hemispheres = "both"
structures = "together"
maps = ["thalamusR", "PCC"]
surrogates = 2000

[associations.gene_set_enrichment]
atlas = "bids::code/molecules/{ATLAS}.nii.gz"
table = "bids::code/molecules/expression.tsv"
gene_sets = ["bids::code/molecules/sets.gmt"]
hemispheres = "both"
structures = "together"
maps = ["thalamusR", "PCC"]
surrogates = 2000

[associations.receptor_density]
atlas = "bids::code/molecules/{ATLAS}.nii.gz"
receptors = ["bids::code/molecules/receptors.tsv"]
structures = "together"
maps = ["thalamusR", "PCC"]
surrogates = 2000
"""


def write_molecules(folder: Path, mask: Mask, grid: Grid, place: tuple[float, float, float]) -> None:
    """Write atlas and tables to `folder`.

    Parameters
    ----------
    place : tuple
        Centre (mm) of the planted effect, where some genes and one receptor are made dense.
    """
    rng = np.random.default_rng(31)
    labels, names, centres = _regions(mask, grid)
    write_labels(folder / f"{ATLAS}.nii.gz", labels, grid)
    write_table(folder / f"{ATLAS}.tsv", {"index": list(range(1, len(names) + 1)), "name": names})
    near = np.exp(-0.5 * (np.linalg.norm(centres - np.array(place), axis=1) / WIDTH) ** 2)
    fields = _fields(centres, 12, rng)
    expression = fields @ rng.standard_normal((12, GENES)) / 3 + 0.6 * rng.standard_normal((len(names), GENES))
    expression[:, :PLANTED] += 8 * near[:, None]
    genes = [f"SYN{number:03d}" for number in range(1, GENES + 1)]
    write_table(folder / "expression.tsv", {"region": names, **dict(zip(genes, expression.T, strict=True))})
    about = {"Description": f"Made-up expression in made-up regions. {SYNTHETIC_NOTICE}", "Donors": 0}
    write_json(folder / "expression.json", about)
    dense = _fields(centres, 4, rng) + 4
    dense[:, 0] += 8 * near
    receptors = dict(zip(("MOR", "GABAa", "5HT1a", "D2"), dense.T, strict=True))
    write_table(folder / "receptors.tsv", {"region": names, **receptors})
    about = {name: {"Tracer": "none: made up"} for name in receptors}
    write_json(folder / "receptors.json", {"Description": f"Made-up densities. {SYNTHETIC_NOTICE}", **about})
    (folder / "sets.gmt").write_text(_sets(genes, rng), encoding="utf-8")


def _regions(mask: Mask, grid: Grid) -> tuple[NDArray[np.int32], list[str], Matrix]:
    """Return compact regions of about one size, as many on each side, their names and centres."""
    places = np.argwhere(mask) @ grid.affine[:3, :3].T + grid.affine[:3, 3]
    labels, names, centres = np.zeros(mask.shape, dtype=np.int32), list[str](), list[Matrix]()
    number = np.zeros(len(places), dtype=np.int32)
    for side, own in (("L", places[:, 0] < 0), ("R", places[:, 0] >= 0)):
        inside = places[own]
        middles = inside[[0]]
        for _ in range(PER_SIDE - 1):  # each next one as far from the others as can be
            away = np.linalg.norm(inside[:, None] - middles, axis=2).min(axis=1)
            middles = np.vstack([middles, inside[[int(away.argmax())]]])
        nearest = np.linalg.norm(inside[:, None] - middles, axis=2).argmin(axis=1)
        number[own] = len(names) + nearest + 1
        centres += [inside[nearest == i].mean(axis=0) for i in range(PER_SIDE)]
        names += [f"{side}_region{i + 1:02d}" for i in range(PER_SIDE)]
    labels[mask] = number
    return labels, names, np.array(centres)


def _fields(centres: Matrix, count: int, rng: np.random.Generator) -> Matrix:
    """Return smooth fields at the centres, (regions, count)."""
    distance = np.linalg.norm(centres[:, None] - centres, axis=2)
    smooth = np.exp(-0.5 * (distance / REACH) ** 2) + 1e-6 * np.eye(len(centres))
    return np.asarray(np.linalg.cholesky(smooth) @ rng.standard_normal((len(centres), count)))


def _sets(genes: list[str], rng: np.random.Generator) -> str:
    """Return sets of genes: the planted ones, and some drawn from the others."""
    sets = {"made-up set, planted": genes[:PLANTED]}
    for number in range(1, 5):
        sets[f"made-up set {number}"] = sorted(rng.choice(genes[PLANTED:], 20, replace=False).tolist())
    return "".join("\t".join([name, SYNTHETIC_NOTICE, *members]) + "\n" for name, members in sets.items())
