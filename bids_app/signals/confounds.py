"""Nuisance columns of one run from its confound table, whichever version of fMRIPrep wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from bids_app.errors import WrongDataError

Table = Mapping[str, NDArray[np.float64]]

MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
"""Head position of each frame: mm, then radians."""

TISSUES = ("csf", "white_matter", "global_signal")

LEGACY_NAMES = {
    **dict(zip(("X", "Y", "Z", "RotX", "RotY", "RotZ"), MOTION, strict=True)),
    "CSF": "csf",
    "WhiteMatter": "white_matter",
    "GlobalSignal": "global_signal",
    "FramewiseDisplacement": "framewise_displacement",
    "stdDVARS": "std_dvars",
}
"""Columns of fMRIPrep before 1.2, by today's names."""

_NUMBERED = (
    (re.compile(r"^aCompCor(\d+)$"), "a_comp_cor_{}"),
    (re.compile(r"^tCompCor(\d+)$"), "t_comp_cor_{}"),
    (re.compile(r"^[Cc]osine(\d+)$"), "cosine{}"),
    (re.compile(r"^AROMAAggrComp(\d+)$"), "aroma_motion_{}"),
    (re.compile(r"^NonSteadyStateOutlier(\d+)$"), "non_steady_state_outlier{}"),
)


def modern_column(name: str) -> str:
    """Return the name that today's fMRIPrep would give a column.

    >>> modern_column("aCompCor03"), modern_column("X"), modern_column("csf")
    ('a_comp_cor_03', 'trans_x', 'csf')
    """
    for pattern, form in _NUMBERED:
        if match := pattern.match(name):
            return form.format(match[1])
    return LEGACY_NAMES.get(name, name)


def matters(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether a column of a table can change results: the model may take it, or frames are judged by it.

    >>> matters("csf", []), matters("std_dvars", []), matters("aCompCor03", ["a_comp_cor_0[0-4]"]), matters("note", [])
    (True, True, True, False)
    """
    modern = modern_column(name)
    base = modern.partition("_derivative1")[0].partition("_power2")[0]
    judged = base in (*MOTION, *TISSUES, "framewise_displacement", "std_dvars") or base.startswith("non_steady_state")
    return judged or any(fnmatchcase(modern, choice) for pattern in patterns for choice in pattern.split("|"))


def complete(table: Table) -> dict[str, NDArray[np.float64]]:
    """Return the table under today's names, with derivatives and squares that it lacks computed.

    Only columns of head motion and tissue signals are derived: `x_derivative1` is the backward difference (NaN in the
    first volume) and `x_power2` the square, as fMRIPrep defines them; `x_lag1` is the value of the volume before, which
    Friston's 24 terms have in place of the difference.

    Parameters
    ----------
    table : mapping of (n_volumes,)
        Columns by name; so is what is returned.
    """
    full = {modern_column(name): column for name, column in table.items()}
    for base in (*MOTION, *TISSUES):
        if base not in full:
            continue
        slope = np.diff(full[base], prepend=np.nan)
        full.setdefault(f"{base}_derivative1", slope)
        full.setdefault(f"{base}_power2", full[base] ** 2)
        full.setdefault(f"{base}_derivative1_power2", full[f"{base}_derivative1"] ** 2)
        full[f"{base}_lag1"] = np.concatenate([[np.nan], full[base][:-1]])
        full[f"{base}_lag1_power2"] = full[f"{base}_lag1"] ** 2
    return full


def select(table: Table, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the names of columns that match shell patterns, in the order of the patterns.

    A pattern may name alternatives, the best first: `w_comp_cor_0[0-4]|a_comp_cor_0[0-4]`.

    Raises
    ------
    WrongDataError
        If a pattern matches nothing; the message lists every pattern that fails.
    """
    chosen: dict[str, None] = {}
    missing = []
    for pattern in patterns:
        choices = ([name for name in table if fnmatchcase(name, choice)] for choice in pattern.split("|"))
        found = next((names for names in choices if names), [])
        chosen.update(dict.fromkeys(found))
        if not found:
            missing.append(pattern)
    if missing:
        raise WrongDataError(
            f"The confound table lacks {', '.join(missing)}; it has {', '.join(sorted(table)) or 'no column'}. "
            'Choose columns that it has: --set modalities.fmri.confounds=["..."]'
        )
    return tuple(chosen)


def stepwise(name: str) -> bool:
    """Tell whether a column compares a frame with the one before it, so that the first frame cannot have a value.

    >>> stepwise("trans_x_derivative1_power2"), stepwise("framewise_displacement"), stepwise("csf")
    (True, True, False)
    """
    return "_derivative" in name or name in ("framewise_displacement", "dvars", "std_dvars", "rmsd")


def matrix(table: Table, names: Iterable[str], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Stack columns to a (frames, n) matrix without gaps.

    Before its first number a column is 0 where it is a difference to the frame before, which does not exist yet, and
    has its first number otherwise.

    Raises
    ------
    WrongDataError
        If a kept frame has no value further down.
    """
    columns = []
    for name in names:
        column = np.array(table[name], dtype=np.float64)
        absent = ~np.isfinite(column)
        leading = np.logical_and.accumulate(absent)
        if (absent & ~leading & kept).any() or leading.all():
            raise WrongDataError(
                f"Confound {name!r} has no value in {int((absent & kept).sum())} of {len(column)} frames; "
                "only the first frames may be n/a. Choose other confounds or correct the table."
            )
        column[absent] = 0.0
        if not stepwise(name):
            column[leading] = column[~leading][0]
        columns.append(column)
    return np.stack(columns, axis=1) if columns else np.empty((len(kept), 0))


def unknown_at_start(table: Table, names: Iterable[str]) -> NDArray[np.bool_]:
    """Return (frames,) True before the first number of a column that should have one in every frame.

    A frame of which a confound is not known cannot be cleaned. Columns that look one frame back (`_lag1`,
    differences) have none in the first by their nature.
    """
    none = np.zeros(len(next(iter(table.values()), ())), dtype=bool)
    levels = [table[name] for name in names if not stepwise(name) and "_lag" not in name]
    gaps = [np.logical_and.accumulate(~np.isfinite(column)) for column in levels]
    return np.asarray(np.logical_or.reduce([none, *gaps]), dtype=bool)
