"""Part of `make validation`: graphs, dynamic connectivity and gPPI where there is nothing to be found, and beside it.

Writes a table into docs/validation.md between two marks and ends with 1 if a line is outside its band.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from harness import Line, asked, publish_table, table
from nilearn.glm.first_level.hemodynamic_models import compute_regressor
from scipy import stats

from bids_app import permutation_test
from bids_app.signals.projection import drift, nested_basis, stop_band
from bids_app.statistics import dynamics, task_model
from bids_app.statistics.graphs import edges, measures, modules
from bids_app.statistics.interactions import interaction_columns
from bids_app.statistics.result import MAY_DIFFER

DOCUMENT = Path(__file__).parents[2] / "docs" / "validation.md"
MARKS = "<!-- measures on request: made by make validation -->", "<!-- end of measures on request -->"
NODES, MODULES, FRAMES, TR = 40, 5, 240, 2.0
DENSITIES = (0.1, 0.2, 0.3)


def participant(rng: np.random.Generator, scale: float) -> list[float]:
    """Return mean r and five measures of the graph of a participant, of five modules; `scale` weakens all of it."""
    labels = np.repeat(np.arange(MODULES), NODES // MODULES)
    scale *= rng.uniform(0.85, 1.15)
    truth = scale * np.where(labels[:, None] == labels, 0.45, 0.12)
    np.fill_diagonal(truth, 1.0)
    matrix = np.corrcoef(np.linalg.cholesky(truth) @ rng.standard_normal((NODES, 60)))
    graphs = [edges.strongest(matrix, density) for density in DENSITIES]
    found = [
        (
            measures.global_efficiency(graph), measures.local_efficiency(graph).mean(),
            measures.clustering(graph).mean(), modules.modularity(graph.astype(float), labels),
            modules.best_partition(graph.astype(float), 3, 0)[0],
        )
        for graph in graphs
        if graph is not None
    ]  # fmt: skip
    return [matrix[np.triu_indices(NODES, 1)].mean(), *np.mean(found, axis=0)]


def graph_trial(rng: np.random.Generator, *, weaker: float, gate: bool) -> list[bool]:
    """Return whether a difference of the graph is claimed between two arms of 15 with the same arrangement."""
    arm = np.repeat([1, 0], 15)
    values = np.array([participant(rng, weaker if one else 1.0) for one in arm])
    found = permutation_test(values, arm, statistic="voxel", n_permutations=199, seed=int(rng.integers(2**31)))
    held = gate and found.p_uncorrected[0] < MAY_DIFFER
    return [bool(not held and (found.p[1:] <= 0.05).any())]


def runs(rng: np.random.Generator, *, confounds: int, gaps: bool, switching: bool = False) -> list[bool]:
    """Return whether connectivity of two regions, and the amplitude of both, pass as dynamic at p .05."""
    kept = np.ones(FRAMES, dtype=bool)
    if gaps:
        kept[[40, 41, 90, 150, 151, 152, 153]] = False
    slow, moved = drift(FRAMES, 1), rng.standard_normal((FRAMES, confounds)).cumsum(axis=0)
    parts = [slow[:, :1], np.column_stack([slow[:, 1:], moved]), stop_band(FRAMES, TR, 0.01, 0.1)]
    basis, ranks = nested_basis(parts, kept)
    basis = basis[:, : ranks[0]]
    first, second = rng.standard_normal((2, FRAMES))
    r = np.where(np.arange(FRAMES) * TR // 120 % 2 == 0, 0.8, -0.2) if switching else np.full(FRAMES, 0.4)
    raw = np.column_stack([first, r * first + np.sqrt(1 - r**2) * second])
    series = basis @ (basis.T @ raw[kept])
    waves, windows = dynamics.passed_waves(basis, kept, TR), dynamics.windows_of(kept, 30)
    assert waves is not None
    observed = dynamics.spread(series, kept, windows)
    made = dynamics.surrogates(series, basis, kept, waves, 99, int(rng.integers(2**31)))
    null = np.stack([dynamics.spread(one, kept, windows) for one in made])
    p = (1 + (null >= observed).sum(axis=0)) / 100
    return [bool(one <= 0.05) for one in (p[:1] if switching else p)]


def interaction(rng: np.random.Generator, *, model: str) -> list[bool]:
    """Return whether two regions that both follow the task, and nothing else, are called coupled."""
    times = TR * np.arange(180)
    blocks = np.stack([np.arange(30.0, 360, 60), np.full(6, 30.0), np.ones(6)])
    task = compute_regressor(blocks, "spm", times)[0][:, 0]
    noise = rng.standard_normal((180, 2))
    if model == "AR(1)":
        for t in range(1, 180):
            noise[t] += 0.4 * noise[t - 1]
    seed, target = (3 * task + one for one in noise.T)
    if model == "correlation":
        return [bool(stats.pearsonr(seed, target).pvalue <= 0.05)]
    design = np.column_stack([interaction_columns(task[:, None], seed), task, seed, np.ones(180)])
    if model == "AR(1)":
        found = task_model.fit([target[:, None]], design, {"x": np.eye(4)[0]})["x"]
        return [bool(2 * stats.norm.sf(abs(found.z[0])) <= 0.05)]
    inverse = np.linalg.pinv(design)
    beta, df = inverse @ target, 180 - 4
    t = beta[0] / np.sqrt(((target - design @ beta) ** 2).sum() / df * (inverse[0] ** 2).sum())
    return [bool(2 * stats.t.sf(abs(t), df) <= 0.05)]


LINES: tuple[Line, ...] = (
    Line("graph, no difference", partial(graph_trial, weaker=1.0, gate=True), 1, (0, 0.05)),
    Line("graph, same arrangement, r 70 % in one arm", partial(graph_trial, weaker=0.7, gate=True), 1, (0, 0.05)),
    Line("the same without testing mean connectivity first", partial(graph_trial, weaker=0.7, gate=False), 1, None),
    Line("dynamic, r = .4 throughout", partial(runs, confounds=0, gaps=False), 2, (0.03, 0.05)),
    Line("dynamic, r = .4, 26 confounds, censored frames", partial(runs, confounds=26, gaps=True), 2, (0.03, 0.055)),
    Line("dynamic, r switches every two min", partial(runs, confounds=0, gaps=False, switching=True), 0.5, (0.9, 1)),
    Line("gPPI of two regions that follow the task", partial(interaction, model="least squares"), 10, (0.05, 0.05)),
    Line("the same, AR(1) noise and model", partial(interaction, model="AR(1)"), 4, (0.05, 0.06)),
    Line("their correlation over the run", partial(interaction, model="correlation"), 2, None),
)  # fmt: skip


def main() -> None:
    rows, failed = table(LINES, (), asked(__doc__, 400))
    about = (
        "Graphs: two arms of 15, 199 relabellings, any of five measures, "
        "corrected over them and mean connectivity. Dynamic and gPPI: single runs of 8 and 6 minutes."
    )
    publish_table(DOCUMENT, MARKS, about, rows, failed)


if __name__ == "__main__":
    main()
