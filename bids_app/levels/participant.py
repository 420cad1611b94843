"""One session of one participant: clean every run, measure, combine, write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bids_app import plugs
from bids_app.dataset.seeds import locate, parse_seeds, seed_image
from bids_app.derivatives.participant import SessionWriter
from bids_app.errors import WrongDataError
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import ParticipantJob, Summary
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.signals import Region, Signals


@dataclass(eq=False)
class Run:
    """What is known of one run while its session is worked on."""

    recording: Recording
    plan: Any
    signals: Signals | None = None
    regions: Sequence[Region] = ()
    features: dict[str, list[Feature]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def run(job: ParticipantJob) -> Summary:
    """Do one session and return what was written and what was left out."""
    ((kind, options),) = job.modality.items()
    modality = plugs.load("modalities", kind)
    runs = [Run(recording, modality.prepare(recording, options)) for recording in job.recordings]
    usable = [r for r in runs if r.plan.df_res >= 3]
    counted = usable or runs
    reason = modality.too_little(sum(r.plan.df_res for r in counted), sum(r.plan.minutes for r in counted), options)
    writer = SessionWriter(job.output_dir, job.recordings)
    warnings = [
        f"{job.label}: {r.recording.series.name} is left out, cleaning leaves it no degree of freedom"
        for r in runs
        if r not in usable
    ]
    for one in runs:
        writer.censoring(one.recording, one.plan)
    if reason:
        warnings.append(f"{job.label} is left out: {reason}")
    else:
        for one in usable:
            one.signals = modality.load(one.recording, one.plan, options)
            about = modality.describe(one.plan, options)
            warnings += _measure(job, one, writer, about)
        _combine(job, usable, writer, modality.describe(usable[0].plan, options))
    refused = {name: why for one in usable for name, why in one.refused.items()}
    writer.quality(runs, reason)
    return Summary(frozenset(writer.files), tuple(warnings), {"LeftOut": reason, "RefusedSeeds": refused})


def _measure(job: ParticipantJob, one: Run, writer: SessionWriter, about: Mapping[str, Any]) -> list[str]:
    """Fill the features of a run; write those of runs that are one of several by name."""
    signals = one.signals
    assert signals is not None
    space = one.recording.entities["space"]
    for name, options in job.measures.items():
        plug = plugs.load("measures", name)
        words, radius = plug.wanted_regions(options)
        seeds = parse_seeds(words, radius)
        one.regions = [locate(seed, signals.grid, signals.mask, space) for seed in seeds]
        writer.seeds(seeds, seed_image(seeds, signals.grid, space), signals.grid, space)
        _, refused = plug.usable_regions(one.regions, options)
        one.refused.update(refused)
        one.features[name] = list(plug.measure(signals, one.regions, options))
        for feature in one.features[name]:
            if "run" in one.recording.entities or feature.output.kind == "table":
                writer.feature(feature, [one.recording], signals.mask, signals.grid, about)
    return [f"{job.label}: seed {name} is left out: {why}" for name, why in one.refused.items()]


def _combine(job: ParticipantJob, runs: Sequence[Run], writer: SessionWriter, about: Mapping[str, Any]) -> None:
    """Write the maps of the session on the voxels that all its runs have."""
    grids = [one.signals.grid for one in runs if one.signals]
    masks = [one.signals.mask for one in runs if one.signals]
    if not all(grid.matches(grids[0]) for grid in grids):
        said = "; ".join(grid.describe() for grid in grids)
        raise WrongDataError(f"{job.label}: its runs lie on different grids ({said}); they must be the same.")
    common: Mask = np.logical_and.reduce(masks)
    df_res = [one.plan.df_res for one in runs]
    about = {
        **about,
        "ResidualDegreesOfFreedom": sum(df_res),
        "VolumesTotal": sum(len(one.plan.kept) for one in runs),
        "VolumesKept": sum(int(one.plan.kept.sum()) for one in runs),
        "RunsCombined": len(runs),
    }
    sources = [one.recording for one in runs]
    writer.mask(common, grids[0], sources)
    for name in job.measures:
        plug = plugs.load("measures", name)
        shared = [
            [replace(f, value=np.asarray(f.value)[common[mask]]) for f in one.features[name] if f.output.kind == "map"]
            for one, mask in zip(runs, masks, strict=True)
        ]
        for feature in plug.combine(shared, df_res):
            writer.feature(feature, sources, common, grids[0], about, combined=True)
    if all(one.signals for one in runs):
        mean = np.mean([one.signals.mean[common[one.signals.mask]] for one in runs if one.signals], axis=0)
        writer.background(mean, common, grids[0], sources)
