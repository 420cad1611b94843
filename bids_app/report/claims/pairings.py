"""What may be said of two people who were together: alike beyond what all share who did the same, or not shown."""

from __future__ import annotations

from collections.abc import Mapping

from bids_app.report.claims.maps import Verdict
from bids_app.report.formats import format_number, says_p
from bids_app.report.messages import _, ngettext
from bids_app.vocabulary.group_sidecars import PairingSidecar


def of_pairings(about: PairingSidecar) -> Verdict:
    """Return whether true pairs are more alike than pairings within arms, and what belongs to it."""
    if about.absent:
        text = _("Session %(session)s: pairings were not tested: %(why)s.", why=about.absent, session=about.session)
        return Verdict(text, False, ())
    passing = [one for one in about.places if float(str(one["P"])) <= about.alpha]
    said = {"n": f"{about.pairings:,}", "dyads": sum(about.dyads.values()), "session": about.session}
    remarks = _remarks(about)
    if not passing:
        smallest = min(float(str(one["P"])) for one in about.places)
        text = _("Session %(session)s: patients and practitioners were not shown to be more alike than others of their "
                 "arm who did the same (%(dyads)s dyads, %(n)s pairings within arms, corrected over pairs of regions: "
                 "smallest %(p)s).", p=says_p(smallest), **said)  # fmt: skip
        return Verdict(text, False, remarks)
    told = "; ".join(map(_told, passing))
    text = _("Session %(session)s: patients and practitioners who were together are more alike than others of their "
             "arm who did the same: %(told)s (%(dyads)s dyads, %(n)s pairings within arms, corrected over pairs of "
             "regions).", told=told, **said)  # fmt: skip
    return Verdict(text, True, remarks)


def _told(one: Mapping[str, object]) -> str:
    observed, expected, p = (float(str(one[name])) for name in ("Observed", "Expected", "P"))
    return _("%(place)s (%(observed)s, other pairings %(expected)s, %(p)s)", place=one["Place"],
             observed=format_number(observed, 2), expected=format_number(expected, 2), p=says_p(p))  # fmt: skip


def _remarks(about: PairingSidecar) -> tuple[str, ...]:
    remarks = [
        _("This asks whether being together matters; whether arms differ is asked by the contrast of arms. That it "
          "passes in one arm and not in another answers neither."),
        _("Movement, speech and touch at the same moment make two people alike too: it does not say what ties them."),
    ]  # fmt: skip
    if about.practitioners == 1:
        remarks.insert(0, _("There is one practitioner: pairings exchange sessions of one person, and nothing is said "
                            "beyond that person."))  # fmt: skip
    else:
        remarks.append(ngettext(
            "%(num)s practitioner.", "%(num)s practitioners; nothing is said beyond them.", about.practitioners
        ))  # fmt: skip
    return tuple(remarks)
