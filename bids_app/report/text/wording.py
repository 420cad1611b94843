"""Words for what code calls by short names: statistics, schemes, roles and decisions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from bids_app.report.messages import N_, _
from bids_app.vocabulary.contrast_sidecar import ContrastSidecar

NAMES = {
    "mass": N_("cluster mass"),
    "extent": N_("cluster extent"),
    "voxel": N_("largest |t|"),
    "tfce": N_("threshold-free cluster enhancement"),
}
SIDES = {"both": N_("two-sided"), "positive": N_("one-sided: positive effects alone were tested")}

SCHEMES = {
    "rerandomise": N_("re-randomisations of the arms within strata"),
    "wild": N_("patterns of signs of residuals (means alone are tested)"),
    "signflip": N_("patterns of sign flips"),
    "exchange": N_("orders of the residuals within blocks (Freedman-Lane)"),
    "exchange_whole": N_("orders of the blocks as wholes (Freedman-Lane)"),
}

WORDS = {
    name: name
    for name in (
        N_("primary"), N_("secondary"), N_("exploratory"), N_("confirmatory"),
        N_("clinical"), N_("brain"), N_("combined"),
        N_("left out"), N_("used"), N_("used in part"),
        N_("partial correlation"), N_("Hedges g"),
        N_("mass"), N_("extent"), N_("voxel"), N_("tfce"),
        N_("means differ"), N_("distributions differ"), N_("the contrast is not zero"), N_("not there: counts as 1"),
        N_("answer"), N_("not reported"),
        N_("before randomisation"), N_("after randomisation"),
        N_("frequency"), N_("time"),
    )
}  # fmt: skip
"""Words that code compares and files hold, as pages show them."""


def word(name: str) -> str:
    """Return what pages print for a word of the code; what it does not know are names of the data."""
    return _(WORDS[name]) if name in WORDS else name


def claim_name(claim: str) -> str:
    """Return the statistic that carries the claim."""
    return _(NAMES[claim])


def scheme_name(scheme: str) -> str:
    """Return what the relabellings of a contrast are."""
    return _(SCHEMES[scheme])


def against(arms: Iterable[str]) -> str:
    """Return arms that are compared."""
    return reduce(lambda first, other: _("%(first)s against %(other)s", first=first, other=other), arms)


def listed(names: Iterable[object]) -> str:
    """Return names with `and` between them."""
    each = [str(name) for name in names]
    return reduce(lambda first, second: _("%(first)s and %(second)s", first=first, second=second), each) if each else ""


def statistic_name(about: ContrastSidecar) -> str:
    """Return the statistic that carries the claim, in words with its settings."""
    said = {"name": claim_name(about.claim_statistic), "error": f"{about.alpha:.3g}", "sides": _(SIDES[about.sides])}
    if about.claim_statistic in ("mass", "extent"):
        forming = f"{about.cluster_forming_p:g}"
        return _("%(name)s at a cluster-forming p of %(forming)s, familywise error %(error)s, %(sides)s",
                 forming=forming, **said)  # fmt: skip
    return _("%(name)s, familywise error %(error)s, %(sides)s", **said)
