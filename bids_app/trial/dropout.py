"""Whether people are lost from one arm more than from another."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app.trial.cohort import Cohort

UNEQUAL = 0.1
"""Difference between shares of arms that are lost from which it is said, and a second test stands beside."""


def uneven_dropout(cohort: Cohort, stages: Sequence[str]) -> tuple[str, ...]:
    """Return a note where arms lose different shares of their people, else nothing."""
    share = {}
    for arm in cohort.arms:
        left = sum(row["arm"] == arm for row in cohort.rows)
        gone = sum(loss.arm == arm and loss.stage in stages for loss in cohort.lost)
        share[arm] = gone / max(left + gone, 1)
    if max(share.values()) - min(share.values()) <= UNEQUAL:
        return ()
    said = ", ".join(f"{value:.0%} of {arm}" for arm, value in share.items())
    note = (
        f"Dropout differs between the arms ({said}): re-randomisation is not exact by design then. Where a contrast "
        "named ...Exchanged stands beside, it exchanges residuals instead (Freedman-Lane)."
    )
    return (note,)
