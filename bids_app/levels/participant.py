"""One session of one participant: clean every run, measure, combine, write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from bids_app import plugs
from bids_app.dataset.regions import locate_all, seeds_of
from bids_app.dataset.seeds import seed_image
from bids_app.derivatives.participant import SessionWriter
from bids_app.errors import NotMeasurableError, WrongDataError
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import ParticipantJob, Summary
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.signals import Region, Signals

Describe = Callable[[str], Mapping[str, Any]]
"""Kind of cleaning -> what sidecars say of it."""


@dataclass(eq=False)
class Run:
    """What is known of one run while its session is worked on.

    `refused` says why a region or a whole measure is left out, by its name.
    """

    recording: Recording
    plan: Any
    signals: Signals | None = None
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
    if reason:
        warnings.append(f"{job.label} is left out: {reason}")
    else:
        for one in usable:
            kinds = {plug.CLEANING for plug, _ in _measures(job, one).values()} | {"filtered"}
            one.signals = modality.load(one.recording, one.plan, options, kinds)
            _measure(job, one, writer, partial(modality.describe, one.plan, options))
        _combine(job, usable, writer, partial(modality.describe, usable[0].plan, options))
        warnings += [f"{job.label}: {name} is left out: {why}" for one in usable for name, why in one.refused.items()]
    for one in runs:
        writer.frames(one.recording, one.plan, one.signals.carpet if one.signals else None)
    refused = {name: why for one in usable for name, why in one.refused.items()}
    writer.quality(runs, reason, modality.mark(options))
    return Summary(frozenset(writer.files), tuple(warnings), {"LeftOut": reason, "Refused": refused})


def _measures(job: ParticipantJob, one: Run) -> dict[str, tuple[Any, Any]]:
    """Return plug and options of the measures that a run is for."""
    found = {name: (plugs.load("measures", name), options) for name, options in job.measures.items()}
    return {
        name: (plug, options)
        for name, (plug, options) in found.items()
        if one.recording.events or not getattr(plug, "NEEDS_EVENTS", False)
    }


def _measure(job: ParticipantJob, one: Run, writer: SessionWriter, about: Describe) -> None:
    """Fill the features of a run; write those of runs that are one of several by name."""
    assert one.signals is not None
    for name, (plug, options) in _measures(job, one).items():
        signals = replace(one.signals.cleaned(plug.CLEANING), threads=job.threads)
        regions = _regions(plug.wanted_regions(options), one, signals, writer)
        if hasattr(plug, "usable_regions"):
            one.refused.update(plug.usable_regions(regions, options)[1])
        try:
            one.features[name] = list(plug.measure(signals, regions, options))
        except (NotMeasurableError, np.linalg.LinAlgError) as error:
            one.features[name] = []
            one.refused[name] = str(error)
        for feature in one.features[name]:
            if "run" in one.recording.entities or feature.output.kind == "series":
                writer.feature(feature, [one.recording], signals.mask, signals.grid, about(plug.CLEANING))


def _regions(wanted: Any, one: Run, signals: Signals, writer: SessionWriter) -> list[Region]:
    """Put the regions of a measure onto the run, and write down which voxels they are."""
    space = one.recording.entities["space"]
    if seeds := seeds_of(wanted):
        writer.seeds(wanted.name, seeds, seed_image(seeds, signals.grid, space), signals.grid, space)
    return locate_all(wanted, signals.grid, signals.mask, space)


def _combine(job: ParticipantJob, runs: Sequence[Run], writer: SessionWriter, about: Describe) -> None:
    """Write the maps and matrices of the session, maps on the voxels that all its runs have."""
    grids = [one.signals.grid for one in runs if one.signals]
    masks = [one.signals.mask for one in runs if one.signals]
    if not all(grid.matches(grids[0]) for grid in grids):
        said = "; ".join(grid.describe() for grid in grids)
        raise WrongDataError(f"{job.label}: its runs lie on different grids ({said}); they must be the same.")
    common: Mask = np.logical_and.reduce(masks)
    together = {
        "VolumesTotal": sum(len(one.plan.kept) for one in runs),
        "VolumesKept": sum(int(one.plan.kept.sum()) for one in runs),
        "RunsCombined": len(runs),
    }
    sources = [one.recording for one in runs]
    writer.mask(common, grids[0], sources)
    for name, options in job.measures.items():
        plug = plugs.load("measures", name)
        df_res = [one.plan.df[plug.CLEANING] for one in runs]
        shared = [
            [_within(f, common[mask]) for f in one.features.get(name, ())]
            for one, mask in zip(runs, masks, strict=True)
        ]
        cleaning = {**about(plug.CLEANING), **together, "ResidualDegreesOfFreedom": sum(df_res)}
        combined = list(plug.combine(shared, df_res, options)) if all(shared) else []
        for feature in combined:
            writer.feature(feature, sources, common, grids[0], cleaning, combined=True)
        made = {f.label for f in combined}
        lost = {f.label for part in shared for f in part if f.output.kind == "map"} - made
        if lost:
            runs[0].refused[f"{name} of the session"] = f"{', '.join(sorted(lost))} cannot be combined over its runs"
    mean = np.mean([one.signals.mean[common[one.signals.mask]] for one in runs if one.signals], axis=0)
    writer.background(mean, common, grids[0], sources)


def _within(feature: Feature, keep: Mask) -> Feature:
    """Return a feature with its map cut down to the voxels of the session."""
    if feature.output.kind != "map":
        return feature
    return replace(feature, value=np.asarray(feature.value)[keep])
