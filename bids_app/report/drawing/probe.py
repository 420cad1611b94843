"""Sources, detectors and the channels between them, seen from above, as coordinates of a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bids_app.report.drawing.topography import colours
from bids_app.signals.scalp import flattened

Floats = NDArray[np.float64]

SIDE = 300.0
"""Pixels of the longer side."""


class Probe(NamedTuple):
    """Where channels and optodes are drawn.

    Attributes
    ----------
    channels : mapping of ((x, y), (x, y))
        Ends of each channel, pixels.
    optodes : sequence of (name, x, y, kind)
    """

    channels: Mapping[str, tuple[tuple[float, float], tuple[float, float]]]
    optodes: Sequence[tuple[str, float, float, str]]
    width: float
    height: float


def probe(channels: Mapping[str, Floats]) -> Probe | None:
    """Return where channels are drawn; None where their positions are not known.

    Parameters
    ----------
    channels : mapping of (2, 3) mm
        Source and detector of each (S1-D1).
    """
    places: dict[str, Floats] = {}
    for name, (source, detector) in channels.items():
        places |= dict(zip(name.split("-", 1), (source, detector), strict=True))
    found = np.array(list(places.values()))
    if not len(found) or not np.isfinite(found).all():
        return None
    flat = _plane(found)
    low, size = flat.min(axis=0), max(float(np.ptp(flat, axis=0).max()), 1e-9)
    scaled = (flat - low) / size * SIDE
    height = float(scaled[:, 1].max())
    at = {name: (float(x), height - float(y)) for name, (x, y) in zip(places, scaled, strict=True)}
    ends = {name: (at[name.split("-", 1)[0]], at[name.split("-", 1)[1]]) for name in channels}
    sources = {name.split("-", 1)[0] for name in channels}
    optodes = [(name, x, y, "source" if name in sources else "detector") for name, (x, y) in at.items()]
    return Probe(ends, optodes, float(scaled[:, 0].max()), height)


def _plane(places: Floats) -> Floats:
    """Return places in two dimensions: from above where they go around a head, else in the plane that they lie in."""
    apart = places - places.mean(axis=0)
    _, size, axes = np.linalg.svd(apart, full_matrices=False)
    if size[2] < 0.05 * size[0]:
        two = apart @ axes[:2].T
        # Turned so that the first axis of the file stays to the right, the second up.
        turned = two @ np.linalg.svd(axes[:2, :2])[0] @ np.linalg.svd(axes[:2, :2])[2]
        return np.asarray(turned)
    return flattened(places)


def drawn(probe_of: Probe, values: Mapping[str, float], limit: float, marked: Sequence[str]) -> dict[str, object]:
    """Return the lines of a drawing: each channel in the colour of its value, those without one dotted.

    Parameters
    ----------
    limit : float
        Value of the fullest colour; 0: all have one colour.
    marked : sequence of str
        Channels that stand out.
    """
    lines = []
    for name, ((x1, y1), (x2, y2)) in probe_of.channels.items():
        value = values.get(name, float("nan"))
        known = bool(np.isfinite(value))
        colour = "var(--accent)"
        if limit:
            colour = "rgb({},{},{})".format(*colours(np.array([value if known else 0.0]), limit)[0])
        lines.append(
            {"name": name, "x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}", "value": value,
             "known": known, "marked": name in marked, "colour": colour}
        )  # fmt: skip
    optodes = [{"name": name, "x": f"{x:.1f}", "y": f"{y:.1f}", "kind": kind} for name, x, y, kind in probe_of.optodes]
    return {"lines": lines, "optodes": optodes, "width": probe_of.width, "height": probe_of.height}


def ends_of(table: Mapping[str, Sequence[str]]) -> dict[str, Floats]:
    """Return source and detector of each channel of a table of channels, (2, 3) mm."""
    found = {}
    for i, name in enumerate(table["name"]):
        words = [[table[f"{role}_{axis}"][i] for axis in "xyz"] for role in ("source", "detector")]
        found[name] = np.array([["nan" if word == "n/a" else word for word in row] for row in words], dtype=np.float64)
    return found
