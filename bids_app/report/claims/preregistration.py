"""What may be said of a plan: what is confirmatory, what is not, and what was done differently."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bids_app.vocabulary.preregistration import Deviation, PlanStatus

NONE = (
    "No analysis plan was locked before allocations could be read (--lock): that these questions were asked beforehand "
    "is not on record here."
)
LATE = "It was locked after allocations could be read: nothing that follows from it is confirmatory."


def sentence(deviation: Deviation) -> str:
    """Return what was done otherwise than planned, in words."""
    if deviation.table == "file":
        return f"file {deviation.key}: " + (
            "its content is not what was locked" if deviation.kind == "changed" else "it is not there"
        )
    if deviation.kind != "changed":
        return f"{deviation.table}: " + (
            "was not planned" if deviation.kind == "added" else "was planned and is not done"
        )
    planned, now = json.dumps(deviation.planned), json.dumps(deviation.now)
    return f"{deviation.table}.{deviation.key}: planned {planned}, now {now}"


def status(plans: Sequence[PlanStatus | None]) -> dict[str, object]:
    """Return a sentence on the plan and what was done differently, from the sidecars of results."""
    known = [plan for plan in plans if plan]
    if not known:
        return {"sentence": NONE, "deviations": [], "good": False}
    plan = known[0]
    sealed = f"Analysis plan locked on {plan.locked_on} (SHA-256 {plan.sha256[:12]}...)."
    deviations = [sentence(one) for one in plan.deviations]
    if plan.after_unblinding:
        return {"sentence": f"{sealed} {LATE}", "deviations": deviations, "good": False}
    if not deviations:
        said = "the hypotheses of the graph are confirmatory, all else is exploratory."
        return {"sentence": f"{sealed} Nothing was done differently: {said}", "deviations": [], "good": True}
    count = f"{len(deviations)} {'thing was' if len(deviations) == 1 else 'things were'} done differently"
    return {
        "sentence": f"{sealed} {count}: what that touches is exploratory, the rest of what was declared confirmatory.",
        "deviations": deviations, "good": False,
    }  # fmt: skip
