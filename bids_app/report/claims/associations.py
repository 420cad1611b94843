"""What may be said of associations: that values go together, never that one makes the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bids_app.report.claims.maps import Verdict
from bids_app.report.formats import says_p
from bids_app.report.messages import N_, _, ngettext
from bids_app.statistics.permutation.corrections import holm
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar

NOT_A_CAUSE = N_("An association: a common cause explains it as well as an effect of one on the other.")
ONE_ARM = N_(
    "An association that is shown within %(arm)s and not within %(others)s does not differ between them by that: "
    "slopes are compared by a test of their own."
)
PATHS = N_(
    "Exploratory by construction: both values were taken at one visit, participants were not randomised to the first, "
    "and no share of the effect is given. The paths describe what the models hold; they do not show a mechanism."
)


@dataclass(frozen=True, kw_only=True)
class Coupling:
    """A contrast of one map with an outcome: the map, the contrast, and what was found."""

    label: str
    contrast: str
    about: ContrastSidecar


def coupling(contrasts: Sequence[Coupling], outcome: str, arms: Sequence[str], *, improves: bool = True) -> Verdict:
    """Return what the contrasts of maps with improvement, or where no side is better with change, allow to say."""
    # Over all questions that were asked of all maps: the smallest of many is small by chance.
    adjusted = holm([one.about.p for one in contrasts])
    passed = [(one, p) for one, p in zip(contrasts, adjusted, strict=True) if p <= one.about.alpha]
    between = [(one, p) for one, p in passed if one.about.between_arms]
    within = {one.about.arm for one, _ in passed if one.about.arm}
    remarks = [_(NOT_A_CAUSE)]
    if within and within < set(arms) and not between:
        others = ", ".join(arm for arm in arms if arm not in within)
        remarks.append(_(ONE_ARM, arm=", ".join(sorted(within)), others=others))
    if between:
        said = "; ".join(f"{one.about.found} ({one.label}, {says_p(p)})" for one, p in between)
        headline = ngettext("Exploratory: %(said)s; p over %(num)d question.",
                            "Exploratory: %(said)s; p over %(num)d questions.", len(contrasts), said=said)  # fmt: skip
        return Verdict(headline, False, tuple(remarks))
    if passed:
        said = "; ".join(_where(one, p) for one, p in passed)
        return Verdict(_associated(len(contrasts), outcome, said, improves=improves), False, tuple(remarks))
    headline = _(
        "No map was shown to be associated with improvement of %(outcome)s, in any arm or differently between arms.",
        outcome=outcome,
    ) if improves else _(
        "No change in a map was shown to be associated with the change in %(outcome)s, in any arm or differently "
        "between arms.", outcome=outcome,
    )  # fmt: skip
    return Verdict(headline, False, (*remarks, _("This is not evidence that they are unrelated.")))


def _associated(count: int, outcome: str, said: str, *, improves: bool) -> str:
    """Return the sentence of maps that are associated with an outcome."""
    if improves:
        return ngettext(
            "Exploratory: maps are associated with improvement of %(outcome)s %(said)s; p over %(num)d question.",
            "Exploratory: maps are associated with improvement of %(outcome)s %(said)s; p over %(num)d questions.",
            count, outcome=outcome, said=said,
        )  # fmt: skip
    return ngettext(
        "Exploratory: changes in maps are associated with the change in %(outcome)s %(said)s; p over %(num)d question.",
        "Exploratory: changes in maps are associated with the change in %(outcome)s %(said)s; p over %(num)d "
        "questions.", count, outcome=outcome, said=said,
    )  # fmt: skip


def _where(one: Coupling, p: float) -> str:
    if one.about.arm:
        return _("within %(arm)s (%(map)s, %(p)s)", arm=one.about.arm, map=one.label, p=says_p(p))
    return _("given the arm (%(map)s, %(p)s)", map=one.label, p=says_p(p))
