"""Measures of regions beside plain scripts: graphs, dynamic connectivity, responses to single trials."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from scipy.sparse.csgraph import shortest_path

from bids_app.signals.projection import drift, nested_basis, stop_band
from bids_app.statistics import dynamics, trial_responses
from bids_app.statistics.graphs import edges, measures

REGIONS, FRAMES, TR, WINDOW, SURROGATES, TRIALS = 200, 240, 2.0, 60, 200, 60
DENSITIES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
FEW = 2
"""Surrogates that the plain script does; the rest is multiplied."""

NAMES = {
    "graph": f"efficiency and clustering of {REGIONS} regions, {len(DENSITIES)} densities",
    "dynamic": f"dynamic connectivity of {REGIONS} regions, {SURROGATES} surrogates",
    "betas": f"responses of {REGIONS} regions to {TRIALS} trials, each in a model of its own",
}  # fmt: skip


def timed(work: Callable[[], object], times: float = 1.0) -> None:
    started = time.perf_counter()
    work()
    print((time.perf_counter() - started) * times)


def run(whose: str, name: str) -> None:
    """Do one measure as deqi does (`ours`) or as a script would; print its seconds."""
    rng = np.random.default_rng(2)
    if name == "graph":
        shared = np.repeat(rng.standard_normal((FRAMES, 8)), REGIONS // 8, axis=1)
        matrix = np.corrcoef((rng.standard_normal((FRAMES, REGIONS)) + shared).T)
        timed(lambda: [(_graph if whose == "ours" else _plain_graph)(matrix, one) for one in DENSITIES])
    elif name == "dynamic":
        kept = np.ones(FRAMES, dtype=bool)
        slow = drift(FRAMES, 1)
        basis, ranks = nested_basis([slow[:, :1], slow[:, 1:], stop_band(FRAMES, TR, 0.01, 0.1)], kept)
        basis = basis[:, : ranks[0]]
        series = basis @ (basis.T @ rng.standard_normal((FRAMES, REGIONS)))
        waves = dynamics.passed_waves(basis, kept, TR)
        assert waves is not None
        count = SURROGATES if whose == "ours" else FEW
        made = dynamics.surrogates(series, basis, kept, waves, count, 0)
        windows = dynamics.windows_of(kept, WINDOW)
        one = (lambda x: dynamics.spread(x, kept, windows)) if whose == "ours" else _plain_spread
        timed(lambda: [one(x) for x in made], SURROGATES / count)
    else:
        trials, rest = rng.standard_normal((FRAMES, TRIALS)), rng.standard_normal((FRAMES, 30))
        series = rng.standard_normal((FRAMES, REGIONS))
        work = trial_responses.separately if whose == "ours" else _plain_responses
        timed(lambda: work(series, trials, rest))


def _graph(matrix: np.ndarray, density: float) -> object:
    graph = edges.strongest(matrix, density)
    assert graph is not None
    return measures.global_efficiency(graph), measures.local_efficiency(graph), measures.clustering(graph)


def _plain_graph(matrix: np.ndarray, density: float) -> object:
    upper = np.triu_indices(REGIONS, 1)
    graph = matrix > np.quantile(matrix[upper], 1 - density)
    np.fill_diagonal(graph, False)

    def efficiency(own: np.ndarray) -> float:
        if len(own) < 2:
            return 0.0
        away = shortest_path(own.astype(float), unweighted=True, directed=False)
        np.fill_diagonal(away, np.inf)
        return float((1 / away).sum() / (len(own) * (len(own) - 1)))

    local, clustered = [], []
    for node in range(REGIONS):
        beside = np.flatnonzero(graph[node])
        inside = graph[np.ix_(beside, beside)]
        local.append(efficiency(inside))
        clustered.append(inside.sum() / max(len(beside) * (len(beside) - 1), 1))
    return efficiency(graph), local, clustered


def _plain_spread(series: np.ndarray) -> np.ndarray:
    upper = np.triu_indices(REGIONS, 1)
    z = [np.arctanh(np.corrcoef(series[s : s + WINDOW].T)[upper]) for s in range(FRAMES - WINDOW + 1)]
    return np.std(z, axis=0, ddof=1)


def _plain_responses(series: np.ndarray, trials: np.ndarray, rest: np.ndarray) -> np.ndarray:
    found = []
    for i in range(TRIALS):
        others = np.delete(trials, i, axis=1).sum(axis=1)
        found.append(np.linalg.lstsq(np.column_stack([trials[:, i], others, rest]), series, rcond=None)[0][0])
    return np.array(found)
