"""Charts as coordinates: a scale with round ticks, a histogram, dots beside each other. Templates draw them as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Scale:
    """A straight line from values to pixels: `low` lies at `start`, `high` at `stop`."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return pixels of values, of the same shape."""
        share = (np.asarray(values, dtype=np.float64) - self.low) / (self.high - self.low)
        return self.start + share * (self.stop - self.start)

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """Return two to six round values as (pixel, text).

        >>> Scale(0, 2, 0, 100).ticks
        [('0.0', '0'), ('25.0', '0.5'), ('50.0', '1'), ('75.0', '1.5'), ('100.0', '2')]
        """
        rough = (self.high - self.low) / 4
        power = 10.0 ** np.floor(np.log10(rough))
        step = power * next(s for s in (1, 2, 2.5, 5, 10) if s * power >= rough * 0.999)
        first, last = np.ceil(self.low / step - 1e-9), np.floor(self.high / step + 1e-9)
        values = np.arange(first, last + 1) * step
        return [(f"{pixel:.1f}", _text(value)) for pixel, value in zip(self(values), values, strict=True)]


def _text(value: float) -> str:
    return f"{value:.6g}".replace("-", "\u2212") if value else "0"


def around(values: ArrayLike, start: float, stop: float) -> Scale:
    """Return a scale that holds all finite values with a little room."""
    known = np.asarray(values, dtype=np.float64).ravel()
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = 0.06 * (high - low) or max(abs(high), 1.0) * 0.1
    return Scale(low - room, high + room, start, stop)


def mean_and_limits(values: ArrayLike) -> tuple[float, float, float]:
    """Return the mean and its 95 % limits (t); the mean alone for one value."""
    from scipy.special import stdtrit  # takes long to import, and pages of participants do without it

    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if len(known) < 2:
        mean = float(known.mean()) if len(known) else float("nan")
        return mean, mean, mean
    margin = float(stdtrit(len(known) - 1, 0.975) * known.std(ddof=1) / np.sqrt(len(known)))
    return float(known.mean()), float(known.mean()) - margin, float(known.mean()) + margin


def spread(count: int, width: float) -> NDArray[np.float64]:
    """Return where `count` dots stand beside each other so that they do not cover one another; the same each time."""
    golden = (np.arange(count) * 0.6180339887) % 1
    return np.asarray((golden - 0.5) * width, dtype=np.float64)


def histogram(values: ArrayLike, across: Scale, height: float, bins: int = 40) -> list[dict[str, str]]:
    """Return bars: x, y, width, height in pixels, the highest as high as the chart."""
    counts, edges = np.histogram(np.asarray(values, dtype=np.float64), bins=bins, range=(across.low, across.high))
    return bars(counts, across(edges), height)


def bars(counts: ArrayLike, edges: NDArray[np.float64], height: float) -> list[dict[str, str]]:
    """Return bars of counts between edges in pixels."""
    share = np.asarray(counts, dtype=np.float64) / max(float(np.max(counts)), 1.0) * height
    return [
        {"x": f"{left:.1f}", "y": f"{height - high:.1f}", "width": f"{right - left - 0.5:.1f}", "height": f"{high:.1f}"}
        for left, right, high in zip(edges[:-1], edges[1:], share, strict=True)
    ]


def line(x: ArrayLike, y: ArrayLike) -> str:
    """Return the points of a polyline; places without a value are left out."""
    pairs = zip(np.asarray(x, dtype=float), np.asarray(y, dtype=float), strict=True)
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in pairs if a == a and b == b)


def unbroken(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[str]:
    """Return the points of polylines that stop where there is no value."""
    gaps = np.flatnonzero(np.diff(np.isfinite(y).astype(int))) + 1
    parts = zip(np.split(x, gaps), np.split(y, gaps), strict=True)
    return [points for points in (line(a, b) for a, b in parts) if points]


def strips(groups: Sequence[tuple[str, int, Sequence[float]]], height: float, step: float) -> dict[str, object]:
    """Return dots of several groups beside each other with mean and 95 % limits.

    Parameters
    ----------
    groups : sequence of (label, colour, values)
    height, step : float
        Pixels of the chart, and from one group to the next.
    """
    limits = [mean_and_limits(values) for _, _, values in groups]
    scale = around(
        [v for (*_, values), limit in zip(groups, limits, strict=True) for v in (*values, *limit)], height, 0
    )
    columns = []
    for i, (label, colour, values) in enumerate(groups):
        centre = (i + 0.5) * step
        mean, low, high = scale(limits[i])
        places = centre + spread(len(values), step * 0.45)
        dots = [(f"{x:.1f}", f"{y:.1f}") for x, y in zip(places, scale(list(values)), strict=True) if y == y]
        columns.append({"label": label, "colour": colour, "x": f"{centre:.1f}", "dots": dots,
                        "mean": f"{mean:.1f}", "low": f"{low:.1f}", "high": f"{high:.1f}"})  # fmt: skip
    return {"columns": columns, "ticks": scale.ticks, "height": height, "width": step * len(groups)}
