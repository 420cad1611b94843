"""The linear model of optical series with events, which measures of channels and of regions share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, cast

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from bids_app.errors import NotMeasurableError
from bids_app.measures import _event_model
from bids_app.statistics.optics import robust_model
from bids_app.statistics.optics.light import drift_cutoff, slow_waves
from bids_app.statistics.optics.robust_model import Effect, SeriesFit
from bids_app.statistics.task_events import Condition
from bids_app.vocabulary.optics import CHROMOPHORES, Optics
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output

Floats = NDArray[np.float64]

ORDERS = 4
"""Largest order of the noise, in seconds of samples (Barker 2013, doi:10.1364/BOE.4.001366)."""


@dataclass(frozen=True)
class OpticalOptions:
    """Options of models of optical series."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    hrf: Annotated[
        Literal["spm", "spm + derivative", "glover", "glover + derivative"],
        Doc("Haemodynamic response function; deoxygenated haemoglobin has the same, its effect is negative."),
    ] = "spm"
    contrasts: Annotated[
        tuple[str, ...],
        Doc("Contrasts of trial types, e.g. 'needling-rest'; empty: each against the implicit baseline."),
    ] = ()
    high_pass: Annotated[
        float, Ge(0), Doc("Waves below are drift; 0: half the frequency of the longest cycle of trials.", "Hz")
    ] = 0.0
    short_components: Annotated[
        int, Ge(0), Doc("Components of the short channels in the model, of each kind of haemoglobin; 0: none.")
    ] = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class OpticalModel:
    """Design of a run, (samples, columns), and the weights of each contrast over its columns."""

    design: Floats
    contrasts: Mapping[str, Floats]
    conditions: Mapping[str, Condition]
    refused: Mapping[str, str]
    high_pass: float
    scalp: int


def model_of(optics: Optics, options: OpticalOptions) -> OpticalModel:
    """Build the design of a run; a condition or contrast that cannot be had is left out.

    Raises
    ------
    NotMeasurableError
        If the run has no events, or no contrast is left.
    """
    found = _event_model.event_columns(optics, options.hrf)
    cut = options.high_pass or _cutoff(found.conditions, options.contrasts)
    waves = slow_waves(len(optics.values), optics.rate, cut)
    scalp = scalp_columns(optics, options.short_components)
    design = np.column_stack([found.columns, scalp, waves, found.nuisance])
    words = options.contrasts or tuple(found.conditions)
    contrasts, refused = _event_model.contrasts_of(words, found.names, design, 0)
    refused = {**found.refused, **refused}
    for name in list(contrasts):
        if few := _too_few(contrasts[name], found, optics.min_events):
            refused[f"contrast {name}"] = few
            del contrasts[name]
    if not contrasts:
        raise NotMeasurableError("; ".join(f"{name}: {why}" for name, why in refused.items()))
    return OpticalModel(
        design=design, contrasts=contrasts, conditions=found.conditions, refused=refused, high_pass=cut,
        scalp=scalp.shape[1],
    )  # fmt: skip


def _too_few(weights: Floats, found: _event_model.EventColumns, least: int) -> str:
    """Return which trial type of a contrast has too few events in this run, or nothing."""
    named = {name for name, weight in zip(found.names, weights, strict=False) if weight}
    counts = {name: len(one.onsets) for name, one in found.conditions.items() if name in named}
    few = [f"{count} of {name}" for name, count in counts.items() if count < least]
    return f"there are {', '.join(few)} events in the run; at least {least} are needed" if few else ""


def _cutoff(conditions: Mapping[str, Condition], contrasts: Sequence[str]) -> float:
    """Return the frequency of drift: half that of the longest cycle of any condition that contrasts name."""
    named = [one for name, one in conditions.items() if not contrasts or any(name in words for words in contrasts)]
    return min((cut for one in named if (cut := drift_cutoff(one.onsets))), default=0.0)


def scalp_columns(optics: Optics, count: int) -> Floats:
    """Return what short channels see, (samples, components): the first components of each kind of haemoglobin."""
    own = optics.values[:, optics.short]
    if not (count and own.shape[1]):
        return np.zeros((len(own), 0))
    return np.column_stack([robust_model.short_components(own[..., c], count) for c in range(len(CHROMOPHORES))])


@dataclass(frozen=True, eq=False, kw_only=True)
class Fitted:
    """Effects of one contrast: by channel and kind of haemoglobin, with the order of the noise."""

    effects: Mapping[tuple[str, str], Effect]
    orders: Mapping[tuple[str, str], int]
    outliers: Mapping[tuple[str, str], float]


def fitted(optics: Optics, model: OpticalModel) -> dict[str, Fitted]:
    """Fit every channel that reaches the brain; results do not depend on how many threads there are."""
    keys = [(optics.channels[i], kind) for i in optics.long for kind in CHROMOPHORES]
    asked = model.design.tobytes()
    if asked not in optics.fits:
        series = optics.values[:, optics.long].reshape(len(optics.values), -1)
        optics.fits[asked] = robust_model.fit_all(series, model.design, round(ORDERS * optics.rate), optics.threads)
    fits = cast("list[SeriesFit]", optics.fits[asked])
    return {
        words: Fitted(
            effects={key: robust_model.effect(one, weights) for key, one in zip(keys, fits, strict=True)},
            orders={key: one.order for key, one in zip(keys, fits, strict=True)},
            outliers={key: one.outliers for key, one in zip(keys, fits, strict=True)},
        )
        for words, weights in model.contrasts.items()
    }  # fmt: skip


def about(optics: Optics, model: OpticalModel, words: str, options: OpticalOptions) -> dict[str, object]:
    """Return what sidecars say of a contrast."""
    return {
        "Contrast": words, "Events": {name: len(one.onsets) for name, one in model.conditions.items()},
        "ResponseFunction": options.hrf, "HighPass": model.high_pass, "NoiseModel": "AR-IRLS, robust AR",
        "SamplingFrequency": optics.rate, "ShortChannelComponents": model.scalp, **optics.about,
    }  # fmt: skip


HEADS = ("channel", "chromophore", "effect_uM", "se", "t", "order", "outliers")


def combined(features: Sequence[Feature], output: Output, first: str) -> Iterator[Feature]:
    """Yield the table of a session from those of its runs: each place over the runs that have it, by precision."""
    values = [one.value for one in features if isinstance(one.value, Mapping)]
    rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for table in values:
        keys = zip(table[first], table["chromophore"], strict=True)
        for key, effect, error in zip(keys, table["effect_uM"], table["se"], strict=True):
            rows.setdefault(key, []).append((effect, error))
    if len(values) == 1:
        yield features[0]
        return
    found = {key: robust_model.pooled(dict(enumerate(own))) for key, own in rows.items()}
    table = {
        first: [place for place, _ in found], "chromophore": [kind for _, kind in found],
        "effect_uM": [effect for effect, _ in found.values()], "se": [error for _, error in found.values()],
        "t": [effect / error for effect, error in found.values()],
    }  # fmt: skip
    events = _event_model.counted(features)
    scalp = [one.metadata["ShortChannelComponents"] for one in features]
    about = {**features[0].metadata, "Events": events, "ShortChannelComponents": scalp}
    yield Feature(output, table, features[0].label, about)
