"""What may be said of several studies together: a pooled difference, or that reported peaks converge; never more."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bids_app import plugs
from bids_app.report.claims.maps import Verdict
from bids_app.report.formats import effect_with_limits, format_number, says_p
from bids_app.report.messages import N_, _, ngettext
from bids_app.report.text.wording import listed
from bids_app.vocabulary.studies import EVERY
from bids_app.vocabulary.synthesis_sidecars import (
    CoordinateSynthesis,
    MapSynthesis,
    OutcomeSynthesis,
    PooledEffect,
    SynthesisSidecar,
)

SCALES = {
    "SMD": N_("standardised difference (Hedges g)"), "MD": N_("difference of means"),
    "logRR": N_("log ratio of risks"),
}  # fmt: skip


def _stronger(with_maps: Sequence[str]) -> str:
    """Return which stronger evidence there is, if maps of the studies are at hand, or would be."""
    if with_maps:
        return _(
            "Stronger evidence is at hand: maps of %(names)s. Participants of several sites analysed together (design "
            "multi_site) would be stronger still.", names=listed(with_maps),
        )  # fmt: skip
    return _("Stronger evidence would be maps of these studies, pooled, or their participants analysed together, with "
             "arms re-randomised within sites (design multi_site).")  # fmt: skip


def of_outcome(about: OutcomeSynthesis) -> Verdict:
    """Return what trials together say of an outcome."""
    told = about.pooled[-1]
    remarks = _remarks(about, told) if told.k > 2 and told.p is not None else ()
    if text := _unclaimed(about, told):
        return Verdict(text, False, remarks)
    assert told.p is not None
    said = {"title": about.title, "k": told.k, "size": size_of(about, told), "p": says_p(told.p)}
    if told.p > about.alpha:
        text = _("No pooled difference in %(title)s was shown over %(k)s studies (%(size)s; %(p)s).", **said)
        return Verdict(text, False, remarks)
    text = _(
        "%(title)s: the pooled result of %(k)s studies is %(side)s (%(size)s; %(p)s).", side=_side(about, told), **said
    )
    return Verdict(text, told.effect > 0 and about.favours_arm, remarks)


def _unclaimed(about: OutcomeSynthesis, told: PooledEffect) -> str:
    """Return what is said where nothing can be claimed, and why; nothing where something can."""
    said = {"title": about.title, "k": told.k, "size": size_of(about, told)}
    if told.k == 1:
        return _("One study alone tells of %(title)s; nothing is pooled.", **said)
    if told.p is None:
        return _("%(title)s: effects of all %(k)s studies are the same, so that no limits can be had; nothing is "
                 "claimed.", **said)  # fmt: skip
    if told.k == 2:
        return _("%(title)s, two studies: pooled %(size)s as one common effect. Two studies cannot tell how effects "
                 "vary; nothing is claimed.", **said)  # fmt: skip
    if not told.claimed:
        return _(
            "%(title)s: pooled over %(k)s studies %(size)s. Nothing is claimed: there are too few studies, or one "
            "common effect was asked for, whose limits hold only where effects of studies do not vary.", **said,
        )  # fmt: skip
    common = next((one for one in about.pooled if one.estimator == "FE"), None)
    if told.p <= about.alpha and common and (common.p is None or common.p > about.alpha):
        return _(
            "%(title)s: not shown over %(k)s studies. Their effects are more alike than chance makes them, so that "
            "limits of Hartung and Knapp are too narrow (%(size)s); one common effect does not pass.", **said,
        )  # fmt: skip
    return ""


def _side(about: OutcomeSynthesis, told: PooledEffect) -> str:
    if about.favours_arm:
        better, worse = _("better in the arm than in the comparator"), _("worse in the arm than in the comparator")
        return better if told.effect > 0 else worse
    larger, smaller = _("larger in the arm than in the comparator"), _("smaller in the arm than in the comparator")
    return larger if told.effect > 0 else smaller


def size_of(about: OutcomeSynthesis, told: PooledEffect) -> str:
    """Return a pooled effect with its limits; of ratios the ratio too."""
    if about.scale != "logRR":
        return f"{_(SCALES[about.scale])} {effect_with_limits(told.effect, told.lower, told.upper)}"
    ends = (-told.effect, -told.upper, -told.lower) if about.turned else (told.effect, told.lower, told.upper)
    ratio, low, high = (format_number(float(np.exp(value))) for value in ends)
    return _("ratio of risks, arm to comparator, %(ratio)s (95 %% limits %(low)s to %(high)s)", ratio=ratio, low=low,
             high=high)  # fmt: skip


def _remarks(about: OutcomeSynthesis, told: PooledEffect) -> tuple[str, ...]:
    """Return what must stand beside: how effects vary, where a further trial would lie, small studies."""
    remarks = []
    if told.prediction_lower is not None and told.prediction_upper is not None:
        text = N_("Between studies (tau² = %(tau2)s, I² = %(i2)s %%), the effect of a further trial is "
                  "expected between %(low)s and %(high)s.")  # fmt: skip
        if told.prediction_lower < 0 < told.prediction_upper:
            text = N_("Between studies (tau² = %(tau2)s, I² = %(i2)s %%), the effect of a further trial is "
                      "expected between %(low)s and %(high)s, so it may be in either direction.")  # fmt: skip
        remarks.append(_(
            text, tau2=format_number(told.tau2), i2=format_number(100 * (told.i2 or 0), 2),
            low=format_number(told.prediction_lower), high=format_number(told.prediction_upper),
        ))  # fmt: skip
    if about.egger_p is not None:
        text = N_("Small studies find other effects than large ones (Egger, %(p)s).") if about.egger_p < 0.1 else N_(
            "Small studies were not shown to find other effects than large ones (Egger, %(p)s)."
        )  # fmt: skip
        remarks.append(_(text, p=says_p(about.egger_p)))
    elif told.k < 10:
        remarks.append(_("With fewer than ten studies it cannot be tested whether small ones find other effects."))
    if about.filled and about.filled["missing"]:
        remarks.append(ngettext(
            "Trim and fill adds %(num)s study on the %(side)s; with it the effect is %(effect)s.",
            "Trim and fill adds %(num)s studies on the %(side)s; with them the effect is %(effect)s.",
            int(str(about.filled["missing"])), side=_(str(about.filled["side"])),
            effect=format_number(about.filled["effect"]),
        ))  # fmt: skip
    return (*remarks, _stronger(about.with_maps))


def of_coordinates(about: CoordinateSynthesis, places: Sequence[str]) -> Verdict:
    """Return what reported peaks of one contrast say; `places` are those of the clusters that pass."""
    said = {"k": about.experiments, "n": f"{about.participants:g}", "title": title_of(about)}
    remarks = _of_peaks(about)
    if about.standing == "insufficient":
        text = _("%(title)s: %(k)s experiments are not enough to say that peaks converge. What is drawn suggests at "
                 "most where to look.", **said)  # fmt: skip
        return Verdict(text, False, remarks)
    if about.standing == "descriptive":
        text = _("%(title)s: %(k)s experiments (%(n)s participants) describe, and claim nothing; from 17 on peaks may "
                 "be said to converge.", **said)  # fmt: skip
        return Verdict(text, False, remarks)
    if not places:
        text = _(
            "%(title)s: reported peaks of %(k)s experiments (%(n)s participants) were not shown to converge.", **said
        )
        return Verdict(text, False, remarks)
    text = _("%(title)s: reported peaks of %(k)s experiments (%(n)s participants) converge at %(places)s (extent of "
             "clusters, corrected over the brain, p ≤ %(alpha)s).", places="; ".join(places), alpha=f"{about.alpha:g}",
             **said)  # fmt: skip
    return Verdict(text, not about.within, remarks)


def title_of(about: CoordinateSynthesis) -> str:
    """Return what the peaks are of, as headings have it."""
    if about.contrast == EVERY.word:
        return _("All reported peaks")
    if about.within:
        return _("Changes within %(arm)s (%(contrast)s)", arm=about.within, contrast=about.contrast)
    return about.contrast


def _of_peaks(about: CoordinateSynthesis) -> tuple[str, ...]:
    """Return what must stand beside converging peaks."""
    remarks = [_("That peaks converge does not say that an effect is large, nor that most studies found it.")]
    if about.contrast == EVERY.word:
        remarks.append(_("Whether all look in one direction is not told by the file: opposite ones would be pooled."))
    if about.within:
        remarks.append(_("A change within one arm compares nothing: significant here and not there is no difference "
                         "between arms."))  # fmt: skip
    if about.standing == "few":
        remarks.append(_("Fewer than 20 experiments: effects of medium size are often missed, and single experiments "
                         "carry much."))  # fmt: skip
    report = about.chance_of_report
    half, large = report["0.5"], report["0.8"]
    if half is None or large is None:
        return (*remarks, *_of_foci(about))
    said = {"n": round(about.median_people), "half": f"{100 * half:.0f}", "large": f"{100 * large:.0f}"}
    remarks.append(_(
        "A study of %(n)s participants, the median here, finds a true effect of d = 0.5 at one place in %(half)s %% of "
        "cases, and of d = 0.8 in %(large)s %% (p < .001, uncorrected).", **said,
    ))  # fmt: skip
    if half < 0.5:
        remarks.append(_("So most true effects of medium size are never printed."))
    return (*remarks, *_of_foci(about))


def _of_foci(about: CoordinateSynthesis) -> tuple[str, ...]:
    """Return what is to be known of studies without peaks, and of peaks outside the brain."""
    remarks = []
    if about.silent:
        remarks.append(ngettext(
            "%(num)s study of the whole brain reported no peak at all: %(names)s.",
            "%(num)s studies of the whole brain reported no peak at all: %(names)s.", len(about.silent),
            names=listed(about.silent),
        ))  # fmt: skip
    if about.foci_outside:
        remarks.append(_("%(n)s of %(all)s foci lie outside the mask; they count, and redraws fall inside.",
                         n=about.foci_outside, all=about.foci))  # fmt: skip
    remarks.append(_stronger(about.with_maps))
    return tuple(remarks)


def of_maps(about: MapSynthesis, places: Sequence[str]) -> Verdict:
    """Return what maps of one subject say together; `places` are those of the clusters that pass."""
    said = {"k": about.studies, "title": subject_of(about)}
    remarks = _of_maps(about)
    if about.standing == "insufficient":
        text = _("%(title)s: two studies cannot tell how effects vary. One common effect is drawn, and nothing is "
                 "claimed.", **said)  # fmt: skip
        return Verdict(text, False, remarks)
    if about.standing == "descriptive" or about.smallest_p is None:
        text = _(
            "%(title)s: the maps of %(k)s studies are drawn together, and nothing is claimed. P over the brain are had "
            "by flipping signs, with six studies or more and DerSimonian and Laird's estimator.", **said,
        )  # fmt: skip
        return Verdict(text, False, remarks)
    said |= {"p": says_p(about.smallest_p), "n": f"{about.patterns:,}"}
    if not places:
        text = _("%(title)s: no pooled effect was shown over %(k)s studies (largest |t|, %(n)s patterns of signs, "
                 "corrected over the brain: %(p)s).", **said)  # fmt: skip
        return Verdict(text, False, remarks)
    said["places"] = "; ".join(places)
    if about.between_arms:
        text = _("%(title)s: pooled over %(k)s studies the arms differ at %(places)s (largest |t|, %(n)s patterns of "
                 "signs, corrected over the brain: smallest %(p)s).", **said)  # fmt: skip
    else:
        text = _("%(title)s: the effect pooled over %(k)s studies is not zero at %(places)s (largest |t|, %(n)s "
                 "patterns of signs, corrected over the brain: smallest %(p)s).", **said)  # fmt: skip
    return Verdict(text, not about.within, remarks)


def subject_of(about: MapSynthesis) -> str:
    """Return what maps are of, as pages call it: the measure by its title, and the label of the map.

    Titles of the data's own, such as contrasts, stay as they are.
    """
    if about.title == EVERY.word:
        return _("All maps")
    measure, comma, label = about.title.partition(", ")
    return f"{_(plugs.measure(measure).title)}: {label.partition(' ')[2]}" if comma else about.title


def _of_maps(about: MapSynthesis) -> tuple[str, ...]:
    """Return what must stand beside pooled maps."""
    remarks = []
    if about.within:
        remarks.append(_("A change within one arm compares nothing: significant here and not there is no difference "
                         "between arms."))  # fmt: skip
    if about.estimator != "FE" and about.median_i2 is not None:
        remarks.append(_(
            "Over the brain, I² has a median of %(i2)s %%. Where the interval for a further study holds 0, its effect "
            "may be in either direction.", i2=format_number(100 * about.median_i2, 2),
        ))  # fmt: skip
    if about.settings_that_differ:
        remarks.append(_("Studies were made with different settings and are pooled as %(units)s: %(which)s.",
                         units=about.units, which=" | ".join(about.settings_that_differ)))  # fmt: skip
    if about.interpolated:
        remarks.append(_("Grids differ: maps of %(names)s were interpolated, and their masks shrink by a voxel.",
                         names=listed(about.interpolated)))  # fmt: skip
    remarks.append(_("Stronger evidence than pooled maps: participants of all sites analysed together, with arms "
                     "re-randomised within sites (design multi_site)."))  # fmt: skip
    return tuple(remarks)


SIDES = N_("left"), N_("right")


def left_out(about: SynthesisSidecar) -> list[str]:
    """Return who is left out, by reason."""
    by_reason: dict[str, list[str]] = {}
    for one in about.use:
        if not one.used:
            by_reason.setdefault(one.reason, []).append(one.study)
    return [f"{reason}: {listed(names)}" for reason, names in by_reason.items()]
