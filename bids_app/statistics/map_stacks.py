"""Stacks of people by stage, and the columns that can be compared: known for all, and not the same in all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bids_app.vocabulary import array_allocation
from bids_app.vocabulary.design import Design

Stack = NDArray[np.float32]


def stacks_of(
    design: Design, width: int, read: Callable[[str, str], NDArray[np.floating[Any]]]
) -> tuple[dict[str, Stack], NDArray[np.bool_]]:
    """Bring values of all participants together, row by row: whole stacks are never copied.

    Parameters
    ----------
    width : int
        Values of each participant.
    read : callable
        Returns the values of a participant in a session, (width,).

    Returns
    -------
    stacks, kept
        By stage the columns that are kept, (n, kept): rows follow those of the design, and those of participants
        without the stage are NaN. Which of the columns are kept, (width,).
    """
    kept, stacks = np.ones(width, dtype=bool), {}
    for stage, session in design.sessions.items():
        stack = stacks[stage] = array_allocation.empty_array((len(design.rows), width))
        least, people = np.full(width, np.inf, dtype=np.float32), 0
        most = -least
        for row, about in zip(stack, design.rows, strict=True):
            if stage not in about.stages:
                row[:] = np.nan
                continue
            row[:] = read(about["participant_id"].removeprefix("sub-"), session)
            people += 1
            kept &= np.isfinite(row)
            np.minimum(least, row, out=least)
            np.maximum(most, row, out=most)
        if people > 1:  # one alone differs from no one
            kept &= least < most
    return {stage: _cut(stack, kept) for stage, stack in stacks.items()}, kept


def _cut(stack: Stack, kept: NDArray[np.bool_]) -> Stack:
    """Return the columns that are kept, moved together in place: a second array would double the memory."""
    if kept.all():
        return stack
    width = int(kept.sum())
    for row in stack:
        row[:width] = row[kept]
    return stack[:, :width]
