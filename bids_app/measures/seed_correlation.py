"""Seed connectivity: correlation of a region's series with every voxel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Interval

from bids_app.errors import NotMeasurableError
from bids_app.signals.roi import eigenvariate, mean_series, table_of_series
from bids_app.statistics.correlation import combine_runs, correlate, fisher_z, given_others
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.signals import Region, Signals

_FEW = 5
"""Voxels below which a seed is marked low in confidence."""


@dataclass(frozen=True)
class Options:
    """Options of `[measures.seed_correlation]`."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    seeds: Annotated[
        tuple[str, ...], Doc("Seeds: names, sets, 'LABEL:x,y,z[:radius][+x,y,z...]', 'LABEL=file.nii.gz[#label][@p]'.")
    ] = ("core",)
    radius: Annotated[float, Gt(0), Doc("Default radius of spheres.", "mm")] = 6.0
    min_coverage: Annotated[float, Interval(gt=0, le=1), Doc("Minimum proportion of a seed inside the brain mask.")] = (
        0.5
    )
    summary: Annotated[
        Literal["mean", "eigenvariate"], Doc("Seed series: mean of the voxels, or first eigenvariate.")
    ] = "mean"
    correlation: Annotated[
        Literal["full", "semipartial", "partial"],
        Doc("Full correlation, or other seeds regressed out of the seed (semipartial) or of seed and voxel (partial)."),
    ] = "full"

    min_tsnr: Annotated[float, Ge(0), Doc("Seeds with a lower median tSNR are marked as low confidence.")] = 20.0
    max_fluid: Annotated[
        float,
        Interval(ge=0, le=1),
        Doc("Seeds with a higher correlation with CSF before cleaning are marked as low confidence."),
    ] = 0.5


CLEANING = "filtered"

_R = Output(
    name="r",
    kind="map",
    suffix="statmap",
    description="Pearson correlation of the cleaned seed series with each cleaned voxel series.",
    units="arbitrary",
    entities={"stat": "r"},
    entity="seed",
)
_FISHER_Z = Output(
    name="fisherz",
    kind="map",
    suffix="statmap",
    description="Fisher z of the correlation with the seed: atanh(r).",
    units="arbitrary",
    entities={"stat": "fisherz"},
    entity="seed",
    labels=(),
    noun="connectivity",
    scale="Fisher z",
)
_SERIES = Output(
    name="series",
    kind="series",
    suffix="timeseries",
    description="Cleaned series of each seed; censored frames are n/a.",
    units="arbitrary",
    entities={"stat": "mean"},
    entity="seg",
)
OUTPUTS = (_R, _FISHER_Z, _SERIES)

GROUP = _FISHER_Z
"""The output that goes to the group level."""

SELECTING = ("seeds", "radius")
"""Options that choose among the maps at the group level; the others say how maps are made."""

TITLE = "Seed connectivity"
METHODS = (
    "Seed connectivity was the Pearson correlation between the series of the unsmoothed seed and the series of each "
    "voxel, Fisher z transformed."
)


def wanted_regions(options: Options) -> RegionRequest:
    """Return the words for the seeds, and the radius of plain spheres."""
    return RegionRequest(name="seeds", words=options.seeds, radius=options.radius)


def usable_regions(regions: Sequence[Region], options: Options) -> tuple[list[Region], dict[str, str]]:
    """Divide regions into usable ones and the reasons why others are not."""
    usable, refused = [], {}
    for region in regions:
        if region.coverage >= options.min_coverage and len(region.columns):
            usable.append(region)
            continue
        refused[f"seed {region.name}"] = (
            f"{len(region.columns)} of its {region.expected} voxels lie in the mask "
            f"({region.coverage:.0%}, at least {options.min_coverage:.0%} are needed)"
        )
    return usable, refused


def refusals(signals: Signals, regions: Sequence[Region], options: Options) -> dict[str, str]:  # noqa: ARG001
    """Return which seeds are left out of a run, and why."""
    return usable_regions(regions, options)[1]


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield r and Fisher z maps of each usable seed, and the table of all seeds' series.

    The seed's own voxels are NaN: there r is near 1 by construction.

    Raises
    ------
    NotMeasurableError
        If other seeds are to be taken out and one of them cannot be used.
    """
    usable, refused = usable_regions(regions, options)
    if not usable:
        return
    if refused and options.correlation != "full":
        raise NotMeasurableError(
            f"{', '.join(refused)} cannot be used, and a {options.correlation} correlation given fewer seeds than "
            "others have is another quantity; leave the seed out for all participants, or take correlation = 'full'"
        )
    seeds = (
        mean_series(signals, usable)
        if options.summary == "mean"
        else np.stack([eigenvariate(signals.coordinates[:, r.columns]) for r in usable], axis=1)
    )
    if options.correlation == "full":
        correlations = correlate(seeds, signals.targets)
    else:
        correlations = given_others(seeds, signals.targets, both=options.correlation == "partial")
    for region, r in zip(usable, correlations, strict=True):
        r[region.columns] = np.nan
        about = {**_about(region, signals, options), "SeedSummary": options.summary, "Correlation": options.correlation}
        if options.correlation != "full":
            about["SeedsTakenOut"] = [other.name for other in usable if other is not region]
        yield Feature(_R, r, region.name, about)
        yield Feature(_FISHER_Z, fisher_z(r), region.name, about)
    yield Feature(_SERIES, table_of_series(signals, usable, seeds), "seeds")


def _about(region: Region, signals: Signals, options: Options) -> Mapping[str, object]:
    tsnr = signals.mean[region.columns] / np.maximum(signals.deviation[region.columns], 1e-12)
    fluid = None if signals.fluid is None else float(np.mean(signals.fluid[region.columns]))
    remarks = [
        text
        for bad, text in (
            (len(region.columns) < _FEW, f"fewer than {_FEW} voxels"),
            (np.median(tsnr) < options.min_tsnr, f"tSNR below {options.min_tsnr:g}"),
            (fluid is not None and abs(fluid) > options.max_fluid, f"correlates with CSF (r = {fluid or 0:.2f})"),
        )
        if bad
    ]
    return {
        "Seed": dict(region.definition),
        "SeedVoxels": len(region.columns),
        "SeedCoverage": region.coverage,
        "SeedTSNR": float(np.median(tsnr)),
        "SeedCSFCorrelation": fluid,
        "SeedLowConfidence": bool(remarks),
        "SeedRemarks": remarks,
    }


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:
    """Yield the maps of a session from those of its runs, all on the same voxels.

    z is averaged with weights df_res - 2 (less one for each other seed that was taken out) and r is tanh of that mean.
    A seed counts when every run has it.
    """
    seeds = sum(feature.output is _FISHER_Z for feature in runs[0])
    others = 0 if options.correlation == "full" else seeds - 1
    if min(df_res) - others <= 2:
        return
    for feature in runs[0]:
        if feature.output is not _FISHER_Z:
            continue
        same = [f for run in runs for f in run if f.output is _FISHER_Z and f.label == feature.label]
        if len(same) == len(runs):
            z = combine_runs([np.asarray(f.value) for f in same], [df - others for df in df_res])
            about = {**feature.metadata, "SeedCoverageByRun": [f.metadata["SeedCoverage"] for f in same]}
            yield Feature(_R, np.tanh(z), feature.label, about)
            yield Feature(_FISHER_Z, z, feature.label, about)
