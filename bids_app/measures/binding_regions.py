"""Binding potential of regions: how much of a receptor is available, by a reference tissue model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bids_app.errors import NotMeasurableError
from bids_app.measures import _binding_models
from bids_app.statistics.kinetics import reference
from bids_app.vocabulary.curves import Curves
from bids_app.vocabulary.domain import Sites, Values
from bids_app.vocabulary.output import Feature, Output
from bids_app.vocabulary.signals import Region


@dataclass(frozen=True)
class Options(_binding_models.ModelOptions):
    """Options of `[measures.binding_regions]`."""


CLEANING, TAKES, TITLE = "regions", "curves", "Binding potential of regions"
_TABLE = Output(
    name="binding", kind="table", suffix="kinpar", units="1", entities={"stat": "binding"}, entity="meas",
    labels=("bpnd",), noun="the binding potential", definite=True, scale="BPnd", amounts=True,
    description="Binding potential (BPnd) of each region, with a second model beside it.",
)  # fmt: skip
_FIT = Output(
    name="fit", kind="series", suffix="tacs", units="those of the table", entities={"desc": "fit"},
    description="Curves of regions, and what the simplified reference tissue model makes of them.",
)  # fmt: skip
OUTPUTS = (_TABLE, _FIT)
GROUP = _TABLE
METHODS = (
    "The binding potential (BPnd) of regions was estimated by a reference tissue model [@Lammertsma1996; @Gunn1997], "
    "with the Logan plot beside it [@Logan1996]. Lower values mean that less of the receptor is available to the "
    "tracer: competition of transmitters, fewer receptors, or another affinity; the scan does not tell them apart."
)


def measure(curves: Curves, regions: Sequence[Region], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield the table of regions, and their curves with fits.

    Raises
    ------
    NotMeasurableError
        If most regions have less than the reference: it is not the right one.
    """
    found = _binding_models.binding(curves, options)
    second = _binding_models.second(curves, options, found.k2prime)
    negative = float((found.bp < 0).mean())
    if negative > 0.5:
        raise NotMeasurableError(
            f"BPnd is negative in {round(negative * len(found.bp))} of {len(found.bp)} regions (median "
            f"{np.nanmedian(found.bp):.2f}): the reference holds binding, or is not the right region"
        )
    names = curves.domain.names if isinstance(curves.domain, Sites) else ()
    table = {
        "region": list(names), "bpnd": found.bp, "se": found.error, "r1": found.r1, "k2": found.fitted.k2,
        "k2prime": np.full(len(names), found.k2prime or np.nan), "bpnd_logan": second.bp,
        "logan_farthest": second.farthest, "status": np.where(found.bounded, "at a border of k2a", "fitted").tolist(),
    }  # fmt: skip
    about = {**_binding_models.said_of(options, found), **curves.about}
    if lost := [name for name, out in zip(names, found.bounded, strict=True) if out]:
        about["NotAvailable"] = {"BPnd of " + ", ".join(lost): "the fit reaches the border of k2a"}
    yield Feature(_TABLE, table, "bpnd", about)
    yield Feature(_FIT, _courses(curves, names, found), "fit", {"Model": "srtm"})


def _courses(curves: Curves, names: Sequence[str], found: _binding_models.Binding) -> dict[str, object]:
    """Return measured and fitted activity of each region, one row a frame."""
    made = reference.modelled(found.known, found.fitted)
    columns: dict[str, object] = {
        "frame_start": (60 * curves.frames.start).tolist(), "frame_end": (60 * curves.frames.end).tolist(),
        "reference": curves.reference.tolist(), "weight": curves.weights.tolist(),
    }  # fmt: skip
    if curves.displacement is not None:
        columns["framewise_displacement"] = curves.displacement.tolist()
    for i, name in enumerate(names):
        columns |= {name: curves.values[:, i].tolist(), f"{name}_fit": made[:, i].tolist()}
    return columns


def combine(runs: Sequence[Sequence[Feature]], df: Sequence[int], options: Options) -> Iterator[Feature]:  # noqa: ARG001
    """Yield what the one scan of a session has: injections are not averaged."""
    if len(runs) == 1:
        yield from (feature for feature in runs[0] if feature.output is _TABLE)


def group_values(table: Mapping[str, Sequence[str]]) -> Values:
    """Return the (regions,) values of a table on disk; each region stands alone."""
    values = np.array(["nan" if word == "n/a" else word for word in table["bpnd"]], dtype=np.float64)
    return Values(Sites(names=tuple(table["region"]), unit="region"), values)
