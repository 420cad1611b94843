"""One session of one participant: clean every run, measure, combine, write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from bids_app import plugs
from bids_app.dataset.regions import locate_all, seeds_of
from bids_app.dataset.seeds import seed_image
from bids_app.derivatives.participant import SessionWriter
from bids_app.errors import DeqiError, NotMeasurableError, WrongDataError
from bids_app.levels.runs_together import over_runs, parts_of, together
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.job import ParticipantJob, Summary
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.recording import Recording
from bids_app.vocabulary.signals import Region, Signals

if TYPE_CHECKING:
    from bids_app.plugs.protocols import Measure, Modality
    from bids_app.signals.cleaning import Plan

Describe = Callable[[str], Mapping[str, Any]]
"""Kind of cleaning -> what sidecars say of it."""

FEWEST_DF = 3
"""Residual degrees of freedom that a run needs to count at all."""


@dataclass(eq=False, kw_only=True)
class Run:
    """What is known of one run while its session is worked on.

    `problem` says why the run cannot be used; `refused` why a region or a whole measure is left out of it, by name.
    """

    recording: Recording
    prepared: Plan | None = None
    signals: Signals | None = None
    features: dict[str, list[Feature]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def plan(self) -> Plan:
        """What will be done to it; of runs that could be prepared."""
        assert self.prepared is not None
        return self.prepared

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.recording.series.name


def run(job: ParticipantJob) -> Summary:
    """Do one session and return what was written and what was left out.

    A run that cannot be read or cleaned costs itself alone; the gates ask what the others have together.

    Raises
    ------
    DeqiError
        If no run can be used; it is the error of the first.
    """
    modality, options = plugs.modality(job.modality.name), job.modality.options
    writer = SessionWriter(job.output_dir, job.recordings)
    runs = [Run(recording=recording) for recording in job.recordings]
    _each(runs, partial(_prepare, modality=modality, options=options))
    reason = _too_little(runs, modality, options)
    if not reason:
        _each(runs, partial(_load, job=job, modality=modality, options=options, writer=writer))
        reason = _too_little(runs, modality, options)
    usable = [one for one in runs if not one.problem]
    warnings = [f"{job.label}: {one.name} is left out: {one.problem}" for one in runs if one.problem]
    warnings += [f"{job.label}: {one.name}: {note}" for one in usable for note in one.plan.notes]
    if reason:
        warnings.append(f"{job.label} is left out: {reason}. {modality.advice}")
    else:
        _combine(job, usable, writer, modality)
        warnings += [f"{job.label}: {name} is left out: {why}" for name, why in _refused(usable).items()]
    for one in runs:
        if one.prepared is not None:
            writer.frames(one.recording, one.plan, one.signals.carpet if one.signals else None)
    writer.quality(runs, reason, modality.advice if reason else "", modality.mark(options))
    notes = {"LeftOut": reason, "Refused": {} if reason else _refused(usable)}
    return Summary(frozenset(writer.files), tuple(warnings), notes)


def _each(runs: Sequence[Run], do: Callable[[Run], None]) -> None:
    """Do something with every run that is still usable; what is wrong with one is kept with it.

    Raises
    ------
    DeqiError
        If nothing is left.
    """
    errors: list[DeqiError] = []
    for one in runs:
        if not one.problem:
            try:
                do(one)
            except DeqiError as error:
                errors.append(error)
                one.problem, one.signals = str(error), None
    if errors and all(one.problem for one in runs):
        raise errors[0]


def _prepare(one: Run, modality: Modality, options: Any) -> None:
    one.prepared = modality.prepare(one.recording, options)


def _load(one: Run, job: ParticipantJob, modality: Modality, options: Any, writer: SessionWriter) -> None:
    """Read and measure a run; write what is of it alone."""
    if one.plan.df_res < FEWEST_DF:
        raise WrongDataError(f"cleaning leaves it {max(one.plan.df_res, 0)} degrees of freedom")
    kinds = {plug.cleaning for plug, _ in _measures(job, one).values()} | {"filtered"}
    one.signals = modality.load(one.recording, one.plan, options, kinds)
    _measure(job, one, writer, partial(modality.describe, one.plan, options))


def _too_little(runs: Sequence[Run], modality: Modality, options: Any) -> str:
    """Return why the runs that can be used are too little for a session, or nothing."""
    ready = [one for one in runs if not one.problem]
    counted = [one for one in ready if one.plan.df_res >= FEWEST_DF] or ready
    df, minutes = sum(_freedom(one) for one in counted), sum(one.plan.minutes for one in counted)
    why: str = modality.too_little(df, minutes, options)
    lost = len(runs) - len(counted)
    return f"{why}. {lost} of its {len(runs)} runs cannot be used" if why and lost else why


def _freedom(one: Run) -> float:
    """Return the degrees of freedom of a run: by counting before it is read, and what they are worth thereafter."""
    worth = one.signals.effective_df if one.signals else None
    return float(one.plan.df_res if worth is None else worth)


def _refused(runs: Sequence[Run]) -> dict[str, str]:
    """Return what is left out of a session and why, by its name; of one run alone, the run is named."""
    names = dict.fromkeys(name for one in runs for name in one.refused)
    return {
        name: "; ".join(
            f"{one.name}: {one.refused[name]}" if len(runs) > 1 else one.refused[name]
            for one in runs
            if name in one.refused
        )
        for name in names
    }


def _measures(job: ParticipantJob, one: Run) -> dict[str, tuple[Measure, Any]]:
    """Return plug and options of the measures that a run is for."""
    found = {name: (plugs.measure(name), options) for name, options in job.measures.items()}
    return {
        name: (plug, options)
        for name, (plug, options) in found.items()
        if one.recording.events or not plug.needs_events
    }


def _measure(job: ParticipantJob, one: Run, writer: SessionWriter, about: Describe) -> None:
    """Fill the features of a run; write those of runs that are one of several by name."""
    assert one.signals is not None
    for name, (plug, options) in _measures(job, one).items():
        signals = replace(one.signals.cleaned(plug.cleaning), threads=job.threads)
        regions = _regions(plug.wanted_regions(options), one, signals, writer)
        one.refused.update(plug.refusals(signals, regions, options))
        try:
            one.features[name] = list(plug.measure(signals, regions, options))
        except (NotMeasurableError, np.linalg.LinAlgError) as error:
            one.features[name] = []
            one.refused[name] = str(error)
        for feature in one.features[name]:
            if one.recording.part or feature.output.kind == "series":
                writer.feature(feature, [one.recording], signals.domain, about(plug.cleaning))


def _regions(wanted: Any, one: Run, signals: Signals, writer: SessionWriter) -> list[Region]:
    """Put the regions of a measure onto the run, and write down which voxels they are."""
    space = one.recording.entities["space"]
    if seeds := seeds_of(wanted):
        writer.seeds(wanted.name, seeds, seed_image(seeds, signals.grid, space), signals.grid, space)
    return locate_all(wanted, signals.grid, signals.mask, space)


def _combine(job: ParticipantJob, runs: Sequence[Run], writer: SessionWriter, modality: Modality) -> None:
    """Write the maps and matrices of the session, maps on the voxels that all its runs have."""
    options = job.modality.options
    domains = [one.signals.domain for one in runs if one.signals]
    if not all(domain.matches(domains[0]) for domain in domains):
        said = "; ".join(domain.describe() for domain in domains)
        raise WrongDataError(f"{job.label}: its runs lie on different grids ({said}); they must be the same.")
    whole = domains[0].common(domains)
    common = whole.mask
    writer.mask(whole, [one.recording for one in runs])
    for name in job.measures:
        for feature, used in _of_session(job, name, runs, common):
            cleaning = [modality.describe(one.plan, options, plugs.measure(name).cleaning) for one in used]
            about = {**together(cleaning), "RunsCombined": len(used)}
            writer.feature(feature, [one.recording for one in used], whole, about, combined=True)
    mean = np.mean([one.signals.mean[common[one.signals.mask]] for one in runs if one.signals], axis=0)
    writer.background(mean, whole, [one.recording for one in runs])


def _of_session(
    job: ParticipantJob, name: str, runs: Sequence[Run], common: Mask
) -> Iterator[tuple[Feature, Sequence[Run]]]:
    """Yield what a measure finds in a session, each from the runs that have it, and those runs."""
    plug = plugs.measure(name)
    found = [
        [_within(f, common[one.signals.mask]) for f in one.features.get(name, ())] if one.signals else []
        for one in runs
    ]
    for places, features in parts_of(found):
        used = [runs[place] for place in places]
        combined = list(plug.combine(features, [one.plan.df[plug.cleaning] for one in used], job.measures[name]))
        yield from ((over_runs(feature, features), used) for feature in combined)
        lost = {f.label for part in features for f in part if f.output.kind == "map"} - {f.label for f in combined}
        if lost:
            used[0].refused[f"{name} of the session"] = f"{', '.join(sorted(lost))} cannot be combined over its runs"


def _within(feature: Feature, keep: Mask) -> Feature:
    """Return a feature with its map cut down to the voxels of the session."""
    if feature.output.kind != "map":
        return feature
    return replace(feature, value=np.asarray(feature.value)[keep])
