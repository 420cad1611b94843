"""Responses of channels of fNIRS to events: oxygenated and deoxygenated haemoglobin, by a robust linear model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bids_app.errors import NotMeasurableError
from bids_app.measures import _event_model, _optical_model
from bids_app.vocabulary.domain import Values
from bids_app.vocabulary.optics import CHROMOPHORES, Optics, channel_sites
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region


@dataclass(frozen=True)
class Options(_optical_model.OpticalOptions):
    """Options of `[measures.channel_activation]`."""


CLEANING, TAKES, TITLE = "haemoglobin", "optics", "Responses of channels"
_EFFECT = Output(
    name="effect", kind="table", suffix="relmat", units="µM", entities={"seg": "channels", "stat": "effect"},
    entity="meas", noun="the response of haemoglobin", definite=True, scale="µM",
    description="Response of each channel at its peak, of oxygenated (hbo) and deoxygenated (hbr) haemoglobin.",
)  # fmt: skip
OUTPUTS = (_EFFECT,)
GROUP = _EFFECT
METHODS = (
    "Responses of channels were estimated by a linear model that is robust against what motion leaves and prewhitened "
    "by an autoregressive model of the noise [AR-IRLS, @Barker2013], itself fitted robustly, with slow drift and the "
    "first components of short channels in the same model [@Gagnon2012]. Effects are the height of the response at its "
    "peak in µM, of oxygenated and deoxygenated haemoglobin; both and all channels are corrected for together."
)


def refusals(optics: Optics, regions: Sequence[Region], options: Options) -> dict[str, str]:  # noqa: ARG001
    """Return which conditions, events and contrasts are left out of a run, and why; and what two people lack."""
    try:
        return dict(_optical_model.model_of(optics, options).refused)
    except NotMeasurableError:  # that is said of the measure
        return {}


def measure(optics: Optics, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of each contrast of one recording.

    Raises
    ------
    NotMeasurableError
        If the run has no events, or they do not serve the contrasts.
    """
    model = _optical_model.model_of(optics, options)
    labels = _event_model.labels_of_contrasts(model.contrasts)
    for words, one in _optical_model.fitted(optics, model).items():
        keys = list(one.effects)
        table = {
            "channel": [channel for channel, _ in keys], "chromophore": [kind for _, kind in keys],
            "effect_uM": [one.effects[key].size for key in keys], "se": [one.effects[key].error for key in keys],
            "t": [one.effects[key].t for key in keys], "order": [one.orders[key] for key in keys],
            "outliers": [one.outliers[key] for key in keys],
        }  # fmt: skip
        yield Feature(_EFFECT, table, labels[words], _optical_model.about(optics, model, words, options))


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the tables of a session: each channel over the runs that have it, weighted by precision."""
    for label in dict.fromkeys(feature.label for run in runs for feature in run):
        same = [feature for run in runs for feature in run if feature.label == label]
        yield from _optical_model.combined(same, _EFFECT, "channel")


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (channels by kind of haemoglobin,) effects of a table on disk, µM."""
    channels = list(dict.fromkeys(table["channel"]))
    own = dict(zip(zip(table["channel"], table["chromophore"], strict=True), table["effect_uM"], strict=True))
    words = [own.get((channel, kind), "n/a") for channel in channels for kind in CHROMOPHORES]
    values = np.array(["nan" if word == "n/a" else word for word in words], dtype=np.float64)
    return Values(channel_sites(channels), values)
