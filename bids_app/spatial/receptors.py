"""Receptors by the names of their maps, and the gene of each beside its receptor and the map of a contrast."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset import presets
from bids_app.dataset.atlases.tables import RegionTable
from bids_app.spatial.gene_expression import rows_of
from bids_app.spatial.reference_readers import Reference
from bids_app.spatial.regional_map import SURROGATES, RegionSet
from bids_app.statistics.spatial import moran
from bids_app.statistics.spatial.correlation_tests import ranks, tested, unit

Matrix = NDArray[np.float64]

FEWEST = 20
"""Regions that receptor and gene must both know."""


def receptor_of(reference: Reference) -> tuple[str, str]:
    """Return receptor and gene of a map: as is said of it, else as its name tells; nothing where neither does."""
    if said := reference.about.get("receptor", ""):
        receptor, gene = receptor_named(said)
        return receptor or said, gene
    return receptor_named(reference.label)


def receptor_named(name: str) -> tuple[str, str]:
    """Return receptor and gene that a name says, or nothing.

    >>> receptor_named("MU_CARFENTANIL_c11"), receptor_named("gradient1")
    (('MOR', 'OPRM1'), ('', ''))
    """
    said = {_plain(re.split(r"[_ ]", name)[0]), _plain(name)}
    for receptor, about in presets.load("receptors", "neurotransmission")["receptors"].items():
        if said & {_plain(word) for word in (receptor, *about["aliases"])}:
            return receptor, str(about["gene"])
    return "", ""


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def beside_genes(
    part: RegionSet, known: Sequence[Reference], table: RegionTable, fixed: Matrix | None
) -> list[dict[str, object]]:
    """Return gene with map, gene with receptor, and receptor with map, for each receptor whose gene is in the table.

    Parameters
    ----------
    fixed : (regions,) or None
        What all three are adjusted for.
    """
    expression, found = rows_of(table, part), []
    for reference in known:
        receptor, gene = receptor_of(reference)
        if gene not in table.columns:
            continue
        own = [reference.values[part.columns], expression[:, table.columns.index(gene)]]
        whole = np.stack([*own, *([] if fixed is None else [fixed])], axis=1)
        there = np.asarray(np.isfinite(whole).all(axis=1))
        if there.sum() < FEWEST:
            continue
        row = {"part": part.name, "map": reference.name, "receptor": receptor, "gene": gene}
        found.append({**row, "regions": int(there.sum()), **_three(part.subset(there), whole[there])})
    return found


def _three(part: RegionSet, whole: Matrix) -> dict[str, float]:
    """Return the three correlations of map, receptor and gene.

    Map with receptor and map with gene are held against the permutations of the trial and surrogates of the map; that
    both are there has the larger of their p. Gene with receptor does not depend on the trial: the receptor is
    imitated, keeping Moran's I.
    """
    fixed = ranks(whole[:, 2:]) if whole.shape[1] > 2 else None
    columns = unit(ranks(whole[:, :2]), fixed)
    maps = [unit(ranks(part.null(kind), 1).T, fixed).T for kind in ("trial", SURROGATES)]
    receptor, gene = ([tested(own, columns[:, [j]]) for own in maps] for j in range(2))
    around = moran.neighbourhood(moran.distances(np.array([place.centre for place in part.places])))
    rng = np.random.default_rng([part.given.seed, 11])
    imitated = np.vstack([whole[:, 0], moran.surrogates(whole[:, 0], around, part.number, rng)])
    between = tested(unit(ranks(imitated, 1).T, fixed).T, columns[:, [1]])
    p = max(float(one.p[0]) for one in receptor), max(float(one.p[0]) for one in gene)
    return {
        "rho_receptor_map": float(receptor[0].score[0]), "p_receptor_map": p[0],
        "rho_gene_map": float(gene[0].score[0]), "p_gene_map": p[1], "p_both": max(p),
        "rho_gene_receptor": float(between.score[0]), "p_gene_receptor_moran": float(between.p[0]),
    }  # fmt: skip
