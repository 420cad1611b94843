"""What may be said of an outcome of people: how arms differ, and whether that matters to patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bids_app.dataset.tables import TableRow
from bids_app.report.claims.maps import NEVER_ALIKE, Verdict
from bids_app.report.formats import format_number, format_p, says_p
from bids_app.report.messages import N_, _
from bids_app.report.text.wording import listed
from bids_app.vocabulary.sidecars import OutcomeSidecar

if TYPE_CHECKING:
    from bids_app.report.sections.confirmatory import Confirmed

NOT_SHOWN = {
    False: N_("No difference in %(title)s at %(visit)s between %(first)s and %(other)s was shown (%(size)s; %(by)s)."),
    True: N_(
        "Exploratory: No difference in %(title)s at %(visit)s between %(first)s and %(other)s was shown (%(size)s; "
        "%(by)s)."
    ),
}
SHOWN = {
    False: N_("%(title)s at %(visit)s was %(side)s in %(first)s than in %(other)s, by %(size)s (%(by)s)."),
    True: N_("Exploratory: %(title)s at %(visit)s was %(side)s in %(first)s than in %(other)s, by %(size)s (%(by)s)."),
}
"""Sentences by whether they are exploratory."""

WITHIN = N_("A change in one arm and none in the other does not compare them.")


def verdict(about: OutcomeSidecar, lines: list[dict[str, object]], decision: Confirmed | None = None) -> Verdict:
    """Return what the analysis of an outcome allows to say.

    Parameters
    ----------
    about : OutcomeSidecar
    lines : list of dict
        Rows of its table.
    decision : Confirmed or None
        What became of it among all that is confirmatory; an exploratory outcome has none.
    """
    deciding = next((line for line in lines if line["weight"] == "decides"), None)
    if deciding is None:
        return Verdict(_("%(title)s is described; no arms are compared.", title=about.title), False, (_(WITHIN),))
    waits = bool(decision and decision.waited_for)
    said = {
        "title": about.title, "visit": about.endpoint, "first": about.arms[0], "other": about.arms[-1],
        "by": _decided_by(about, decision),
    }  # fmt: skip
    exploratory = about.role == "exploratory" or waits
    remarks = list(_remarks(about, deciding))
    if decision and waits:
        remarks.append(_(
            "It was to be tested after %(first)s passed, which is not so: it suggests, and confirms nothing.",
            first=listed(decision.waited_for),
        ))  # fmt: skip
    if not decision.passed if decision else about.deciding_p > about.alpha:
        text = _(NOT_SHOWN[exploratory], size=_size(about, deciding), **said)
        return Verdict(text, False, (*remarks, _alike(about, lines)))
    size = _size(about, deciding if about.kind == "count" else _positive(deciding))
    text = _(SHOWN[exploratory], side=_side(about, deciding), size=size, **said)
    return Verdict(text, about.role != "exploratory", tuple(remarks))


def _decided_by(about: OutcomeSidecar, decision: Confirmed | None) -> str:
    p = about.deciding_p if decision is None or about.p is None else about.p
    said = {"n": f"{about.relabellings:,}", "p": says_p(p)}
    if decision is None:
        return _("re-randomisation test (%(n)s draws): %(p)s", **said)
    return _("re-randomisation test (%(n)s draws): %(p)s; adjusted over all confirmatory hypotheses: %(adjusted)s",
             adjusted=says_p(decision.adjusted), **said)  # fmt: skip


def _alike(about: OutcomeSidecar, lines: list[TableRow]) -> str:
    """Say whether arms were shown to be alike, where a margin was declared; else that nothing of that kind was."""
    tested = next((line for line in lines if line["analysis"] == "equivalence"), None)
    if tested is None:
        return _(NEVER_ALIKE)
    p = tested["p_rerandomised"]
    said = {"margin": f"{about.important_difference:g}", "units": about.units, "p": says_p(p)}
    if p <= about.alpha:
        return _("Alike within ±%(margin)s %(units)s: shown (two one-sided tests, %(p)s).", **said)
    return _("Alike within ±%(margin)s %(units)s: not shown (two one-sided tests, %(p)s).", **said)


def _side(about: OutcomeSidecar, line: TableRow) -> str:
    below = line["estimate"] < (1 if about.kind == "count" else 0)
    if about.kind == "measurement":
        return _("lower") if below else _("higher")
    if below == about.lower_is_better:
        return _("lower (better)") if below else _("higher (better)")
    return _("lower (worse)") if below else _("higher (worse)")


def _size(about: OutcomeSidecar, line: TableRow) -> str:
    said = {"estimate": format_number(line["estimate"]), "low": format_number(line["low"])}
    said |= {"high": format_number(line["high"]), "units": about.units}
    if about.kind == "count":
        return _("a ratio of rates of %(estimate)s (95 %% limits %(low)s to %(high)s), given the count before", **said)
    return _("%(estimate)s %(units)s (95 %% limits %(low)s to %(high)s), given where each one began", **said)


def _positive(line: TableRow) -> TableRow:
    """Return a difference that is told as `lower by`: without its sign."""
    sign = -1 if line["estimate"] < 0 else 1
    low, high = sorted((sign * line["low"], sign * line["high"]))
    return {**line, "estimate": sign * line["estimate"], "low": low, "high": high}


def _remarks(about: OutcomeSidecar, line: TableRow) -> list[str]:
    """Return what must stand beside: importance, people lost, roles, few people."""
    remarks = []
    important = about.important_difference
    if about.kind != "count" and important:
        remarks.append(_importance(about, line, float(important)))
    if about.role == "exploratory":
        remarks.append(_("It was not declared as primary or secondary: it can suggest, and confirms nothing."))
    if about.smallest_possible_p > about.alpha:
        least = format_p(about.smallest_possible_p)
        remarks.append(_("With this sample size the smallest attainable p value is %(p)s.", p=least))
    return [*remarks, *about.notes]


def _importance(about: OutcomeSidecar, line: TableRow, important: float) -> str:
    """Say where the limits lie beside the smallest difference that matters to patients."""
    sign = -1 if about.lower_is_better else 1
    low, high = sorted((sign * line["low"], sign * line["high"]))
    said = {"difference": format_number(important), "units": about.units}
    if low >= important:
        return _("All of the interval reaches the smallest difference that matters to patients (%(difference)s "
                 "%(units)s).", **said)  # fmt: skip
    if high < important:
        return _("All of the interval lies below the smallest difference that matters to patients (%(difference)s "
                 "%(units)s): if there is a benefit, it is too small to matter to most.", **said)  # fmt: skip
    return _("The interval includes both the smallest difference that matters to patients (%(difference)s %(units)s) "
             "and smaller differences, so clinical relevance remains uncertain.", **said)  # fmt: skip
