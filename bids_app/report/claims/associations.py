"""What may be said of associations: that values go together, never that one makes the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bids_app.report.claims.maps import Verdict
from bids_app.report.formats import says_p
from bids_app.statistics.permutation.corrections import holm
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar

NOT_A_CAUSE = "An association: a common cause explains it as well as an effect of one on the other."
ONE_ARM = (
    "An association that is shown within {arm} and not within {others} does not differ between them by that: slopes "
    "are compared by a test of their own."
)
PATHS = (
    "Exploratory by construction: both values were taken at one visit, participants were not randomised to the first, "
    "and no share of the effect is given. The paths describe what the models hold; they do not show a mechanism."
)


@dataclass(frozen=True, kw_only=True)
class Coupling:
    """A contrast of one map with improvement: the map, the contrast, and what was found."""

    label: str
    contrast: str
    about: ContrastSidecar


def coupling(contrasts: Sequence[Coupling], outcome: str, arms: Sequence[str]) -> Verdict:
    """Return what the contrasts of maps with improvement allow to say."""
    # Over all questions that were asked of all maps: the smallest of many is small by chance.
    adjusted = holm([one.about.p for one in contrasts])
    passed = [(one, p) for one, p in zip(contrasts, adjusted, strict=True) if p <= one.about.alpha]
    between = [(one, p) for one, p in passed if one.about.between_arms]
    within = {one.about.arm for one, _ in passed if one.about.arm}
    remarks = [NOT_A_CAUSE]
    if within and within < set(arms) and not between:
        others = ", ".join(arm for arm in arms if arm not in within)
        remarks.append(ONE_ARM.format(arm=", ".join(sorted(within)), others=others))
    if between:
        said = "; ".join(f"{one.about.found} ({one.label}, {says_p(p)})" for one, p in between)
        return Verdict(f"Exploratory: {said}; p over {len(contrasts)} questions.", False, tuple(remarks))
    if passed:
        said = "; ".join(f"{_where(one)} ({one.label}, {says_p(p)})" for one, p in passed)
        lead = f"Exploratory: maps are associated with improvement of {outcome}"
        return Verdict(f"{lead} {said}; p over {len(contrasts)} questions.", False, tuple(remarks))
    headline = (
        f"No map was shown to be associated with improvement of {outcome}, in any arm or differently between arms."
    )
    return Verdict(headline, False, (*remarks, "This is not evidence that they are unrelated."))


def _where(one: Coupling) -> str:
    return f"within {one.about.arm}" if one.about.arm else "given the arm"
