"""How the connections of regions are arranged: efficiency, clustering, modules, at several densities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.measures import _region_set
from bids_app.signals.roi import about_regions, mean_series
from bids_app.statistics.graphs import edges, measures, modules
from bids_app.statistics.matrices import combine_matrices, pearson
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options(_region_set.RegionSetOptions):
    """Options of `[measures.graph]`."""

    densities: Annotated[
        tuple[float, ...], Doc("Shares of all pairs of regions that are connected; results are the area over them.")
    ] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
    louvain_starts: Annotated[
        int, Ge(1), Doc("Random orders from which the best partition into modules is sought.")
    ] = 100
    random_graphs: Annotated[
        int, Ge(0), Doc("Random graphs of the same degrees for the small-world ratio, descriptive; 0: none, 100 usual.")
    ] = 0

    def __post_init__(self) -> None:
        """Refuse densities that are none."""
        if not self.densities or not all(0 < one < 1 for one in self.densities):
            raise ValueError("densities are shares of all pairs, above 0 and below 1")


CLEANING, ON_REQUEST, TITLE = "filtered", True, "Graph of regions"
_FEWEST = 20
"""Regions below which an arrangement is that of a handful of connections."""

_MEAN, _WHOLE = "mean r", "global"
_GLOBAL = (
    _MEAN, "global efficiency", "local efficiency", "clustering", "assortativity", "modularity",
    "modularity of networks",
)  # fmt: skip
"""What goes to the group level: mean connectivity first, then what the graph is like as a whole."""

_SWAPS = 10
_SEED = 2
_MATRIX = Output(
    name="matrix", kind="matrix", suffix="relmat", units="arbitrary", entities={"stat": "graphedges"}, entity="seg",
    description="Pearson correlation of regions that the graphs are made of.",
)  # fmt: skip
_GRAPH = Output(
    name="graph", kind="table", suffix="relmat", units="see the rows", entities={"stat": "graph"}, entity="seg",
    noun="the graph of regions", definite=True, scale="units of the row",
    description="Measures of the graph as a whole and of each region, at each density, with the area over densities.",
)  # fmt: skip
OUTPUTS = (_MATRIX, _GRAPH)
GROUP = _GRAPH
METHODS = (
    "Graphs held the strongest positive correlations between regions at several densities; measures [@Rubinov2010] "
    "were averaged over densities (area under the curve). Equal density makes weaker connectivity look like a more "
    "random graph [@vandenHeuvel2017]: mean connectivity was tested first, and where it differed (p < .10) no "
    "difference of the graph was claimed."
)


wanted_regions = _region_set.request


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield the matrix of the filtered series, and the graphs of its strongest connections.

    Raises
    ------
    NotMeasurableError
        If there are too few regions, or one is not covered: graphs of other regions are other graphs.
    """
    if len(regions) < _FEWEST:
        raise NotMeasurableError(
            f"{len(regions)} regions are too few for a graph (at least {_FEWEST}); name an atlas: measures.graph.atlas"
        )
    lost = [one.name for one in regions if one.coverage < options.min_coverage or not len(one.columns)]
    series = mean_series(signals, regions)
    lost += [one.name for one, column in zip(regions, series.T, strict=True) if not column.any()]
    if lost:
        raise NotMeasurableError(
            f"{', '.join(lost[:4])}{' ...' * (len(lost) > 4)}: {len(lost)} of {len(regions)} regions are not covered, "
            "and a graph without them is another; take an atlas without them, or lower min_coverage"
        )
    nodes, matrix = [region.name for region in regions], pearson(series)
    share = float((matrix[np.triu_indices(len(nodes), 1)] > 0).mean())
    if share < max(options.densities):
        raise NotMeasurableError(
            f"{share:.0%} of the connections are positive, and graphs of {max(options.densities):.0%} are asked for; "
            "negative ones are not taken by their size. Give lower measures.graph.densities"
        )
    about = {"Nodes": nodes, "Networks": [region.module for region in regions], "Regions": about_regions(regions)}
    yield from _features(matrix, wanted_regions(options).name, about, options)


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:
    """Yield the matrix of a session (mean Fisher z over its runs), and its graphs."""
    found = [feature for run in runs for feature in run if feature.output is _MATRIX]
    if len(runs) == 1:
        yield from runs[0]
    elif len(found) == len(runs):
        matrix = combine_matrices([np.asarray(one.value) for one in found], df_res)
        yield from _features(matrix, found[0].label, found[0].metadata, options)


def _features(matrix: Floats, label: str, about: Mapping[str, object], options: Options) -> Iterator[Feature]:
    """Yield a matrix and its graphs at every density."""
    nodes, networks = (list(about[key]) for key in ("Nodes", "Networks"))  # type: ignore[call-overload]
    yield Feature(_MATRIX, matrix, label, about)
    table, said = _table(np.where(np.eye(len(matrix), dtype=bool), 0.0, matrix), nodes, networks, options)
    yield Feature(_GRAPH, table, label, {**said, "Regions": about["Regions"]})


