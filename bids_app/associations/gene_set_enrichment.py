"""Sets of genes that are associated with the map of a contrast more than with null maps: the question of enrichment."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import scipy
from annotated_types import Ge, MinLen
from numpy.typing import NDArray

from bids_app.dataset.atlases.gene_sets import read_gene_sets
from bids_app.errors import UsageError, WrongDataError
from bids_app.spatial import gene_expression
from bids_app.spatial.gene_expression import Expression, read_expression
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.regional_map import NULLS, SURROGATES, RegionalContrast
from bids_app.statistics.spatial import enrichment
from bids_app.statistics.spatial.correlation_tests import ranks, unit
from bids_app.trial.association import AssociationResult
from bids_app.vocabulary.options.describe import Doc

_NAME = "gene_set_enrichment"
ASKS = "regions"

_LEADING = 5
"""Genes of a set that are named: those that go furthest its way."""


@dataclass(frozen=True)
class Options(RegionalOptions):
    """Options of `[associations.gene_set_enrichment]`."""

    table: Annotated[
        str, Doc("Table of regions x genes (.csv or .tsv; regions first), with a JSON of its provenance beside.")
    ] = ""
    gene_sets: Annotated[
        tuple[Annotated[str, MinLen(1)], ...],
        Doc("Files of sets: .gmt, or tables with the columns gene and class; none ships with deqi."),
    ] = ()
    smallest: Annotated[int, Ge(2), Doc("Minimum number of genes of a set in the table.")] = 10
    largest: Annotated[int, Ge(2), Doc("Maximum number of genes of a set in the table.")] = 200
    score: Annotated[
        Literal["mean", "absolute"],
        Doc("Set score: mean correlation of its genes with the map, or mean absolute correlation."),
    ] = "mean"
    gsea: Annotated[bool, Doc("Report GSEA with random genes alongside, for comparison only (needs deqi[genes]).")] = (
        False
    )


METHODS = (
    "Sets of genes were scored by the mean correlation of their genes with the map of the contrast. P values are the "
    "larger of those from the same score of its relabelled maps and of surrogates of the map that keep Moran's I, "
    "with all genes as they are expressed together [ensemble null, @Fulcher2021], and were corrected over sets "
    "by Benjamini and Hochberg. No claim is made of a map that is smoother than its relabellings. P values from random "
    "genes, as GSEA takes them, find sets in noise and are shown for comparison alone."
)


def check(options: Options, _output_dir: Path) -> None:
    """Refuse a comparison that cannot be made here, and sizes that no set can have.

    Raises
    ------
    UsageError
        With what to do.
    """
    if options.gsea and find_spec("gseapy") is None:
        raise UsageError(
            f"associations.{_NAME}.gsea needs gseapy, which is not installed: pip install 'deqi[genes]', or leave it "
            "out; the ensemble null does not need it."
        )
    if options.largest < options.smallest:
        raise UsageError(f"associations.{_NAME}: largest ({options.largest}) is below smallest ({options.smallest}).")


def files(options: Options, space: str) -> list[Path]:
    """Return atlas, table and sets; all of them are read and understood once.

    Raises
    ------
    UsageError
        If no sets are named.
    """
    if not options.gene_sets:
        raise UsageError(
            f"associations.{_NAME}.gene_sets is not given; expected .gmt files, e.g. of the Gene Ontology."
        )
    found = gene_expression.files_of(options.table, options, space, _NAME)
    for word in options.gene_sets:
        read_gene_sets(Path(word))
        found.append(Path(word))
    return found


def associate(given: RegionalContrast, options: Options) -> AssociationResult:
    """Return scores of sets for each part of the brain, the background, and which sets are left out."""
    table = read_expression(Path(options.table))
    wholes, notes = gene_expression.expressions(given, table, options)
    sets = {(Path(word).name, name): members for word in options.gene_sets
            for name, members in read_gene_sets(Path(word)).items()}  # fmt: skip
    rows, out, background = [], [], []
    for whole in wholes:
        kept, lost = _chosen(sets, whole, options)
        out += lost
        notes.append(f"{whole.part.name}: {len(kept)} sets of {len(sets)}, {len(whole.genes)} genes as background.")
        background += [{"part": whole.part.name, "gene": gene} for gene in whole.genes]
        if kept:
            rows += _of(whole, kept, options)
    if not rows:
        raise WrongDataError(
            f"No set has {options.smallest} to {options.largest} genes in the table. {' '.join(notes)} Are genes named "
            "by their symbols in both?"
        )
    about = {**gene_expression.describe_genes(table), "Score": options.score, "Sets": len(sets), "Notes": notes,
             "PlainGSEA": options.gsea, "Parts": {whole.part.name: whole.part.about() for whole in wholes}}  # fmt: skip
    return AssociationResult({"geneSets": rows, "geneSetsLeftOut": out, "geneSetsBackground": background}, about)


Chosen = dict[tuple[str, str], list[int]]


def _chosen(
    sets: Mapping[tuple[str, str], Sequence[str]], whole: Expression, options: Options
) -> tuple[Chosen, list[dict[str, object]]]:
    """Return the places of the genes of each set that is scored, and which sets are not."""
    place = {gene: i for i, gene in enumerate(whole.genes)}
    kept: Chosen = {}
    lost = []
    for (file, name), members in sets.items():
        there = [place[gene] for gene in members if gene in place]
        if options.smallest <= len(there) <= options.largest:
            kept[file, name] = there
        else:
            few = "too few genes in the table" if there else "no gene in the table"
            reason = few if len(there) < options.smallest else "too many genes in the table"
            lost.append({"part": whole.part.name, "file": file, "set": name, "size": len(members),
                         "genes": len(there), "reason": reason})  # fmt: skip
    return kept, lost


def _of(whole: Expression, kept: Chosen, options: Options) -> list[dict[str, object]]:
    ranked = unit(ranks(whole.values))
    weights = enrichment.membership(list(kept.values()), len(whole.genes))
    make = enrichment.means if options.score == "mean" else enrichment.absolute_means
    score = make(ranked, weights)
    found = {kind: enrichment.scored(unit(ranks(whole.part.null(kind), 1).T).T, score) for kind in NULLS}
    trial, p = found["trial"], {kind: one.p for kind, one in found.items()}
    claim = np.maximum(p["trial"], p[SURROGATES])
    q = scipy.stats.false_discovery_control(claim)
    single = unit(ranks(whole.part.observed)[:, None])[:, 0] @ ranked
    plain = _gsea(whole, kept, single) if options.gsea else {}
    observed, (low, high) = trial.score, trial.limits
    return [
        {"part": whole.part.name, "file": file, "set": name, "genes": len(members), "score": observed[i],
         "chance_low": low[i], "chance_high": high[i], "p": claim[i], "q": q[i],
         "p_arms": p["trial"][i], "p_surrogate": p[SURROGATES][i], "p_moran": p["moran"][i],
         "p_variogram": p["variogram"][i], "leading": _leading(members, single, whole.genes, observed[i]),
         "gsea_es": enrichment.running_sum(single, np.array(members)), **plain.get((file, name), {})}
        for i, ((file, name), members) in sorted(enumerate(kept.items()), key=lambda item: claim[item[0]])
    ]  # fmt: skip


def _leading(members: Sequence[int], single: NDArray[np.float64], names: Sequence[str], score: float) -> str:
    """Return the genes of a set that go furthest its way."""
    order = sorted(members, key=lambda place: -single[place] * np.sign(score))
    return " ".join(names[place] for place in order[:_LEADING])


def _gsea(whole: Expression, kept: Chosen, single: NDArray[np.float64]) -> dict[tuple[str, str], dict[str, float]]:
    """Return p and q of GSEA with random genes, of each set."""
    import gseapy
    import pandas as pd

    ranking = pd.DataFrame({"gene": whole.genes, "score": single})
    sets = {str(i): [whole.genes[place] for place in members] for i, members in enumerate(kept.values())}
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)  # that correlations of ranks tie is no news
    try:
        found = gseapy.prerank(
            rnk=ranking, gene_sets=sets, min_size=1, max_size=len(single), permutation_num=1000,
            seed=whole.part.given.seed, threads=1, no_plot=True, outdir=None, verbose=False,
        ).res2d.set_index("Term")  # fmt: skip
    finally:
        logging.disable(disabled)
    names = list(kept)
    return {
        names[int(term)]: {"gsea_p": float(row["NOM p-val"]), "gsea_q": float(row["FDR q-val"])}
        for term, row in found.iterrows()
    }
