"""What may be said of links of a framework over studies: in how many they are at least, and where none looked."""

from __future__ import annotations

from bids_app.report.claims.maps import Verdict
from bids_app.report.messages import _, ngettext
from bids_app.report.text.wording import listed
from bids_app.vocabulary.links import LinkSynthesis


def of_links(about: LinkSynthesis) -> Verdict:
    """Return what studies together say of the links; never a claim, for which studies looked was not drawn by lot."""
    found = tuple(dict.fromkeys(r.link for r in about.rows if r.p_holm is not None and r.p_holm <= about.alpha))
    studied = {row.link for row in about.rows if row.studies}
    said = {"least": about.at_least, "all": len(about.links)}
    if found:
        text = ngettext(
            "%(num)s of %(all)s links is in %(least)s studies at least, in one direction (corrected over all rows): "
            "%(names)s.", "%(num)s of %(all)s links are in %(least)s studies at least, in one direction (corrected "
            "over all rows): %(names)s.", len(found), names=listed(found), **said,
        )  # fmt: skip
    else:
        text = _("None of %(all)s links was shown to be in %(least)s studies or more.", **said)
    return Verdict(text, False, (*_unstudied([one for one in about.links if one not in studied]), *_remarks()))


def _unstudied(links: list[str]) -> tuple[str, ...]:
    return (_("No study looked at: %(names)s.", names=listed(links)),) if links else ()


def _remarks() -> tuple[str, ...]:
    return (
        _("That signs agree says little with few studies: five of five is p = .0625, six of seven .125."),
        _("A chain of links, each found in other participants, is no finding about the chain. That needs all of it in "
          "the same participants (declared paths)."),
        _("Results that were never printed are missing here, and those that found something are printed more often."),
        _("A p that a study does not tell counts as 1."),
    )  # fmt: skip
