"""What may be said of one measure: of its primary contrast, or of all arms together and their pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bids_app.report.claims.maps import ClaimText, Finding, Verdict, explored, held_against, in_steps, verdict
from bids_app.report.messages import _
from bids_app.report.text.wording import statistic_name

if TYPE_CHECKING:
    from bids_app.report.sections.confirmatory import Confirmed, JudgedContrast
    from bids_app.vocabulary.contrast_sidecar import EquivalentRegion


def verdict_of(
    found: Sequence[tuple[str, JudgedContrast]], arms: tuple[str, ...], passed: Mapping[str, Confirmed]
) -> Verdict:
    """Return what the contrasts of one measure allow to say, by map and sidecar."""
    primary = next((about for _, about in found if about.primary), found[0][1])
    decision = passed.get(primary.measure)
    if primary.exploratory:
        return explored([_finding(*one) for one in found], primary.noun)
    if decision and decision.waited_for:
        return held_against([_finding(*one) for one in found], decision.waited_for, primary.noun)
    if not (decision and decision.in_steps):
        return _of_contrast(found, primary.compared, arms, primary.participants_by_arm)
    pairs = sorted({about.compared for _, about in found if about.step == "pair"})
    pairs.sort(key=lambda pair: pair != primary.compared)
    every = next((about for _, about in found if about.step == "any"), None)
    if every is None:
        return held_against([_finding(*one) for one in found], (_("all arms together"),), primary.noun)
    people = every.participants_by_arm
    first, *others = (_of_contrast(found, arms_of, arms, people) for arms_of in (every.compared, *pairs))
    return in_steps(first, others)


def _of_contrast(
    found: Sequence[tuple[str, JudgedContrast]],
    compared: Sequence[str],
    arms: tuple[str, ...],
    people: Mapping[str, int],
) -> Verdict:
    """Return what one confirmatory contrast allows to say: the primary one, or a step of three arms or more."""
    own = [one for one in found if _confirms(one[1]) and one[1].compared == tuple(compared)]
    findings = [replace(_finding(*one), primary=any(one is other for other in own)) for one in found]
    about = own[0][1] if own else found[0][1]
    names = ", ".join(about.restricted_to)
    where = _("the small volume (%(names)s)", names=names) if names else _("the brain")
    if "channel" in (about.columns or {}):
        where = _("all channels and their values")
    if "edge" in (about.columns or {}):
        where = _("all edges")
    several = _("seeds") if about.measure == "seed_correlation" else _("maps")
    if "region" in (about.columns or {}):
        where = several = _("regions")
    if "metric" in (about.columns or {}):
        where = several = _("measures of the graph")
    said = verdict(
        findings, arms, about.alpha, about.smallest_possible_p, min(people.values()),
        ClaimText(
            found=about.found, absent=about.absent, compares=about.compared, noun=about.noun,
            definite=about.definite, members=several, statistic=statistic_name(about), where=where,
            alike=_alike(own) or _alike([one for one in found if one[1].primary]),
        ),
    )  # fmt: skip
    held = tuple(dict.fromkeys(one.not_claimed for _label, one in own if one.not_claimed))
    return replace(said, remarks=(*said.remarks, *held))


def _confirms(about: JudgedContrast) -> bool:
    return bool(about.primary or about.step)


def _alike(own: Sequence[tuple[str, JudgedContrast]]) -> str:
    """Say whether arms were shown to be alike within a declared margin; nothing where none was declared."""
    tested = {label: about.equivalence for label, about in own if about.equivalence}
    if not tested:
        return ""
    first = next(iter(tested.values()))
    margin, share = f"{first.margin:g}", max(one.share_shown for one in tested.values())
    if share:
        said = [_(
            "Alike within ±%(margin)s %(units)s: shown in up to %(share)s %% of a map (two one-sided tests, corrected "
            "over the map).",
            margin=margin, units=first.units, share=f"{100 * share:.0f}",
        )]  # fmt: skip
    else:
        said = [_(
            "Alike within ±%(margin)s %(units)s: not shown at any place (two one-sided tests, corrected over the map).",
            margin=margin, units=first.units,
        )]  # fmt: skip
    said += [
        _("Means of declared regions alike within it, %(map)s: %(each)s (corrected over the regions).",
          map=label, each=", ".join(map(_of_region, one.regions)))
        for label, one in tested.items() if one.regions
    ]  # fmt: skip
    return " ".join(said)


def _of_region(one: EquivalentRegion) -> str:
    return _("%(region)s shown", region=one.region) if one.shown else _("%(region)s not shown", region=one.region)


def _finding(label: str, about: JudgedContrast) -> Finding:
    why, variances = about.robust and about.robust.absent, about.variance_of_arms
    return Finding(
        label=label, p=about.p_held, arm=about.arm if about.change else "", primary=about.primary,
        robust=about.p_robust_held, why=why or "", unreliable=bool(variances and variances.unreliable),
    )  # fmt: skip
