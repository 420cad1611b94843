"""A design in lines of text, for the console: who is compared, of whom, and why others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from bids_app.vocabulary.design import Design

NAMED = 8
"""Participants that are named with the reason why they are not analysed."""


def describe_design(design: Design, name: str, options: Any, label: str) -> Iterator[str]:
    """Yield participants, columns, sessions, covariates, contrasts and losses of a design."""
    counts = Counter(row["arm"] for row in design.rows)
    arms = ", ".join(f"{counts[arm]} {arm}" for arm in design.arms if arm != "all")
    lost = [loss for loss in design.lost if loss.arm != "n/a"]
    total = len(design.rows) + len(lost)
    yield f"{label}: {len(design.rows)} of {total} participants analysed{f' ({arms})' if arms else ''}"
    column = getattr(options, "column", "")
    sessions = ", ".join(f"{stage} = {session or 'no sessions'}" for stage, session in design.sessions.items())
    yield f"  design {name}{f'; arms from column {column}' if column else ''}; sessions {sessions}"
    if design.taken:
        yield f"  adjusted for {'; '.join(design.taken)}"
    primary = ", ".join(contrast.name for contrast in design.contrasts if contrast.asked.primary)
    further = ", ".join(contrast.name for contrast in design.contrasts if not contrast.asked.primary)
    yield f"  primary contrast {primary or 'none'}" + (f"; also {further}" if further else "")
    for loss in lost[:NAMED]:
        yield f"  not analysed: sub-{loss.participant}: {loss.reason}"
    if len(lost) > NAMED:
        yield f"  ... and {len(lost) - NAMED} more; all stand in the flow figure"
    if elsewhere := len(design.lost) - len(lost):
        yield f"  {elsewhere} participants are not in this comparison"
