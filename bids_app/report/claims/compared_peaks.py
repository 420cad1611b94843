"""What may be said of reported peaks of two contrasts compared, and of both directions of one."""

from __future__ import annotations

from collections.abc import Sequence

from bids_app.report.claims.maps import Verdict
from bids_app.report.formats import says_p
from bids_app.report.messages import _
from bids_app.vocabulary.synthesis_sidecars import ComparedPeaks, DirectionSynthesis, SubtractionSynthesis


def of_compared(about: ComparedPeaks, places: Sequence[str]) -> Verdict:
    """Return what a comparison says; `places` are those that pass."""
    if isinstance(about, DirectionSynthesis):
        return of_direction(about, places)
    assert isinstance(about, SubtractionSynthesis)
    return of_subtraction(about, places)


def of_subtraction(about: SubtractionSynthesis, places: Sequence[str]) -> Verdict:
    """Return what the peaks of two contrasts say; `places` are those where they converge differently."""
    if about.exchanged == "between":
        return _of_different_trials(about, places)
    said = {"first": about.first, "second": about.second, "k": len(about.trials), "n": f"{about.patterns:,}",
            "p": says_p(about.smallest_p)}  # fmt: skip
    remarks = (_("That one contrast converges at a place and the other does not is no such comparison; this is."),)
    if not places:
        text = _("Peaks of %(first)s and of %(second)s were not shown to converge at different places (%(k)s trials, "
                 "labels exchanged within trials in %(n)s ways, corrected over the brain: %(p)s).", **said)  # fmt: skip
        return Verdict(text, False, remarks)
    text = _("Peaks of %(first)s and of %(second)s converge differently at %(places)s (%(k)s trials, labels exchanged "
             "within trials in %(n)s ways, corrected over the brain: smallest %(p)s).", places="; ".join(places),
             **said)  # fmt: skip
    return Verdict(text, True, remarks)


def _of_different_trials(about: SubtractionSynthesis, places: Sequence[str]) -> Verdict:
    """Return what different trials say: a comparison of sets, which differ in much; never a claim."""
    said = {"first": about.first, "second": about.second, "k1": about.experiments[0], "k2": about.experiments[1],
            "n": f"{about.patterns:,}", "p": says_p(about.smallest_p)}  # fmt: skip
    remarks = (_("The two contrasts come from different trials, which differ in participants, scanners and methods as "
                 "well: what differs here need not be what the contrasts are called by."),)  # fmt: skip
    if not places:
        text = _("Exploratory: peaks of %(first)s (%(k1)s experiments) and of %(second)s (%(k2)s, of other trials) "
                 "were not shown to converge at different places (experiments exchanged in %(n)s ways, corrected over "
                 "the brain: %(p)s).", **said)  # fmt: skip
        return Verdict(text, False, remarks)
    text = _("Exploratory: peaks of %(first)s (%(k1)s experiments) and of %(second)s (%(k2)s, of other trials) "
             "converge differently at %(places)s (experiments exchanged in %(n)s ways, corrected over the brain: "
             "smallest %(p)s).", places="; ".join(places), **said)  # fmt: skip
    return Verdict(text, False, remarks)


def of_direction(about: DirectionSynthesis, places: Sequence[str]) -> Verdict:
    """Return which direction is reported more; `places` are those where one is, each with which."""
    said = {"first": about.first, "second": about.second, "k1": about.experiments[0], "k2": about.experiments[1],
            "k": about.samples, "n": f"{about.patterns:,}", "p": says_p(about.smallest_p)}  # fmt: skip
    remarks = [_("That one direction is reported more near a place does not say that peaks converge there, nor how "
                 "large an effect is.")]  # fmt: skip
    if about.within:
        remarks.append(_("A change within one arm compares nothing: significant here and not there is no difference "
                         "between arms."))  # fmt: skip
    claimed = about.standing in ("claim", "few") and not about.within
    if about.standing not in ("claim", "few"):
        remarks.append(_("So few experiments describe, and claim nothing; from 17 on something may be said."))
    if not places:
        text = _("Neither %(first)s (%(k1)s experiments) nor %(second)s (%(k2)s) was shown to be reported more at any "
                 "place (%(k)s experiments, signs flipped in %(n)s ways, corrected over the brain: %(p)s).",
                 **said)  # fmt: skip
        return Verdict(text, False, tuple(remarks))
    text = _("Of %(first)s (%(k1)s experiments) and %(second)s (%(k2)s) one is reported more near %(places)s (%(k)s "
             "experiments, signs flipped in %(n)s ways, corrected over the brain: smallest %(p)s).",
             places="; ".join(places), **said)  # fmt: skip
    return Verdict(text, claimed, tuple(remarks))
