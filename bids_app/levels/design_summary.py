"""A design in lines of text, for the console: who is compared, of whom, and why others are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from bids_app.vocabulary.design import Design

NAMED = 12
"""Participants that are named with one reason why they are not analysed."""


def describe_design(design: Design, name: str, options: object, label: str) -> Iterator[str]:
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
    yield from (f"  not analysed: {line}" for line in by_reason(design))


def by_reason(design: Design) -> Iterator[str]:
    """Yield every reason why participants are not analysed, with their names."""
    reasons: dict[str, list[str]] = {}
    for loss in design.lost:
        reasons.setdefault(loss.reason, []).append(f"sub-{loss.participant}")
    for reason, labels in reasons.items():
        more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
        yield f"{', '.join(labels[:NAMED])}{more}: {reason}"