def _table(
    matrix: Floats, nodes: Sequence[str], networks: Sequence[str], options: Options
) -> tuple[dict[str, list[object]], dict[str, object]]:
    """Return one row a measure, node and density, and what sidecars say of the graphs."""
    known = len(set(networks)) > 1 and all(networks)
    fixed = np.unique(np.asarray(networks), return_inverse=True)[1] if known else None
    made = [edges.strongest(matrix, density) for density in options.densities]
    found: list[dict[tuple[str, str], float]] = [
        {} if graph is None else _measured(graph, nodes, fixed, options) for graph in made
    ]
    pairs = matrix[np.triu_indices(len(matrix), 1)]
    rows: list[tuple[object, ...]] = [
        (*key, None, value, value)
        for key, value in {(_MEAN, _WHOLE): float(pairs.mean()), **_weighted(matrix, nodes, fixed)}.items()
    ]
    for key in dict.fromkeys(key for one in found for key in one):
        values = np.array([one.get(key, np.nan) for one in found])
        area = _area(values, np.array(options.densities))
        rows += [(*key, density, value, area) for density, value in zip(options.densities, values, strict=True)]
    heads = ("measure", "node", "density", "value", "auc")
    about = {
        "NegativeShare": float((pairs < 0).mean()),
        "LargestComponent": [None if graph is None else measures.largest_component(graph) for graph in made],
        "Densities": list(options.densities), "DensitiesNotReached": sum(graph is None for graph in made),
        "FixedModules": sorted(set(networks)) if known else [],
    }  # fmt: skip
    return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True)), about


def _weighted(
    matrix: Floats, nodes: Sequence[str], fixed: measures.Labels | None
) -> dict[tuple[str, str], float]:  # fmt: skip
    """Return what the whole matrix is like: positive weights as they are, negative ones in Q* alone."""
    weights = np.maximum(matrix, 0.0)
    whole = {
        "weighted efficiency": measures.weighted_efficiency(weights),
        "weighted clustering": float(measures.weighted_clustering(weights).mean()),
    }  # fmt: skip
    if fixed is not None:
        whole["signed modularity of networks"] = modules.signed_modularity(matrix, fixed)
    strengths = zip(nodes, weights.sum(axis=1), strict=True)
    return {(name, _WHOLE): value for name, value in whole.items()} | {
        ("strength", node): float(value) for node, value in strengths
    }


def _measured(
    graph: edges.Adjacency, nodes: Sequence[str], fixed: measures.Labels | None, options: Options
) -> dict[tuple[str, str], float]:
    """Return what one graph is like, by measure and node."""
    weights = graph.astype(np.float64)
    local, clustered = measures.local_efficiency(graph), measures.clustering(graph)
    best, _ = modules.best_partition(weights, options.louvain_starts, _SEED)
    whole = {
        "global efficiency": measures.global_efficiency(graph), "local efficiency": float(local.mean()),
        "clustering": float(clustered.mean()), "assortativity": measures.assortativity(graph), "modularity": best,
    }  # fmt: skip
    if fixed is not None:
        whole["modularity of networks"] = modules.modularity(weights, fixed)
    if options.random_graphs:
        whole["small-world ratio"] = _small_world(graph, whole["clustering"], whole["global efficiency"], options)
    each = {"degree": weights.sum(axis=1), "local efficiency": local, "clustering": clustered}
    if fixed is not None:  # partitions of each participant's own would not be the same modules
        each["participation"] = measures.participation(weights, fixed)
        each["within-module z"] = measures.within_module_z(weights, fixed)
    found = {(name, _WHOLE): value for name, value in whole.items()}
    return found | {
        (name, node): float(value) for name, values in each.items() for node, value in zip(nodes, values, strict=True)
    }


def _small_world(graph: edges.Adjacency, clustered: float, efficiency: float, options: Options) -> float:
    """Return clustering over that of random graphs, over their efficiency relative to the graph's."""
    rng = np.random.default_rng(_SEED)
    random = [edges.rewired(graph, _SWAPS, rng) for _ in range(options.random_graphs)]
    gamma = clustered / np.mean([measures.clustering(one).mean() for one in random])
    return float(gamma * efficiency / np.mean([measures.global_efficiency(one) for one in random]))


def _area(values: Floats, densities: Floats) -> float:
    """Return the area under a curve over densities, divided by their range: the measure's own units."""
    return float(values[0] if len(values) == 1 else np.trapezoid(values, densities) / (densities[-1] - densities[0]))


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the areas of the measures of the graph as a whole, (measures,); mean connectivity is tested first."""
    rows = zip(table["measure"], table["node"], table["auc"], strict=True)
    areas = {name: float("nan" if area == "n/a" else area) for name, node, area in rows if node == _WHOLE}
    names = tuple(name for name in _GLOBAL if name in areas)
    domain = Sites(names=names, unit="metric", first=_MEAN)
    return Values(domain, np.array([areas[name] for name in names]))
