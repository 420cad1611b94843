"""What may be said of an outcome of people: how arms differ, and whether that matters to patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bids_app.dataset.tables import TableRow
from bids_app.report.claims.maps import NEVER_ALIKE, Verdict
from bids_app.report.formats import format_number, format_p, says_p
from bids_app.vocabulary.sidecars import OutcomeSidecar

if TYPE_CHECKING:
    from bids_app.report.sections.confirmatory import Confirmed

WITHIN = "A change in one arm and none in the other does not compare them."


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
        return Verdict(f"{about.title} is described; no arms are compared.", False, (WITHIN,))
    first, other = about.arms[0], about.arms[-1]
    p = about.deciding_p if decision is None or about.p is None else about.p
    remarks = list(_remarks(about, deciding))
    corrected = f"; adjusted over all confirmatory hypotheses: {says_p(decision.adjusted)}" if decision else ""
    by = f"re-randomisation test ({about.relabellings:,} draws): {says_p(p)}{corrected}"
    waits = bool(decision and decision.waited_for)
    lead = "Exploratory: " if about.role == "exploratory" or waits else ""
    if decision and waits:
        first = " and ".join(decision.waited_for)
        remarks.append(f"It was to be tested after {first} passed, which is not so: it suggests, and confirms nothing.")
    if not decision.passed if decision else p > about.alpha:
        headline = f"No difference in {about.title} at {about.endpoint} between {first} and {other} was shown"
        return Verdict(f"{lead}{headline} ({_size(about, deciding)}; {by}).", False, (*remarks, _alike(about, lines)))
    headline = f"{lead}{about.title} at {about.endpoint} was {_side(about, deciding)} in {first} than in {other}"
    size = _size(about, _positive(deciding) if about.kind == "score" else deciding)
    return Verdict(f"{headline}, by {size} ({by}).", about.role != "exploratory", tuple(remarks))


def _alike(about: OutcomeSidecar, lines: list[TableRow]) -> str:
    """Say whether arms were shown to be alike, where a margin was declared; else that nothing of that kind was."""
    tested = next((line for line in lines if line["analysis"] == "equivalence"), None)
    if tested is None:
        return NEVER_ALIKE
    shown = "shown" if tested["p_rerandomised"] <= about.alpha else "not shown"
    within = f"Alike within \u00b1{about.important_difference:g} {about.units}"
    return f"{within}: {shown} (two one-sided tests, {says_p(tested['p_rerandomised'])})."


def _side(about: OutcomeSidecar, line: TableRow) -> str:
    below = line["estimate"] < (1 if about.kind == "count" else 0)
    better = "better" if below == about.lower_is_better else "worse"
    return f"{'lower' if below else 'higher'} ({better})"


def _size(about: OutcomeSidecar, line: TableRow) -> str:
    low, high = format_number(line["low"]), format_number(line["high"])
    if about.kind == "count":
        ratio = f"a ratio of rates of {format_number(line['estimate'])} (95 % limits {low} to {high})"
        return f"{ratio}, given the count before"
    difference = f"{format_number(line['estimate'])} {about.units} (95 % limits {low} to {high})"
    return f"{difference}, given where each one began"


def _positive(line: TableRow) -> TableRow:
    """Return a difference that is told as `lower by`: without its sign."""
    sign = -1 if line["estimate"] < 0 else 1
    low, high = sorted((sign * line["low"], sign * line["high"]))
    return {**line, "estimate": sign * line["estimate"], "low": low, "high": high}


def _remarks(about: OutcomeSidecar, line: TableRow) -> list[str]:
    """Return what must stand beside: importance, people lost, roles, few people."""
    remarks = []
    important = about.important_difference
    if about.kind == "score" and important:
        remarks.append(_importance(about, line, float(important)))
    if about.role == "exploratory":
        remarks.append("It was not declared as primary or secondary: it can suggest, and confirms nothing.")
    if about.smallest_possible_p > about.alpha:
        remarks.append(
            f"With this sample size the smallest attainable p value is {format_p(about.smallest_possible_p)}."
        )
    return [*remarks, *about.notes]


def _importance(about: OutcomeSidecar, line: TableRow, important: float) -> str:
    """Say where the limits lie beside the smallest difference that matters to patients."""
    sign = -1 if about.lower_is_better else 1
    low, high = sorted((sign * line["low"], sign * line["high"]))
    said = f"the smallest difference that matters to patients ({format_number(important)} {about.units})"
    if low >= important:
        return f"All of the interval reaches {said}."
    if high < important:
        return f"All of the interval lies below {said}: if there is a benefit, it is too small to matter to most."
    return f"The interval includes both {said} and smaller differences, so clinical relevance remains uncertain."
