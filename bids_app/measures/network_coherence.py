"""How coherent networks are: mean Fisher z within and between sets of nodes, and the first component's share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Interval
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.signals.roi import about_regions, mean_series
from bids_app.statistics.matrices import coherence, combine_matrices, first_component, pearson
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.network_coherence]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    networks: Annotated[tuple[str, ...], Doc("Networks: presets, or 'NAME=seed+seed' as in --seeds.")] = (
        "default", "salience", "somatomotor", "autonomic",
    )  # fmt: skip
    radius: Annotated[float, Gt(0), Doc("Default radius of nodes.", "mm")] = 6.0
    min_coverage: Annotated[float, Interval(gt=0, le=1), Doc("Minimum proportion of a node inside the brain mask.")] = (
        0.5
    )


CLEANING = "filtered"

_NODES = Output(
    name="nodes",
    kind="matrix",
    suffix="relmat",
    description="Pearson correlation between the nodes of the networks.",
    units="arbitrary",
    entities={"stat": "pearsoncorrelation"},
    entity="seg",
)
_COHERENCE = Output(
    name="coherence",
    kind="table",
    suffix="relmat",
    description="Mean Fisher z over the pairs of nodes within and between networks.",
    units="arbitrary",
    entities={"stat": "coherence"},
    entity="seg",
    labels=(),
    definite=True,
    noun="the coherence of networks",
    scale="Fisher z",
)
OUTPUTS = (_NODES, _COHERENCE)
GROUP = _COHERENCE
"""The mean Fisher z of each network and pair of networks goes to the group level."""

TITLE = "Network coherence"
METHODS = (
    "The coherence of a network was the mean Fisher z over all pairs of its nodes; the share of variance of their "
    "first principal component was secondary."
)


def wanted_regions(options: Options) -> RegionRequest:
    """Return the networks whose nodes are looked at."""
    return RegionRequest(name="networks", words=(), radius=options.radius, atlas="", networks=options.networks)


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield the matrix of nodes and the table of coherence.

    Raises
    ------
    NotMeasurableError
        If no network has two nodes with the coverage.
    """
    series = mean_series(signals, regions)
    series[:, [r.coverage < options.min_coverage or not len(r.columns) for r in regions]] = np.nan
    matrix = pearson(series)
    names = [f"{r.network}.{r.name}" for r in regions]
    networks = [r.network for r in regions]
    shares = first_component(series, networks)
    if all(np.isnan(share) for share in shares.values()):
        raise NotMeasurableError("no network has two nodes that the data cover")
    about = {
        "Nodes": names,
        "Networks": networks,
        "Regions": about_regions(regions),
        "FirstComponent": shares,
    }
    yield Feature(_NODES, matrix, "networks", about)
    yield Feature(_COHERENCE, _table(matrix, networks, shares), "networks")


def _table(
    matrix: NDArray[np.float64], networks: Sequence[str], shares: Mapping[str, float]
) -> dict[str, list[object]]:
    found = coherence(matrix, networks)
    size = {name: networks.count(name) for name in shares}
    return {
        "network_a": [first for first, _ in found],
        "network_b": [second for _, second in found],
        "pairs": [pairs for pairs, _ in found.values()],
        "pairs_expected": [size[a] * (size[a] - 1) // 2 if a == b else size[a] * size[b] for a, b in found],
        "fisherz": [z for _, z in found.values()],
        "first_component": [shares[a] if a == b else np.nan for a, b in found],
    }


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield matrix and coherence of a session from those of its runs."""
    found = [feature for run in runs for feature in run if feature.output is _NODES]
    if len(found) < len(runs):
        return
    about = found[0].metadata
    matrix = combine_matrices([np.asarray(f.value) for f in found], df_res)
    parts: list[Mapping[str, float]] = [dict(f.metadata["FirstComponent"]) for f in found]  # type: ignore[call-overload]
    shares = {name: float(np.average([part[name] for part in parts], weights=df_res)) for name in parts[0]}
    yield Feature(_NODES, matrix, "networks", {**about, "FirstComponent": shares})
    networks: Sequence[str] = about["Networks"]  # type: ignore[assignment]
    yield Feature(_COHERENCE, _table(matrix, networks, shares), "networks")


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return mean Fisher z within and between networks, (pairs,), from a table on disk; each stands alone."""
    pairs = zip(table["network_a"], table["network_b"], strict=True)
    names = tuple(one if one == other else f"{one}-{other}" for one, other in pairs)
    values = np.array(["nan" if word == "n/a" else word for word in table["fisherz"]], dtype=np.float64)
    return Values(Sites(names=names), values)
