"""Every frame of a run on one axis of time: motion, DVARS, censored frames, and the carpet before and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import numeric, read_tsv
from bids_app.report import html
from bids_app.report.drawing import charts
from bids_app.report.messages import N_, _

WIDTH, LANE = 700.0, 64.0
"""Pixels of the time axis, and the height of a trace."""


def run_figure(outliers: Path, picture: Path, repetition_time: float | None) -> dict[str, object]:
    """Return the traces of one run and its carpet.

    Parameters
    ----------
    outliers : Path
        Table with one row a frame.
    picture : Path
        The carpet; left out where it is not there.
    repetition_time : float or None
        Seconds between frames, where they are known.
    """
    table = {name: _column(values) for name, values in read_tsv(outliers).items()}
    displacement, censored = table["framewise_displacement"], table["censored"] == 1
    frames = len(censored)
    step = WIDTH / max(frames, 1)
    moved = charts.Scale(0.0, max(1.0, float(np.nanmax(displacement, initial=0.0))), LANE, 0)
    middle = np.asarray((np.arange(frames) + 0.5) * step, dtype=np.float64)
    swings = [table[name] for name in ("dvars_before", "dvars_after") if name in table]
    last = frames * repetition_time if repetition_time else float(frames)
    return {
        "width": WIDTH,
        "lane": LANE,
        "displacement": {"lines": charts.unbroken(middle, moved(displacement)), "ticks": moved.ticks},
        "dvars": _swings(swings, middle) if swings else None,
        "censored": [(f"{i * step:.2f}", f"{max(step, 0.6):.2f}") for i in np.flatnonzero(censored)],
        "count": int(censored.sum()),
        "frames": frames,
        "mean": float(np.nanmean(displacement)) if np.isfinite(displacement).any() else None,
        "carpet": html.embed(picture.read_bytes()) if picture.exists() else "",
        "id": picture.stem,
        "time": {
            "ticks": charts.Scale(0, max(last, 1.0), 0, WIDTH).ticks,
            "unit": "s" if repetition_time else _("frame"),
        },
    }


def _swings(swings: list[NDArray[np.float64]], middle: NDArray[np.float64]) -> dict[str, object]:
    """Return DVARS before and after cleaning on one scale; rare jumps may leave it at the top."""
    top = float(np.nanpercentile(np.concatenate(swings), 99.5)) if any(np.isfinite(s).any() for s in swings) else 1.0
    scale = charts.Scale(0.0, top * 1.05 or 1.0, LANE, 0)
    return {
        "ticks": scale.ticks,
        "lines": [charts.unbroken(middle, np.maximum(scale(values), 0)) for values in swings],
        "medians": [float(np.nanmedian(values)) if np.isfinite(values).any() else None for values in swings],
    }


def _column(values: list[str]) -> NDArray[np.float64]:
    found = numeric(values)
    return np.full(len(values), np.nan) if found is None else found


PARTS = {
    "volumes_censored": N_("censored frames"),
    "df_confounds": N_("mean, drift and confounds"),
    "df_band": N_("frequencies outside the band"),
    "df_res": N_("left for the estimates"),
}


def spent(run: dict[str, str]) -> list[dict[str, object]]:
    """Return what took the degrees of freedom of a run as parts of one bar; nothing where they do not add up."""
    values = {name: float(run.get(name, "n/a").replace("n/a", "nan")) for name in ("volumes", "volumes_kept", *PARTS)
              if name in run}  # fmt: skip
    values["volumes_censored"] = values["volumes"] - values["volumes_kept"]
    values["df_confounds"] = values.get("df_confounds", float("nan")) + 1  # the mean
    parts = [(_(label), values.get(name, float("nan"))) for name, label in PARTS.items()]
    if not np.isclose(sum(value for *_, value in parts), values["volumes"]):
        return []
    share = WIDTH / values["volumes"]
    starts = np.cumsum([0.0] + [value for _, value in parts]) * share
    return [
        {"label": label, "value": int(value), "x": f"{start:.1f}", "width": f"{value * share:.1f}"}
        for (label, value), start in zip(parts, starts, strict=False)
    ]
