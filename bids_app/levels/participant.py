"""One session of one participant: clean every run, measure, combine, write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bids_app import plugs
from bids_app.dataset.atlases.requests import locate_all, seeds_of
from bids_app.dataset.atlases.seeds import seed_image
from bids_app.derivatives.participant import SessionWriter
from bids_app.errors import DeqiError, NotMeasurableError, WrongDataError
from bids_app.levels.combined_runs import over_runs, parts_of, together
from bids_app.levels.companions import companion_sources, with_companion
from bids_app.vocabulary.domain import Domain, Voxels
from bids_app.vocabulary.job import ParticipantJob, Summary
from bids_app.vocabulary.output import Feature
from bids_app.vocabulary.region_request import RegionRequest
from bids_app.vocabulary.run_state import RunState
from bids_app.vocabulary.signals import Region

if TYPE_CHECKING:
    from bids_app.plugs.modality import Modality
    from bids_app.plugs.protocols import Measure

Describe = Callable[[str], Mapping[str, object]]
"""Kind of cleaning -> what sidecars say of it."""


def run(job: ParticipantJob) -> Summary:
    """Do one session and return what was written and what was left out.

    A run that cannot be read or cleaned costs itself alone; the gates ask what the others have together.

    Raises
    ------
    DeqiError
        If no run can be used; it is the error of the first.
    """
    modality, options = plugs.modality(job.modality.name), job.modality.options
    writer = SessionWriter(job.output_dir, job.recordings, modality.datatype)
    runs = [RunState(recording=recording) for recording in job.recordings]
    _each(runs, partial(_prepare, modality=modality, options=options))
    reason = _too_little(runs, modality, options)
    if not reason:
        _each(runs, partial(_load, job=job, modality=modality, writer=writer))
        reason = _too_little(runs, modality, options)
    usable = [one for one in runs if not one.problem]
    warnings = [f"{job.label}: {one.name} is left out: {one.problem}" for one in runs if one.problem]
    warnings += [f"{job.label}: {one.name}: {note}" for one in usable for note in (*one.plan.notes, *_of_loading(one))]
    labels: dict[str, list[str]] = {}
    if reason:
        warnings.append(". ".join(filter(None, (f"{job.label} is left out: {reason}", modality.advice))))
    else:
        labels = _combine(job, usable, writer, modality)
        warnings += [f"{job.label}: {name} is left out: {why}" for name, why in _refused(usable).items()]
    for one in runs:
        if one.prepared is not None:
            modality.write_run(writer, one)
    advice, mark = modality.advice if reason else "", " ".join(filter(None, (modality.mark(options), job.mark)))
    writer.quality(runs, modality.quality_table, reason=reason, advice=advice, mark=mark)
    notes = {"LeftOut": reason, "Refused": {} if reason else _refused(usable), "Labels": labels}
    return Summary(frozenset(writer.files), tuple(warnings), notes)


def _of_loading(one: RunState) -> Sequence[str]:
    """Return what was seen of a run once its series was read, and what it was left out for does not say."""
    found = getattr(one.loaded, "notes", ())
    return found if isinstance(found, tuple) else ()  # those of volumes are facts for sidecars


def _each(runs: Sequence[RunState], do: Callable[[RunState], None]) -> None:
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
                one.problem, one.loaded = str(error), None
    if errors and all(one.problem for one in runs):
        raise errors[0]


def _prepare(one: RunState, modality: Modality, options: object) -> None:
    one.prepared = modality.prepare(one.recording, options)


def _load(one: RunState, job: ParticipantJob, modality: Modality, writer: SessionWriter) -> None:
    """Read and measure a run; write what is of it alone."""
    if why := modality.unusable(one.plan):
        raise WrongDataError(why)
    options = job.modality.options
    kinds = {plug.cleaning for plug, _ in _measures(job, one).values()} | {modality.kinds[0]}
    one.loaded = modality.load(one.recording, one.plan, options, kinds)
    _measure(job, one, writer, partial(modality.describe, one.plan, options))


def _too_little(runs: Sequence[RunState], modality: Modality, options: object) -> str:
    """Return why the runs that can be used are too little for a session, or nothing."""
    ready = [one for one in runs if not one.problem]
    counted = [one for one in ready if not modality.unusable(one.plan)] or ready
    why, lost = modality.too_little(counted, options), len(runs) - len(counted)
    return f"{why}. {lost} of its {len(runs)} runs cannot be used" if why and lost else why


def _refused(runs: Sequence[RunState]) -> dict[str, str]:
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


def _measures(job: ParticipantJob, one: RunState) -> dict[str, tuple[Measure, object]]:
    """Return plug and options of the measures that a run is for."""
    modality = plugs.modality(job.modality.name)
    found = {name: (plugs.measure(name), options) for name, options in job.measures.items()}
    return {
        name: (plug, options)
        for name, (plug, options) in found.items()
        if modality.has(one.recording, plug.cleaning)
        and (one.recording.events or not plug.needs_events)
        and (not plug.companion or plug.companion in one.recording.simultaneous)
    }


def _measure(job: ParticipantJob, one: RunState, writer: SessionWriter, about: Describe) -> None:
    """Fill the features of a run; write those of runs that are one of several by name."""
    assert one.loaded is not None
    for name, (plug, options) in _measures(job, one).items():
        given = one.loaded.cleaned(plug.cleaning, job.threads)
        regions = _regions(plug.wanted_regions(options), one, given.domain, writer)
        try:
            one.refused.update(plug.refusals(given, regions, options))
            both = given if not plug.companion else with_companion(one, given, plug.companion, job)
            one.features[name] = list(plug.measure(both, regions, options))
        except (NotMeasurableError, np.linalg.LinAlgError) as error:
            one.features[name] = []
            one.refused[name] = str(error)
        for feature in one.features[name]:
            one.refused.update(not_available(feature))
            if one.recording.part or feature.output.kind == "series":
                said = {**about(plug.cleaning), **companion_sources(plug.companion, [one])}
                writer.feature(feature, [one.recording], given.domain, said)


def not_available(feature: Feature) -> dict[str, str]:
    """Return which values of a feature are n/a, and why; what a measure says of itself."""
    said = feature.metadata.get("NotAvailable", {})
    return dict(said) if isinstance(said, Mapping) else {}


def _regions(wanted: RegionRequest, one: RunState, domain: Domain, writer: SessionWriter) -> list[Region]:
    """Put the regions of a measure onto the voxels of a run, and write down which they are; elsewhere are none."""
    if not isinstance(domain, Voxels):
        return []
    space = one.recording.entities["space"]
    if seeds := seeds_of(wanted):
        writer.seeds(wanted.name, seeds, seed_image(seeds, domain.grid, space), domain.grid, space)
    return locate_all(wanted, domain.grid, domain.mask, space)


def _combine(
    job: ParticipantJob, runs: Sequence[RunState], writer: SessionWriter, modality: Modality
) -> dict[str, list[str]]:  # fmt: skip
    """Write what the session has, maps on the places that all its runs have; return the labels of each measure.

    Raises
    ------
    WrongDataError
        If runs lie on different grids, or two measures have maps of one name.
    """
    options = job.modality.options
    domains: list[Domain] = [one.loaded.domain for one in runs if one.loaded]
    if not all(domain.matches(domains[0]) for domain in domains):
        said = "; ".join(domain.describe() for domain in domains)
        raise WrongDataError(f"{job.label}: its runs lie on different grids ({said}); they must be the same.")
    whole = domains[0].common(domains)
    modality.write_session(writer, runs, whole)
    owners: dict[tuple[object, ...], str] = {}
    labels: dict[str, set[str]] = {}
    for name in job.measures:
        for feature, used in _of_session(job, name, runs, whole):
            output = feature.output
            file = output.suffix, *sorted(output.entities.items()), output.entity, feature.label.lower()
            if (owner := owners.setdefault(file, name)) != name:
                raise WrongDataError(
                    f"{job.label}: {owner} and {name} both have results called {feature.label}. Rename the trial type, "
                    "the network or the set of regions, or ask for one of them."
                )
            if output.entity == "meas":
                labels.setdefault(name, set()).add(feature.label)
            cleaning = [modality.describe(one.plan, options, plugs.measure(name).cleaning) for one in used]
            beside = companion_sources(plugs.measure(name).companion, used)
            about = {**together(cleaning), "RunsCombined": len(used), **beside}
            writer.feature(feature, [one.recording for one in used], whole, about, combined=True)
    return {name: sorted(own) for name, own in labels.items()}


def _of_session(
    job: ParticipantJob, name: str, runs: Sequence[RunState], whole: Domain
) -> Iterator[tuple[Feature, Sequence[RunState]]]:
    """Yield what a measure finds in a session, each from the runs that have it, and those runs."""
    plug = plugs.measure(name)
    found = [
        [_within(f, one.loaded.domain, whole) for f in one.features.get(name, ())] if one.loaded else [] for one in runs
    ]
    for places, features in parts_of(found):
        used = [runs[place] for place in places]
        combined = list(plug.combine(features, [one.plan.df[plug.cleaning] for one in used], job.measures[name]))
        yield from ((over_runs(feature, features), used) for feature in combined)
        lost = {f.label for part in features for f in part if f.output.is_map} - {f.label for f in combined}
        if lost:
            used[0].refused[f"{name} of the session"] = f"{', '.join(sorted(lost))} cannot be combined over its runs"


def _within(feature: Feature, own: Domain, whole: Domain) -> Feature:
    """Return a feature with its map cut down to the voxels of the session."""
    if not (feature.output.is_map and isinstance(own, Voxels) and isinstance(whole, Voxels)):
        return feature
    return replace(feature, value=np.asarray(feature.value)[whole.mask[own.mask]])
