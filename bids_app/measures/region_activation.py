"""Responses of regions of fNIRS to events: the mean of their good channels, weighted by precision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval

from bids_app.errors import NotMeasurableError
from bids_app.measures import _event_model, _optical_model
from bids_app.statistics.optics.robust_model import pooled
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.optics import CHROMOPHORES, Optics
from bids_app.vocabulary.options.describe import Doc
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region


@dataclass(frozen=True)
class Options(_optical_model.OpticalOptions):
    """Options of `[measures.region_activation]`."""

    min_channels: Annotated[
        float, Interval(gt=0, le=1), Doc("Minimum proportion of good channels of a region; others are n/a.")
    ] = 0.5


CLEANING, TAKES, TITLE, ON_REQUEST = "haemoglobin", "optics", "Responses of regions (fNIRS)", True
_EFFECT = Output(
    name="effect", kind="table", suffix="relmat", units="µM", entities={"seg": "regions", "stat": "effect"},
    entity="meas", noun="the response of haemoglobin of regions", definite=True, scale="µM",
    description="Response of each region at its peak: its good channels, weighted by the inverse of their variance.",
)  # fmt: skip
OUTPUTS = (_EFFECT,)
GROUP = _EFFECT
METHODS = (
    "Responses of regions were the means of those of their good channels, weighted by the inverse of their variance; a "
    "region counts where enough of its channels are good."
)


def measure(optics: Optics, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of each contrast of one recording.

    Raises
    ------
    NotMeasurableError
        If no region is named, the run has no events, or they do not serve the contrasts.
    """
    if not optics.regions:
        raise NotMeasurableError('no region is named; write [modalities.fnirs.regions] PFC = ["S1-D1", "S1-D2"]')
    model = _optical_model.model_of(optics, options)
    labels = _event_model.labels_of_contrasts(model.contrasts)
    for words, one in _optical_model.fitted(optics, model).items():
        rows = [_row(region, kind, optics, one, options) for region in optics.regions for kind in CHROMOPHORES]
        few = {
            f"region {row['region']}": f"{row['good']} of its channels are good" for row in rows if not row["enough"]
        }
        table = {name: [row[name] for row in rows] for name in _HEADS}
        about = _optical_model.about(optics, model, words, options)
        yield Feature(_EFFECT, table, labels[words], {**about, **({"NotAvailable": few} if few else {})})


_HEADS = ("region", "chromophore", "effect_uM", "se", "t", "channels")


def _row(
    region: str, kind: str, optics: Optics, one: _optical_model.Fitted, options: Options
) -> dict[str, object]:  # fmt: skip
    channels = optics.regions[region]
    own = {i: one.effects[name, kind] for i, name in enumerate(channels) if (name, kind) in one.effects}
    enough = len(own) >= options.min_channels * len(channels)
    found = {i: (effect.size, effect.error) for i, effect in own.items()} if enough else {}
    size, error = pooled(found)
    return {
        "region": region, "chromophore": kind, "effect_uM": size, "se": error, "t": size / error,
        "channels": len(own), "enough": enough, "good": f"{len(own)} of {len(channels)}",
    }  # fmt: skip


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the tables of a session: each region over the runs that have it, weighted by precision."""
    for label in dict.fromkeys(feature.label for run in runs for feature in run):
        same = [feature for run in runs for feature in run if feature.label == label]
        yield from _optical_model.combined(same, _EFFECT, "region")


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (regions by kind of haemoglobin,) effects of a table on disk, µM."""
    names = tuple(f"{region} {kind}" for region, kind in zip(table["region"], table["chromophore"], strict=True))
    values = np.array(["nan" if word == "n/a" else word for word in table["effect_uM"]], dtype=np.float64)
    return Values(Sites(names=names, unit="region"), values)
