"""A table of curves as numbers, and when its frames were: by the raw sidecar, which a table must agree with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bids_app.dataset.tables import numeric, read_json, read_tsv, require_content
from bids_app.errors import MissingInputError, WrongDataError
from bids_app.vocabulary.recording import Recording

Floats = NDArray[np.float64]

STARTS = ("FrameTimesStart", "FrameTimeStart", "frame_start", "start", "StartTime")
ENDS = ("FrameTimesEnd", "FrameTimeEnd", "frame_end", "end")
DURATIONS = ("FrameDuration", "FrameDurations", "duration", "Duration")
_OTHERS = re.compile(r"times?|weights?|mid(time)?|frame|frame_mid|time_mid|pet", re.IGNORECASE)
_WEIGHTS = re.compile(r"weights?", re.IGNORECASE)

LONGEST = 300.0
"""Minutes after injection beyond which times are taken for another unit."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CurveTable:
    """Curves as they were read; without frames of no duration.

    Attributes
    ----------
    start, duration : (frames,) min
        From injection on.
    kept : (rows,) bool
        Frames of the file that have a duration.
    curves : mapping of (frames,)
        Activity by region.
    weights : (frames,) or None
        The table's own.
    """

    start: Floats
    duration: Floats
    kept: NDArray[np.bool_]
    curves: Mapping[str, Floats] = field(default_factory=dict)
    weights: Floats | None = None


def read_curves(recording: Recording, path: Path) -> CurveTable:
    """Return the curves of a scan from a table at `path`.

    Raises
    ------
    MissingInputError
        If nothing says when its frames were.
    WrongDataError
        If table and sidecar disagree, a column is no number, or times cannot be minutes after injection.
    """
    table = read_tsv(path)
    curves = {name: _numbers(name, cells, path) for name, cells in table.items() if _is_region(name)}
    own, said = _own_times(table, path), _said_times(recording)
    if said and own and _apart(said[0], own[0]) > 1.0:
        raise WrongDataError(
            f"{path.name} says {_few(own[0])} s, its PET sidecar {_few(said[0])}: the table was made "
            "without timing. Extract it again."
        )
    found = _timed(recording, said, own, len(next(iter(table.values()), [])), path)
    column = next((name for name in table if _WEIGHTS.fullmatch(name)), "")
    weights = _numbers(column, table[column], path)[found.kept] if column else None
    return replace(found, curves={name: values[found.kept] for name, values in curves.items()}, weights=weights)


def displacement_of(recording: Recording, count: int) -> Floats | None:
    """Return how far the head moved before each of `count` frames of the file, (frames,) mm; None where none says.

    Raises
    ------
    WrongDataError
        If the table of confounds has another number of rows.
    """
    path = recording.companions.get("confounds")
    values = numeric(read_tsv(path).get("framewise_displacement", [])) if path else None
    if path is None or values is None or not len(values):
        return None
    if len(values) != count:
        raise WrongDataError(
            f"{path.name} has {len(values)} rows, the scan {count} frames: they must be of one reconstruction."
        )
    return np.asarray(values, dtype=np.float64)


def frames_of(recording: Recording, count: int) -> CurveTable:
    """Return when the `count` frames of an image were, by the sidecar of the scan, without any curve.

    Raises
    ------
    MissingInputError, WrongDataError
        As `read_curves`.
    """
    return _timed(recording, _said_times(recording), None, count, recording.series)


def _timed(
    recording: Recording, said: tuple[Floats, Floats] | None, own: tuple[Floats, Floats] | None, count: int, path: Path
) -> CurveTable:  # fmt: skip
    times = said or own
    if times is None:
        name = next((sidecar.name for sidecar in recording.sidecars), "its PET sidecar (*_pet.json)")
        raise MissingInputError(
            f"{name} has no FrameTimesStart; expected seconds for each of {count} frames. Write FrameTimesStart and "
            "FrameDuration into it."
        )
    start, duration = times
    if len(start) != count or len(duration) != count:
        raise WrongDataError(
            f"{path.name} has {count} {'rows' if path.suffix == '.tsv' else 'frames'}, its sidecar {len(start)} frames "
            f"(FrameTimesStart) and {len(duration)} durations. Extract it again."
        )
    injected = recording.metadata.get("InjectionStart", 0)
    begin = float(injected) if said and isinstance(injected, int | float) else 0.0
    kept = duration > 0
    found = CurveTable(start=(start[kept] - begin) / 60, duration=duration[kept] / 60, kept=kept)
    if (found.start + found.duration).max(initial=0.0) > LONGEST:
        raise WrongDataError(
            f"{path.name}: its last frame ends {(found.start + found.duration).max():.0f} min after "
            "injection; FrameTimesStart and FrameDuration are seconds. Are they milliseconds?"
        )
    return found


def columns_in(path: Path) -> tuple[str, ...]:
    """Return the regions of a table by its head alone.

    Raises
    ------
    MissingInputError
        If the table cannot be read.
    """
    require_content(path)
    with path.open(encoding="utf-8-sig") as stream:
        return tuple(name for name in stream.readline().rstrip("\r\n").split("\t") if _is_region(name))


def _is_region(name: str) -> bool:
    return name not in (*STARTS, *ENDS, *DURATIONS) and not _OTHERS.fullmatch(name)


def _numbers(name: str, cells: list[str], path: Path) -> Floats:
    values = numeric(cells)
    if values is None or not np.isfinite(values).all():
        raise WrongDataError(f"{path.name}: the column {name} holds what is no number; expected activity.")
    return np.asarray(values, dtype=np.float64)


def _said_times(recording: Recording) -> tuple[Floats, Floats] | None:
    """Return starts and durations by the sidecar of the scan, s."""
    start, duration = (recording.metadata.get(key) for key in ("FrameTimesStart", "FrameDuration"))
    if not isinstance(start, list) or not isinstance(duration, list):
        return None
    return np.array(start, dtype=np.float64), np.array(duration, dtype=np.float64)


def _own_times(table: Mapping[str, list[str]], path: Path) -> tuple[Floats, Floats] | None:
    """Return starts and durations by the columns of the table, s; minutes where its description says so."""
    starts, ends, lasts = (next((name for name in names if name in table), "") for names in (STARTS, ENDS, DURATIONS))
    if not starts or not (ends or lasts):
        return None
    beside = path.with_suffix(".json")
    about = read_json(beside).get(starts, {}) if beside.exists() else {}
    unit = str(about.get("Units", "s")).lower() if isinstance(about, Mapping) else "s"
    scale = 60.0 if unit.startswith("min") else 1.0
    start = scale * _numbers(starts, table[starts], path)
    duration = (
        scale * _numbers(lasts, table[lasts], path) if lasts else (scale * _numbers(ends, table[ends], path) - start)
    )
    return start, duration


def _apart(one: Floats, other: Floats) -> float:
    return float(np.abs(one - other).max()) if len(one) == len(other) else np.inf


def _few(values: Floats) -> str:
    return ", ".join(f"{value:g}" for value in values[:3]) + (", ..." if len(values) > 3 else "")
