"""Receptors by the names of their maps, and the gene of each beside its receptor and the map of a contrast."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset import presets
from bids_app.dataset.region_table import RegionTable
from bids_app.regional.genes import rows_of
from bids_app.regional.given import Part
from bids_app.regional.references import Reference
from bids_app.statistics.spatial import moran
from bids_app.statistics.spatial.scores import ranks, share, tested, unit

Matrix = NDArray[np.float64]


def receptor_of(name: str) -> tuple[str, str]:
    """Return receptor and gene that the name of a map says, or nothing.

    >>> receptor_of("MU_CARFENTANIL_c11"), receptor_of("gradient1")
    (('MOR', 'OPRM1'), ('', ''))
    """
    said = {_plain(re.split(r"[_ ]", name)[0]), _plain(name)}
    for receptor, about in presets.load("receptors", "neurotransmission")["receptors"].items():
        if said & {_plain(word) for word in (receptor, *about["aliases"])}:
            return receptor, str(about["gene"])
    return "", ""


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def beside_genes(part: Part, known: Sequence[Reference], table: RegionTable, least: int) -> list[dict[str, Any]]:
    """Return gene with map, gene with receptor, and receptor with map, for each receptor whose gene is in the table."""
    expression = rows_of(table, part)
    found = []
    for reference in known:
        receptor, gene = receptor_of(reference.name)
        if gene not in table.columns:
            continue
        both = np.stack([reference.values[part.columns], expression[:, table.columns.index(gene)]], axis=1)
        there = np.asarray(np.isfinite(both).all(axis=1))
        if there.sum() < least:
            continue
        row = {"part": part.name, "map": reference.name, "receptor": receptor, "gene": gene}
        found.append({**row, "regions": int(there.sum()), **_three(part.among(there), both[there])})
    return found


def _three(part: Part, both: Matrix) -> dict[str, float]:
    """Return the three correlations of map, receptor and gene, and the p that both reach the map as far as they do.

    Map with receptor and map with gene are held against one null, the relabellings of the trial, and so is the weaker
    of both. Gene with receptor does not depend on the trial: the receptor is imitated, keeping Moran's I.
    """
    columns = unit(ranks(both))
    maps = unit(ranks(part.null("trial"), 1).T).T
    receptor, gene = (tested(maps, columns[:, [j]]) for j in range(2))
    weaker = np.abs(maps @ columns).min(axis=1)
    around = moran.neighbourhood(moran.distances(np.array([place.centre for place in part.places])))
    rng = np.random.default_rng([part.given.seed, 11])
    imitated = np.vstack([both[:, 0], moran.surrogates(both[:, 0], around, part.number, rng)])
    between = tested(unit(ranks(imitated, 1).T).T, columns[:, [1]])
    return {
        "rho_receptor_map": float(receptor.score[0]), "p_receptor_map": float(receptor.p[0]),
        "rho_gene_map": float(gene.score[0]), "p_gene_map": float(gene.p[0]), "p_both": float(share(weaker)),
        "rho_gene_receptor": float(between.score[0]), "p_gene_receptor_moran": float(between.p[0]),
    }  # fmt: skip
