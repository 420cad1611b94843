"""Connectivity during events: how the responses of two regions vary together from trial to trial (beta series)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.measures import _event_model, _region_set, _response_maps
from bids_app.signals.roi import about_regions
from bids_app.statistics import trial_responses
from bids_app.statistics.correlation import fisher_z
from bids_app.statistics.matrices import pearson
from bids_app.statistics.task_design import response_columns, terms_of
from bids_app.statistics.task_events import Condition
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region, Signals

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Options(_region_set.RegionSetOptions):
    """Options of `[measures.beta_series]`."""

    model: Annotated[
        Literal["separate", "one"],
        Doc("A model for each trial (LSS), or one with a column for each (LSA; trials at least 12 s apart)."),
    ] = "separate"
    hrf: Annotated[Literal["spm", "glover"], Doc("Haemodynamic response function.")] = "spm"
    min_trials: Annotated[int, Ge(5), Doc("Minimum number of trials of a type whose responses are correlated.")] = 15
    contrasts: Annotated[
        tuple[str, ...], Doc("Trial types, or their differences, e.g. 'rotation-touch'; empty: each trial type.")
    ] = ()


CLEANING, NEEDS_EVENTS, ON_REQUEST, TITLE = "raw", True, True, "Beta series"
_APART = 12.0
"""Seconds between onsets that one model of all trials needs."""

_SHARE, _LASTING = 0.5, 32.0
"""Share of the whole response to a trial that kept frames must hold, and seconds that a response lasts."""

_MATRIX = Output(
    name="betas", kind="matrix", suffix="relmat", units="arbitrary", entities={"stat": "betaseries"}, entity="meas",
    noun="connectivity of responses between regions", scale="Fisher z",
    description="Fisher z of the correlation of responses to single trials between regions.",
)  # fmt: skip
OUTPUTS = (_MATRIX,)
GROUP = _MATRIX
METHODS = (
    "The response to each trial was estimated in every region [@Mumford2012] beside the other trials, confounds and "
    "drift; the responses of two regions were correlated over trials. That is connectivity during events from trial to "
    "trial, and needs many short ones: a few long blocks of needling give no beta series."
)


wanted_regions = _region_set.request


def labels_of(output: Output, options: Options) -> tuple[str, ...]:  # noqa: ARG001  (there is one output)
    """Return the pattern of the labels: trial types, which the events decide."""
    return ("betas*",)


def refusals(signals: Signals, regions: Sequence[Region], options: Options) -> dict[str, str]:  # noqa: ARG001
    """Return which trial types and contrasts are left out of a run, and why."""
    try:
        found = _event_model.event_columns(signals, options.hrf)
    except NotMeasurableError:  # that is said of the measure
        return {}
    return {**found.refused, **{name: why for name, why in _short(found.conditions, options).items() if why}}


def _short(conditions: Mapping[str, Condition], options: Options) -> dict[str, str]:
    """Return why trial types have no beta series, or nothing, by name."""
    found = {}
    for name, one in conditions.items():
        count, gaps = len(one.onsets), np.diff(np.sort(one.onsets))
        found[name] = ""
        if count < options.min_trials:
            found[name] = (
                f"{count} trials are too few to correlate responses over them (at least {options.min_trials}). For a "
                "few long blocks ask for task_connectivity"
            )
        elif options.model == "one" and gaps.min() < _APART:
            found[name] = (
                f"trials follow each other within {gaps.min():g} s, and one model of all needs {_APART:g} s; take "
                'model = "separate"'
            )
    return found


def measure(signals: Signals, regions: Sequence[Region], options: Options) -> Iterator[Feature]:
    """Yield a matrix of Fisher z for each contrast.

    Raises
    ------
    NotMeasurableError
        If the run has no events, too few trials, or fewer than two regions have the coverage.
    """
    found = _event_model.event_columns(signals, options.hrf)
    why = _short(found.conditions, options)
    series = _response_maps.percent_series(signals)
    seen = [series.seen(region) for region in regions]
    known = _region_set.covered(seen, options)
    courses = np.full((len(signals.basis), len(seen)), np.nan)
    for i in np.flatnonzero(known):
        courses[:, i] = signals.basis @ series.mean_of(seen[i])
    matrices, counts = dict[str, Floats](), dict[str, int]()
    for name in [name for name, said in why.items() if not said]:
        responses = _responses(signals, found, name, courses, options)
        if len(responses) < options.min_trials:
            trials = len(found.conditions[name].onsets)
            why[name] = f"{len(responses)} of {trials} trials have a response of their own in the frames that are kept"
            continue
        counts[name] = len(responses)
        matrices[name] = fisher_z(pearson(responses - responses.mean(axis=0)))
        np.fill_diagonal(matrices[name], np.nan)
    contrasts = {words: terms_of(words, tuple(why)) for words in options.contrasts or tuple(matrices)}
    made = {words: terms for words, terms in contrasts.items() if all(name in matrices for name, _ in terms)}
    if not made:
        raise NotMeasurableError("; ".join(f"{name}: {said}" for name, said in why.items() if said))
    labels = _event_model.labels_of_contrasts(made, "betas")
    absent = {f"beta series of {name}": said for name, said in why.items() if said}
    nodes = [region.name for region in regions]
    for words, terms in made.items():
        total = sum(weight * matrices[name] for name, weight in terms)
        about = {"Nodes": nodes, "Regions": about_regions(seen), "Contrast": words,
                 "Events": {name: counts[name] for name, _ in terms}, "NotAvailable": absent,
                 "TrialModel": options.model, "ResponseFunction": options.hrf}  # fmt: skip
        yield Feature(_MATRIX, np.asarray(total), labels[words], about)


def _responses(
    signals: Signals, found: _event_model.EventColumns, name: str, courses: Floats, options: Options
) -> Floats:  # fmt: skip
    """Return the responses to the trials of one type that can be trusted, (trials, regions)."""
    assert signals.task is not None
    own, times = found.conditions[name], signals.task.times
    each = {
        str(i): Condition(own.onsets[[i]], own.durations[[i]], own.weights[[i]]) for i in range(len(own.onsets))
    }  # fmt: skip
    trials, _ = response_columns(each, times, options.hrf)
    others = [i for i, column in enumerate(found.names) if column.partition("_derivative")[0] != name]
    rest = np.concatenate([found.columns[:, others], found.nuisance], axis=1)[signals.kept]
    fit = trial_responses.separately if options.model == "separate" else trial_responses.together
    known = np.isfinite(courses).all(axis=0)
    responses = np.full((len(own.onsets), courses.shape[1]), np.nan)
    responses[:, known] = fit(courses[:, known], trials[signals.kept], rest)
    # A response that lies beyond the run, or was censored, for the most part would be what noise makes of it.
    more = int(np.ceil((_LASTING + own.durations.max()) / signals.repetition_time))
    beyond = signals.repetition_time * np.arange(1, more + 1)
    wide, _ = response_columns(each, np.concatenate([times[0] - beyond[::-1], times, times[-1] + beyond]), options.hrf)
    energy = (trials[signals.kept] ** 2).sum(axis=0)
    there = (energy > 0) & (energy >= _SHARE * (wide**2).sum(axis=0))
    return np.asarray(responses[there & np.isfinite(responses[:, known]).all(axis=1)])


def combine(runs: Sequence[Sequence[Feature]], df_res: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the matrices of a session: mean Fisher z over its runs, weighted by trials less 3."""
    for feature in runs[0]:
        same = [one for run in runs for one in run if one.label == feature.label]
        if len(same) == len(runs):
            counts = [min(dict(one.metadata["Events"]).values()) - 3 for one in same]  # type: ignore[call-overload]
            mean = np.average([np.asarray(one.value) for one in same], axis=0, weights=counts)
            yield Feature(_MATRIX, mean, feature.label, {**feature.metadata, "Events": _event_model.counted(same)})


group_values = _region_set.edge_values
