"""What may be said of maps.

That arms differ is said only when a test between arms passes the familywise threshold. Significance in one arm and none
in the other is not such a test (Bland & Altman 2011, doi:10.1186/1745-6215-12-264). Re-randomisation tests that the
arms have one distribution; that their means differ is said only where the robust p (signs of residuals) passes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bids_app.report.formats import format_p, says_p
from bids_app.report.messages import N_, _, ngettext
from bids_app.report.text.wording import listed

NEVER_ALIKE = N_(
    "This is not evidence that the arms are alike: an equivalence test with a margin fixed beforehand would be needed."
)

MOST = 12
"""Maps or regions that one sentence names."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The smallest p of one contrast of one seed, corrected over the map and its family.

    `arm` is the arm that changes, or `both`; empty for a comparison between arms. `robust` is the p of means by signs
    of residuals, None where there is none, with the reason in `why`; `unreliable` tells that arms differ in variance
    and the wider one is skewed, so that neither p is one of means.
    """

    label: str
    p: float
    arm: str
    primary: bool
    robust: float | None = None
    why: str = ""
    unreliable: bool = False

    def means_differ(self, alpha: float) -> bool:
        """Tell whether means differ, not only distributions."""
        return self.robust is not None and max(self.p, self.robust) <= alpha and not self.unreliable


@dataclass(frozen=True, kw_only=True)
class ClaimText:
    """How results are told.

    `found` and `absent` are sentences of the primary contrast without their ends, `compares` the arms that it
    compares, `noun` what is compared (`definite` if it has an article), `alike` what an equivalence test showed where
    a margin was declared, `members` what there are several of (`seeds`), `statistic` what decides, `where` what is
    corrected over (the brain, if nothing else is given; the members, if they are places themselves).
    """

    found: str
    absent: str
    compares: tuple[str, ...]
    noun: str
    members: str
    definite: bool = False
    statistic: str
    where: str = ""
    alike: str = ""


@dataclass(frozen=True)
class Verdict:
    """What to open with, whether it is positive, what must stand beside it, and by which statistic it is decided."""

    sentence: str
    positive: bool
    remarks: tuple[str, ...]
    by: str = ""

    @property
    def headline(self) -> str:
        """The sentence, and how it was decided."""
        return f"{self.sentence} ({_capital(self.by)}.)" if self.by else self.sentence


def verdict(
    findings: Sequence[Finding], arms: Sequence[str], alpha: float, smallest_p: float, per_arm: int, wording: ClaimText
) -> Verdict:
    """Return what the results of a design allow to say.

    Parameters
    ----------
    arms : sequence of str
        The active arm first, the control last; one or none where no arms are compared.
    smallest_p : float
        1 / number of permutations: no p can be smaller.
    per_arm : int
        Participants of the smallest arm.
    """
    primary = [f for f in findings if f.primary]
    passed = sorted((f for f in primary if f.p <= alpha), key=lambda f: f.p)
    remarks = list(_remarks(findings, arms, alpha, bool(passed))) if len(arms) > 1 else []
    if smallest_p > alpha:
        remarks.insert(0, _(
            "With this sample size the smallest attainable p value is %(p)s: %(alpha)s cannot be reached.",
            p=format_p(smallest_p), alpha=f"{alpha:g}",
        ))  # fmt: skip
    if per_arm < 12:
        remarks.append(_few(per_arm, several=len(arms) > 1))
    by = _("%(statistic)s, corrected over %(where)s and all %(members)s",
           statistic=wording.statistic, where=wording.where or _("the brain"), members=wording.members)  # fmt: skip
    if wording.where == wording.members:
        by = _("%(statistic)s, corrected over all %(members)s", statistic=wording.statistic, members=wording.members)
    if passed and wording.compares:
        return _differ(primary, alpha, remarks, wording, by)
    if passed:
        seeds = _first([f"{f.label} ({says_p(f.p)})" for f in passed])
        found = _(
            "%(found)s for %(n)d of %(all)d %(members)s: %(each)s. No arms are compared.",
            found=_capital(wording.found), n=len(passed), all=len(primary), members=wording.members, each=seeds,
        )  # fmt: skip
        return Verdict(found, True, tuple(remarks), by)
    least = min((f.p for f in primary), default=1.0)
    absent = ngettext(
        "%(absent)s was shown (%(p)s).", "%(absent)s was shown for any of %(num)d %(members)s (smallest %(p)s).",
        len(primary), absent=wording.absent, members=wording.members, p=says_p(least),
    )  # fmt: skip
    beside = wording.alike or _(NEVER_ALIKE)
    return Verdict(absent, False, (*remarks, *([beside] if wording.compares else [])), by)


def _few(people: int, *, several: bool) -> str:
    if several:
        return ngettext(
            "Exploratory only: the smaller arm has %(num)d participant, fewer than 12.",
            "Exploratory only: the smaller arm has %(num)d participants, fewer than 12.",
            people,
        )
    return ngettext(
        "Exploratory only: there is %(num)d participant, fewer than 12.",
        "Exploratory only: there are %(num)d participants, fewer than 12.",
        people,
    )


def held_against(findings: Sequence[Finding], waited_for: Sequence[str], noun: str) -> Verdict:
    """Return what may be said where the hypotheses that had to pass before this one did not."""
    least = min((f.p for f in findings if f.primary), default=1.0)
    said = _(
        "Exploratory: %(noun)s was to be tested after %(first)s passed, which is not so. What follows suggests and "
        "confirms nothing (primary contrast, smallest corrected %(p)s).",
        noun=noun, first=listed(waited_for), p=says_p(least),
    )  # fmt: skip
    return Verdict(said, False, ())


def explored(findings: Sequence[Finding], noun: str) -> Verdict:
    """Return what may be said of a measure that is exploratory by nature."""
    least = min((f.p for f in findings if f.primary), default=1.0)
    said = _(
        "Exploratory: results on %(noun)s suggest and confirm nothing (primary contrast, smallest corrected %(p)s).",
        noun=noun, p=says_p(least),
    )  # fmt: skip
    return Verdict(said, False, ())


def in_steps(any_arm: Verdict, pairs: Sequence[Verdict]) -> Verdict:
    """Return what may be said of three arms or more: of all together, and of the pairs if all together pass.

    Parameters
    ----------
    pairs : sequence of Verdict
        That of the active arm and the control first.
    """
    if not any_arm.positive:
        later = _("Pairs of arms were to be tested after all together: what they show suggests and confirms nothing.")
        return replace(any_arm, remarks=(*any_arm.remarks, later))
    sentences = " ".join(one.sentence for one in (any_arm, *pairs))
    remarks = tuple(dict.fromkeys(said for one in pairs for said in one.remarks))
    return Verdict(sentences, pairs[0].positive, remarks, any_arm.by)


def _differ(primary: Sequence[Finding], alpha: float, remarks: Sequence[str], wording: ClaimText, by: str) -> Verdict:
    """Say for which maps means differ, and for which distributions alone."""
    passed = sorted((f for f in primary if f.p <= alpha), key=lambda f: f.p)
    means = [f for f in passed if f.means_differ(alpha)]
    sentences = []
    if means:
        sentences.append(_means(means, len(primary), wording))
    if only := [f for f in passed if f not in means]:
        each = "; ".join(_("%(map)s (re-randomisation %(p)s; %(why)s)", map=f.label, p=says_p(f.p), why=_not_means(f))
                         for f in only)  # fmt: skip
        sentences.append(_("The distributions of %(noun)s differ between %(arms)s for %(each)s.",
                           noun=wording.noun, arms=listed(wording.compares), each=each))  # fmt: skip
    weaker = bool(only) and any(f.robust is not None for f in only)
    return Verdict(" ".join(sentences), bool(means) or not weaker, tuple(remarks), by)


def _means(found: Sequence[Finding], all_: int, wording: ClaimText) -> str:
    each = _first([
        _("%(map)s (%(p)s, robust %(robust)s)", map=f.label, p=says_p(f.p), robust=says_p(f.robust)) for f in found
    ])  # fmt: skip
    said = {"found": wording.found, "n": len(found), "all": all_, "members": wording.members, "each": each}
    if wording.definite:
        return _("The mean of %(found)s for %(n)d of %(all)d %(members)s: %(each)s.", **said)
    return _("Mean %(found)s for %(n)d of %(all)d %(members)s: %(each)s.", **said)


def _first(words: Sequence[str]) -> str:
    """Return the first of many, and how many more there are."""
    more = len(words) - MOST
    said = ", ".join(words[:MOST])
    return said if more <= 0 else ngettext("%(said)s and %(num)d more", "%(said)s and %(num)d more", more, said=said)


def _not_means(finding: Finding) -> str:
    if finding.robust is None:
        return finding.why or _("no robust p")
    if finding.unreliable:
        return _("the arms differ in variance and the wider one is skewed, so that nothing is said of means")
    return _("a difference of means is not established, robust %(p)s", p=says_p(finding.robust))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _remarks(findings: Sequence[Finding], arms: Sequence[str], alpha: float, positive: bool) -> list[str]:
    """Say what changes within arms do and do not mean."""
    active, control = arms[0], arms[-1]
    within = {arm: {f.label for f in findings if f.arm == arm and f.p <= alpha} for arm in (active, control)}
    only = sorted(within[active] - within[control])
    remarks = []
    if only and not positive:
        remarks.append(_(
            "A change within %(active)s but not within %(control)s was found for %(maps)s. Two tests, one passed and "
            "one not, do not compare the arms.", active=active, control=control, maps=", ".join(only),
        ))  # fmt: skip
    pooled = sorted({f.label for f in findings if f.arm == "both" and f.p <= alpha})
    if pooled:
        remarks.append(_(
            "Across both arms combined, the mean change differs from zero in %(maps)s. Time, expectation, the visit, "
            "needling itself, or a change in one arm alone could explain this.", maps=", ".join(pooled),
        ))  # fmt: skip
    return remarks
