"""What may be said of maps.

That arms differ is said only when a test between arms passes the familywise threshold. Significance in one arm and none
in the other is not such a test (Bland & Altman 2011, doi:10.1186/1745-6215-12-264). Re-randomisation tests that the
arms have one distribution; that their means differ is said only where the robust p (signs of residuals) passes too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bids_app.report.formats import format_p, says_p

NEVER_ALIKE = (
    "This is not evidence that the arms are alike: an equivalence test with a margin fixed beforehand would be needed."
)


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
    corrected over.
    """

    found: str
    absent: str
    compares: tuple[str, ...]
    noun: str
    members: str
    definite: bool = False
    statistic: str
    where: str = "the brain"
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
        attainable = f"With this sample size the smallest attainable p value is {format_p(smallest_p)}"
        remarks.insert(0, f"{attainable}: {alpha:g} cannot be reached.")
    if per_arm < 12:
        who = "the smaller arm has" if len(arms) > 1 else "there are"
        remarks.append(f"Exploratory only: {who} {per_arm} participants, fewer than 12.")
    by = f"{wording.statistic}, corrected over {wording.where} and all {wording.members}"
    if passed and wording.compares:
        return _differ(primary, alpha, remarks, wording, by)
    if passed:
        seeds = ", ".join(f"{f.label} ({says_p(f.p)})" for f in passed)
        found = f"{_capital(wording.found)} for {len(passed)} of {len(primary)} {wording.members}"
        return Verdict(f"{found}: {seeds}. No arms are compared.", True, tuple(remarks), by)
    least = min((f.p for f in primary), default=1.0)
    absent = f"{wording.absent} was shown for any of {len(primary)} {wording.members} (smallest {says_p(least)})."
    beside = wording.alike or NEVER_ALIKE
    return Verdict(absent, False, (*remarks, *([beside] if wording.compares else [])), by)


def held_against(findings: Sequence[Finding], waited_for: Sequence[str], noun: str) -> Verdict:
    """Return what may be said where the hypotheses that had to pass before this one did not."""
    least = min((f.p for f in findings if f.primary), default=1.0)
    first = " and ".join(waited_for)
    return Verdict(
        f"Exploratory: {noun} was to be tested after {first} passed, which is not so. What follows suggests and "
        f"confirms nothing (primary contrast, smallest corrected {says_p(least)}).", False, (),
    )  # fmt: skip


def in_steps(any_arm: Verdict, pairs: Sequence[Verdict]) -> Verdict:
    """Return what may be said of three arms or more: of all together, and of the pairs if all together pass.

    Parameters
    ----------
    pairs : sequence of Verdict
        That of the active arm and the control first.
    """
    if not any_arm.positive:
        later = "Pairs of arms were to be tested after all together: what they show suggests and confirms nothing."
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
        each = ", ".join(f"{f.label} ({says_p(f.p)}, robust {says_p(f.robust)})" for f in means)
        mean = "The mean of" if wording.definite else "Mean"
        found = f"{mean} {wording.found} for {len(means)} of {len(primary)} {wording.members}"
        sentences.append(f"{found}: {each}.")
    if only := [f for f in passed if f not in means]:
        each = "; ".join(f"{f.label} (re-randomisation {says_p(f.p)}; {_why_not_means(f)})" for f in only)
        arms = " and ".join(wording.compares)
        sentences.append(f"The distributions of {wording.noun} differ between {arms} for {each}.")
    weaker = bool(only) and any(f.robust is not None for f in only)
    return Verdict(" ".join(sentences), bool(means) or not weaker, tuple(remarks), by)


def _why_not_means(finding: Finding) -> str:
    if finding.robust is None:
        return finding.why or "no robust p"
    if finding.unreliable:
        return "the arms differ in variance and the wider one is skewed, so that nothing is said of means"
    return f"a difference of means is not established, robust {says_p(finding.robust)}"


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _remarks(findings: Sequence[Finding], arms: Sequence[str], alpha: float, positive: bool) -> list[str]:
    """Say what changes within arms do and do not mean."""
    active, control = arms[0], arms[-1]
    within = {arm: {f.label for f in findings if f.arm == arm and f.p <= alpha} for arm in (active, control)}
    only = sorted(within[active] - within[control])
    remarks = []
    if only and not positive:
        remarks.append(
            f"A change within {active} but not within {control} was found for {', '.join(only)}. Two tests, one passed "
            "and one not, do not compare the arms."
        )
    pooled = sorted({f.label for f in findings if f.arm == "both" and f.p <= alpha})
    if pooled:
        remarks.append(
            f"Across both arms combined, the mean change differs from zero in {', '.join(pooled)}. Time, expectation, "
            "the visit, needling itself, or a change in one arm alone could explain this."
        )
    return remarks
