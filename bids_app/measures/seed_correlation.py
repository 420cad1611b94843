"""Seed connectivity: correlation of a region's mean series with every voxel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt, Interval

from bids_app.statistics.correlation import combine_runs, correlate, fisher_z
from bids_app.vocabulary.option import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals


@dataclass(frozen=True)
class Options:
    """Options of `[measures.seed_correlation]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    seeds: Annotated[tuple[str, ...], Doc("Seeds: names, sets, 'LABEL:x,y,z[:radius]', 'LABEL=file.nii.gz'.")] = (
        "core",
    )
    radius: Annotated[float, Gt(0), Doc("Radius of spheres that do not say.", "mm")] = 6.0
    min_coverage: Annotated[
        float, Interval(gt=0, le=1), Doc("Share of its voxels that a seed needs inside the mask.")
    ] = 0.5


R = Output(
    "r", "map", "statmap", "Pearson correlation of the cleaned seed series with each cleaned voxel series.",
    "arbitrary", {"stat": "r"}, "seed",
)  # fmt: skip
FISHER_Z = Output(
    "fisherz", "map", "statmap", "Fisher z of that correlation: atanh(r).", "arbitrary", {"stat": "fisherz"}, "seed"
)
SERIES = Output(
    "series", "table", "timeseries", "Cleaned mean series of each seed; censored frames are n/a.", "arbitrary",
    {"seg": "seeds", "stat": "mean"},
)  # fmt: skip
OUTPUTS = (R, FISHER_Z, SERIES)

GROUP = FISHER_Z
"""The output that goes to the group level."""

SELECTING = ("seeds", "radius")
"""Options that choose among the maps at the group level; the others say how maps are made."""

METHODS = (
    "Seed connectivity was the Pearson correlation between the mean series of the unsmoothed seed and the series of "
    "each voxel, Fisher z transformed."
)


def wanted_regions(options: Options) -> tuple[tuple[str, ...], float]:
    """Return the words for the regions that this measure looks at, and the radius of plain spheres."""
    return options.seeds, options.radius


def usable_regions(regions: Sequence[Region], options: Options) -> tuple[list[Region], dict[str, str]]:
    """Divide regions into usable ones and the reasons why others are not."""
    usable, refused = [], {}
    for region in regions:
        if region.coverage >= options.min_coverage and len(region.columns):
            usable.append(region)
            continue
        refused[region.name] = (
            f"{len(region.columns)} of its {region.expected} voxels lie in the mask "
            f"({region.coverage:.0%}, at least {options.min_coverage:.0%} are needed)"
        )
    return usable, refused


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield r and Fisher z maps of each usable seed, and the table of all seeds' series.

    The seed's own voxels are NaN: there r is near 1 by construction.
    """
    usable, _ = usable_regions(regions, options)
    if not usable:
        return
    # From unsmoothed coordinates: smoothing first would carry neighbours such as CSF into the seed.
    seeds = np.stack([signals.coordinates[:, r.columns] @ r.weights for r in usable], axis=1)
    correlations = correlate(seeds, signals.targets)
    for region, r in zip(usable, correlations, strict=True):
        r[region.columns] = np.nan
        yield Feature(R, r, region.name, _about(region, signals))
        yield Feature(FISHER_Z, fisher_z(r), region.name, _about(region, signals))
    yield Feature(SERIES, _table(signals, usable, seeds.astype(np.float32)))


def _about(region: Region, signals: Signals) -> Mapping[str, object]:
    tsnr = signals.mean[region.columns] / np.maximum(signals.deviation[region.columns], 1e-12)
    return {
        "Seed": dict(region.definition),
        "SeedVoxels": len(region.columns),
        "SeedCoverage": region.coverage,
        "SeedTSNR": float(np.median(tsnr)),
        "SeedLowConfidence": region.low_confidence,
    }


def _table(signals: Signals, regions: Sequence[Region], seeds: np.ndarray) -> Mapping[str, np.ndarray]:
    series = signals.series(seeds)
    columns = {}
    for i, region in enumerate(regions):
        column = np.full(len(signals.kept), np.nan)
        column[signals.kept] = series[:, i]
        columns[region.name] = column
    return columns


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int]) -> Iterator[Feature]:
    """Yield the maps of a session from those of its runs, all on the same voxels.

    z is averaged with weights df_res − 2 and r is tanh of that mean. A seed counts when every run has it.
    """
    for feature in runs[0]:
        if feature.output is not FISHER_Z:
            continue
        others = [f for run in runs for f in run if f.output is FISHER_Z and f.label == feature.label]
        if len(others) == len(runs):
            z = combine_runs([np.asarray(f.value) for f in others], df_res)
            about = {**feature.metadata, "SeedCoverageByRun": [f.metadata["SeedCoverage"] for f in others]}
            yield Feature(R, np.tanh(z), feature.label, about)
            yield Feature(FISHER_Z, z, feature.label, about)
