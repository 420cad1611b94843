"""What may be said of maps.

"Specific to" an arm is said only when a test between arms passes the familywise threshold. Significance in
one arm and none in the other is not such a test (Bland & Altman 2011, doi:10.1186/1745-6215-12-264).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NEVER_ALIKE = (
    "This is not evidence that the arms are alike: an equivalence test with a margin fixed beforehand would be needed."
)


@dataclass(frozen=True)
class Finding:
    """The smallest p of one contrast of one seed, corrected over the map and its family.

    `arm` is the arm that changes, or `both`; empty for a comparison between arms.
    """

    label: str
    p: float
    arm: str
    primary: bool


@dataclass(frozen=True)
class Wording:
    """How results are told.

    `found` and `absent` are sentences of the primary contrast without their ends, `specific` what it compares (`verum
    with sham`; empty if no arms), `members` what there are several of (`seeds`), `statistic` what decides,
    `where` what is corrected over.
    """

    found: str
    absent: str
    specific: str
    members: str
    statistic: str
    where: str = "the brain"


@dataclass(frozen=True)
class Verdict:
    """One sentence to open with, whether it is positive, and what must stand beside it."""

    headline: str
    positive: bool
    remarks: tuple[str, ...]


def verdict(
    findings: Sequence[Finding], arms: Sequence[str], alpha: float, smallest_p: float, per_arm: int, wording: Wording
) -> Verdict:
    """Return what the results of a design allow to say.

    Parameters
    ----------
    arms : sequence of str
        The active arm first, the control last; one or none where no arms are compared.
    smallest_p : float
        1 / number of relabellings: no p can be smaller.
    per_arm : int
        Participants of the smallest arm.
    """
    primary = [f for f in findings if f.primary]
    passed = sorted((f for f in primary if f.p <= alpha), key=lambda f: f.p)
    remarks = list(_remarks(findings, arms, alpha, bool(passed))) if len(arms) > 1 else []
    if smallest_p > alpha:
        remarks.insert(0, f"With so few participants no p below {smallest_p:.3f} exists: {alpha:g} cannot be reached.")
    if per_arm < 12:
        who = "the smaller arm has" if len(arms) > 1 else "there are"
        remarks.append(f"Exploratory only: {who} {per_arm} participants, fewer than 12.")
    by = f"{wording.statistic}, corrected over {wording.where} and all {wording.members}"
    if passed:
        seeds = ", ".join(f"{f.label} (p = {f.p:.4f})" for f in passed)
        found = f"{wording.found[:1].upper()}{wording.found[1:]} for {len(passed)} of {len(primary)} {wording.members}"
        end = f"{seeds}. The difference is specific to the comparison of {wording.specific} ({by})."
        if not wording.specific:
            end = f"{seeds} ({by}). No arms are compared: nothing is specific to a treatment."
        return Verdict(f"{found}: {end}", True, tuple(remarks))
    least = min((f.p for f in primary), default=1.0)
    headline = (
        f"{wording.absent} was shown for any of {len(primary)} {wording.members} (smallest p = {least:.3f}; {by})."
    )
    return Verdict(headline, False, (*remarks, *([NEVER_ALIKE] if wording.specific else [])))


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
            f"The mean change of both arms is not zero for {', '.join(pooled)}. Time, expectation, the visit or the "
            "needle as such can do that, and so can one arm alone."
        )
    return remarks
