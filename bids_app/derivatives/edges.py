"""The table of edges of one contrast: connections between regions, or other values that are no maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from bids_app.statistics.result import Joint, Result

EDGE_COLUMNS = {
    "edge": "Two regions or networks, or one network with itself.",
    "effect": "Coefficient of the contrast in Fisher z.",
    "t": "t statistic (F of several columns).",
    "g": "Hedges g; g_lower and g_upper are 95 % limits.",
    "partial_r": "Partial correlation, in place of g where a slope is tested; likewise with limits.",
    "p_uncorrected": "Permutation p of this edge alone.",
    "q_fdr": "False discovery rate over the edges, per sign.",
    "p_fwe": "Corrected over all edges by the largest |t|.",
    "p_fwe_joint": "Corrected over the family as well.",
    "p_robust_fwe": "Of means alone, by signs of residuals: corrected over all edges.",
    "p_robust_fwe_joint": "Corrected over the family as well.",
    "component": "Set of edges above the threshold that share nodes; empty outside (network-based statistic).",
    "p_component_extent": "p of that set by its number of edges: exploratory, of the set and of no single edge.",
    "p_component_mass": "The same by the sum of |t| above the threshold.",
}


def edge_table(result: Result, joint: Joint) -> dict[str, list[Any]]:
    """Return one row an edge, those of the smallest p first."""
    maps, graph = result.maps, result.subject.graph
    assert graph is not None
    nothing = np.full(len(graph.names), np.nan)
    number = {cluster.number: i for i, cluster in enumerate(result.clusters)}
    place = [number.get(int(label)) for label in result.labels]
    standard, name = ("partialr", "partial_r") if "partialr" in maps else ("g", "g")
    columns: dict[str, Any] = {
        "edge": list(graph.names),
        "effect": maps["effect"],
        "t": result.null.t,
        name: maps.get(standard, nothing),
        f"{name}_lower": maps.get(f"{standard}Lower", nothing),
        f"{name}_upper": maps.get(f"{standard}Upper", nothing),
        "p_uncorrected": 10.0 ** -maps["logpunc"],
        "q_fdr": maps.get("qfdr", nothing),
        "p_fwe": result.p["voxel"],
        "p_fwe_joint": joint.own["voxel"],
        "p_robust_fwe": result.robust.p["voxel"] if result.robust else nothing,
        "p_robust_fwe_joint": joint.robust.get("voxel", nothing),
        "component": [None if i is None else i + 1 for i in place],
        "p_component_extent": [None if i is None else result.p["extent"][i] for i in place],
        "p_component_mass": [None if i is None else result.p["mass"][i] for i in place],
    }
    order = np.argsort(np.asarray(columns["p_uncorrected"]), kind="stable")
    return {name: [values[i] for i in order] for name, values in columns.items()}
