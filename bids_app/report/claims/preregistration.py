"""What may be said of a plan: what is confirmatory, what is not, and what was done differently."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bids_app.report.messages import N_, _, ngettext
from bids_app.vocabulary.preregistration import Deviation, PlanStatus

NONE = N_(
    "No analysis plan was locked before allocations could be read (--lock): that these questions were asked beforehand "
    "is not on record here."
)
LATE = N_("It was locked after allocations could be read: nothing that follows from it is confirmatory.")


def sentence(deviation: Deviation) -> str:
    """Return what was done otherwise than planned, in words."""
    if deviation.table == "file":
        if deviation.kind == "changed":
            return _("file %(name)s: its content is not what was locked", name=deviation.key)
        return _("file %(name)s: it is not there", name=deviation.key)
    if deviation.kind == "added":
        return _("%(table)s: was not planned", table=deviation.table)
    if deviation.kind != "changed":
        return _("%(table)s: was planned and is not done", table=deviation.table)
    return _("%(table)s.%(key)s: planned %(planned)s, now %(now)s", table=deviation.table, key=deviation.key,
             planned=json.dumps(deviation.planned), now=json.dumps(deviation.now))  # fmt: skip


def status(plans: Sequence[PlanStatus | None]) -> dict[str, object]:
    """Return a sentence on the plan and what was done differently, from the sidecars of results."""
    known = [plan for plan in plans if plan]
    if not known:
        return {"sentence": _(NONE), "deviations": [], "good": False}
    plan = known[0]
    sealed = _(
        "Analysis plan locked on %(date)s (SHA-256 %(digest)s...).", date=plan.locked_on, digest=plan.sha256[:12]
    )
    deviations = [sentence(one) for one in plan.deviations]
    if plan.after_unblinding:
        return {"sentence": f"{sealed} {_(LATE)}", "deviations": deviations, "good": False}
    if not deviations:
        said = _("Nothing was done differently: the hypotheses of the graph are confirmatory, all else is exploratory.")
        return {"sentence": f"{sealed} {said}", "deviations": [], "good": True}
    said = ngettext(
        "%(num)d thing was done differently: what that touches is exploratory, the rest of what was declared "
        "confirmatory.",
        "%(num)d things were done differently: what that touches is exploratory, the rest of what was declared "
        "confirmatory.",
        len(deviations),
    )
    return {"sentence": f"{sealed} {said}", "deviations": deviations, "good": False}
