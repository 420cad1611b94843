"""Expression of genes beside the map of a contrast: each gene, and components of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import scipy
from annotated_types import Ge, Le
from numpy.typing import NDArray

from bids_app.spatial import gene_expression
from bids_app.spatial.gene_expression import Expression, read_expression
from bids_app.spatial.options import RegionalOptions
from bids_app.spatial.regional_map import NULLS, SURROGATES, RegionalContrast
from bids_app.spatial.result_tables import bars, regions_table
from bids_app.statistics.spatial import pls, published_recipe
from bids_app.statistics.spatial.correlation_tests import CorrelationTests, band, ranks, share, tested, unit
from bids_app.trial.association import AssociationResult
from bids_app.vocabulary.options.describe import Doc

_NAME = "gene_expression"
ASKS = "regions"

_BAND = 400
"""Relabelled maps that the band of ranked genes is made of."""


@dataclass(frozen=True)
class Options(RegionalOptions):
    """Options of `[associations.gene_expression]`."""

    table: Annotated[
        str, Doc("Table of regions x genes (.csv or .tsv; regions first), with a JSON of its provenance beside.")
    ] = ""
    components: Annotated[int, Ge(1), Le(5), Doc("Number of partial least squares components.")] = 1
    draws: Annotated[int, Ge(100), Doc("Bootstrap samples of regions for the stability of weights.")] = 1000
    recipe_maps: Annotated[
        int,
        Ge(20),
        Doc("Permuted maps on which the literature's procedure is run, to show its false positive rate in this trial."),
    ] = 200


METHODS = (
    "The unthresholded t map of the contrast was averaged by region and correlated with the expression of each gene "
    "(Spearman), and with all genes by partial least squares. P values are the larger of two: from the relabellings of "
    "the contrast (re-randomisation where arms are compared), through map, correlations and components, so that the "
    "smoothness of the brain and the co-expression of genes are in every null map; and from surrogates of the observed "
    "map that keep Moran's I [@Wagner2015], since a map that the treatment did change differs from null maps "
    "for reasons that have nothing to do with genes. No claim is made of a map that is smoother than its relabellings. "
    "Surrogates that keep the variogram [@Burt2020] stand beside. Ratios of weights to their spread over "
    "redrawn regions tell of stability and are no test."
)


def check(options: Options, output_dir: Path) -> None:
    """Refuse nothing: a reference from elsewhere is not chosen by the data."""


def files(options: Options, space: str) -> list[Path]:
    """Return the atlas and the table; both are read and understood once."""
    return gene_expression.files_of(options.table, options, space, _NAME)


def associate(given: RegionalContrast, options: Options) -> AssociationResult:
    """Return scores of genes and components for each part of the brain, with all nulls beside."""
    table = read_expression(Path(options.table))
    wholes, notes = gene_expression.expressions(given, table, options)
    tables: dict[str, list[Mapping[str, object]]] = {}
    recipes: dict[str, Mapping[str, object]] = {}
    for whole in wholes:
        found, recipes[whole.part.name] = _of(whole, options)
        for label, rows in found.items():
            tables.setdefault(label, []).extend(rows)
    about = {
        **gene_expression.describe_genes(table), "SmallestPossibleP": given.smallest_p,
        "Recipe": recipes, "Components": options.components,
        "Parts": {w.part.name: {**w.part.about(), "Genes": len(w.genes)} for w in wholes},
        "Notes": notes,
    }  # fmt: skip
    return AssociationResult(tables, about)


def _of(whole: Expression, options: Options) -> tuple[dict[str, Sequence[Mapping[str, object]]], Mapping[str, object]]:
    part, maps = whole.part, {kind: whole.part.null(kind) for kind in NULLS}
    ranked = unit(ranks(whole.values))
    found = {kind: tested(unit(ranks(own, 1).T).T, ranked) for kind, own in maps.items()}
    products = pls.gram(whole.values)
    shares = {kind: pls.explained(products, own, options.components) for kind, own in maps.items()}
    fitted = pls.components(whole.values, part.observed, options.components)
    rng = np.random.default_rng([part.given.seed, 7])
    draws = published_recipe.redrawn(whole.values, options.draws, rng)
    observed, limits = band(unit(ranks(part.sampled(_BAND), 1).T).T, ranked)
    tables: dict[str, Sequence[Mapping[str, object]]] = {
        "geneExpression": _genes(whole, found, fitted.weights[:, 0], published_recipe.boot_ratio(part.observed, draws)),
        "geneExpressionComponents": _components(part.name, shares),
        "geneExpressionNull": [row for kind in NULLS for row in bars(part.name, kind, shares[kind][:, 0])],
        "geneExpressionRanked": [
            {"part": part.name, "place": i / (len(observed) - 1), "rho": value, "low": limits[0, i],
             "high": limits[1, i]}
            for i, value in enumerate(observed)
        ],
        "geneExpressionRegions": regions_table(part, {"score": fitted.scores[:, 0]}),
    }  # fmt: skip
    return tables, _recipe(part.sampled(options.recipe_maps), products, draws, rng)


def _genes(
    whole: Expression, found: Mapping[str, CorrelationTests], weights: NDArray[np.float64], ratio: NDArray[np.float64]
) -> list[Mapping[str, object]]:
    trial, surrogate = found["trial"], found[SURROGATES]
    p, p_fwe = np.maximum(trial.p, surrogate.p), np.maximum(trial.p_fwe, surrogate.p_fwe)
    q = scipy.stats.false_discovery_control(p)
    order = np.argsort(-trial.score, kind="stable")
    return [
        {"part": whole.part.name, "gene": whole.genes[i], "rho": trial.score[i], "p": p[i], "p_fwe": p_fwe[i],
         "q": q[i], "p_arms": trial.p[i], "p_surrogate": surrogate.p[i], "p_moran": found["moran"].p[i],
         "p_variogram": found["variogram"].p[i], "weight": weights[i], "boot_ratio": ratio[i]}
        for i in order
    ]  # fmt: skip


def _components(part: str, shares: Mapping[str, NDArray[np.float64]]) -> list[Mapping[str, object]]:
    """Return the variance that each component explains, and what chance explains, by kind of chance."""
    alone = {kind: np.atleast_1d(share(own)) for kind, own in shares.items()}
    arms, surrogate = alone["trial"], alone[SURROGATES]
    return [
        {"part": part, "component": m + 1, "null": kind, "explained": own[0, m], "p_null": float(alone[kind][m]),
         "p": float(max(arms[m], surrogate[m])), "p_arms": float(arms[m]), "p_surrogate": float(surrogate[m]),
         "chance_median": np.median(own[1:, m]), "chance_95": np.quantile(own[1:, m], 0.95), "maps": len(own)}
        for kind, own in shares.items() for m in range(own.shape[1])
    ]  # fmt: skip


def _recipe(
    maps: NDArray[np.float64], products: NDArray[np.float64], draws: published_recipe.Redrawn, rng: np.random.Generator
) -> Mapping[str, object]:  # fmt: skip
    """Return what the literature's recipe says of the observed map, and of maps whose arms mean nothing."""
    p = published_recipe.shuffled_p(products, maps, 1000, rng)
    few = published_recipe.Redrawn(draws.counts[:200], draws.columns, draws.sums[:200])
    counts = published_recipe.counted(maps, few)
    return {
        "ShuffledP": p[0], "ShuffledPassesByChance": float((p[1:] <= 0.05).mean()), "GenesAbove3": int(counts[0]),
        "GenesAbove3ByChance": np.quantile(counts[1:], [0.025, 0.5, 0.975]).tolist(), "MapsTried": len(maps) - 1,
    }  # fmt: skip
