"""What may be said of maps beside references from elsewhere: that they are spatially associated, and not why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bids_app.report.formats import format_number, says_p
from bids_app.report.messages import N_, _, ngettext

Member = Mapping[str, Any]
Members = Sequence[Member]

ELSEWHERE = N_(
    "An association of places: what was measured in other people is high where the contrast is high. It tells nothing "
    "of how the treatment works, and nothing of the people in this trial."
)
NO_MAP = N_(
    "The contrast itself does not pass its own correction in the maps marked so: then it is not known that there is "
    "anything to be associated with."
)
WITHIN = N_(
    "A change within one arm is no comparison of arms: what is associated with it may be associated with the change of "
    "the other as well. It is not evidence of specificity."
)
DONORS = N_(
    "Expression comes from the brains of a few people after death: six donors in the Allen Human Brain Atlas, two of "
    "them with a right hemisphere."
)
BOTH_NULLS = N_(
    "The p of a claim is the larger of two. Relabellings of the contrast ask whether its map is associated beyond what "
    "chance could do, with the smoothness of brains and the co-expression of genes in every null map. Surrogates "
    "of the observed map ask whether it is beyond what any map as smooth would be: a map that the treatment did change "
    "is smoother than noise for reasons that have nothing to do with genes. Where it is smoother than 95 %% of its "
    "relabellings neither can tell, and nothing is claimed (docs/molecules.md)."
)
WHOLE_MAPS = N_(
    "Sets are compared with whole null maps. Random genes, as plain GSEA draws them, ignore that genes of a set "
    "are expressed together, and find sets in noise (Fulcher 2021, doi:10.1038/s41467-021-22862-1)."
)
OTHERS = N_(
    "Maps of receptors are averages of other people, most of them healthy, and some tracers bind to several receptors."
)
FOCI = N_("Likelihoods of foci tell where studies report activity, and studies report what they look for.")
ASSOCIATED = N_(
    "Exploratory: spatially associated at a false discovery rate of .05 over all tables of this section: %(each)s."
)


def genes_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside genes."""
    return (_(ELSEWHERE), *_expression(members), _(BOTH_NULLS), *_beside(members))


def sets_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside sets of genes."""
    return (_(ELSEWHERE), *_expression(members), _(BOTH_NULLS), _(WHOLE_MAPS), *_beside(members))


def receptors_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside receptors."""
    genes = (_(DONORS),) if any(one["genes"] for one in members) else ()
    return (_(ELSEWHERE), _(OTHERS), _(BOTH_NULLS), *genes, *_told(members), *_beside(members))


def maps_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside other maps."""
    return (_(ELSEWHERE), _(FOCI), _(BOTH_NULLS), *_told(members), *_beside(members))


def _told(members: Members) -> tuple[str, ...]:
    """Say what is said of the maps themselves."""
    told = sorted({description for one in members for description in one["told"]})
    return tuple(_("The maps: %(description)s.", description=one.rstrip(".")) for one in told)


def _expression(members: Members) -> tuple[str, ...]:
    """Say where expression was measured, as far as the tables tell."""
    told = {str(one["provenance"].get("Description", "")) for one in members} - {""}
    made_up = members and all(one["provenance"].get("Donors") == 0 for one in members)
    tables = tuple(_("The table of genes: %(description)s.", description=one.rstrip(".")) for one in sorted(told))
    return (*(() if made_up else (_(DONORS),)), *tables)


def _beside(members: Members) -> tuple[str, ...]:
    """Say what is known of the contrasts themselves."""
    floor = max((one["smallest_p"] for one in members), default=0.0)
    few = _("With so few relabellings no p below %(p)s exists: .05 cannot be reached.", p=f"{floor:.3f}")
    said = {
        _(NO_MAP): any(not one["shown"] for one in members),
        _(WITHIN): any(one["arm"] for one in members),
        few: floor > 0.05,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)


def withheld(one: Member) -> bool:
    """Tell whether nothing is claimed of a map in a part, because it is smoother than null maps."""
    return bool(one["parts"].get(one["part"], {}).get("SmootherThanChance", False))


def _held_back(members: Members) -> str:
    """Say of which maps nothing is claimed."""
    names = sorted({_of(one) for one in members if withheld(one)})
    return " " + _("Nothing is claimed of %(maps)s: smoother than null maps.", maps=", ".join(names)) if names else ""


def genes_verdict(members: Members) -> str:
    """Return the sentence that component 1 of each map allows, corrected over the maps."""
    if not members:
        return _("Nothing was set beside expression of genes.")
    passed = [one for one in members if one["p_maps"] <= one["alpha"] and not withheld(one)]
    if not passed:
        best = members[0]
        said = _(
            "Spatial association with expression of genes was not shown for any of %(maps)s: in %(best)s the first "
            "component explains %(explained)s of the map, and %(chance)s of one of chance (%(p)s; over maps "
            "%(p_maps)s).",
            maps=_maps(members), best=_of(best), explained=_percent(best["explained"]), chance=_percent(best["chance"]),
            p=says_p(best["p"]), p_maps=says_p(best["p_maps"]),
        )  # fmt: skip
        return said + _held_back(members)
    said = _(
        "Exploratory: spatially associated with expression of genes, by the first component: %(each)s.",
        each="; ".join(map(_explained, passed)),
    )
    return said + _held_back(members)


def _explained(one: Member) -> str:
    return _(
        "%(map)s: %(explained)s of the map, %(chance)s of one of chance, %(p)s over maps", map=_of(one),
        explained=_percent(one["explained"]), chance=_percent(one["chance"]), p=says_p(one["p_maps"]),
    )  # fmt: skip


def recipe_remark(recipe: Member) -> str:
    """Return what the literature's recipe says of a map, and of maps of nothing."""
    low, middle, high = (f"{value:.0f}" for value in recipe["GenesAbove3ByChance"])
    return _(
        "The literature's recipe: regions shuffled give %(p)s here, and p below .05 in %(share)s of %(maps)s "
        "relabelled maps of this very trial, in which nothing is to be found (5 %% would be right). It counts "
        "%(genes)s genes with |Z| above 3; such maps give %(middle)s (95 %% of them %(low)s to %(high)s).",
        p=says_p(recipe["ShuffledP"]), share=_percent(recipe["ShuffledPassesByChance"]), maps=recipe["MapsTried"],
        genes=recipe["GenesAbove3"], middle=middle, low=low, high=high,
    )  # fmt: skip


def resolution(smallest: float, genes: int) -> str:
    """Return what the number of relabellings allows of single genes."""
    at_once = math.ceil(smallest * genes / 0.05 - 1e-9)
    said = _("No p of a gene can be below %(p)s with these relabellings.", p=f"{smallest:.2g}")
    if at_once <= 1:
        return said
    few = _("At a false discovery rate of .05 at least %(n)s genes must reach it together.", n=f"{at_once:,}")
    return f"{said} {few}"


def sets_verdict(members: Members) -> str:
    """Return the sentence that sets of genes allow."""
    passed = [one for one in members if one["passing"] and not withheld(one)]
    tested, back = sum(one["count"] for one in members), _held_back(members)
    if not passed:
        said = _("No set of genes was shown to be spatially associated with any of %(maps)s (%(n)s tests).",
                 maps=_maps(members), n=tested)  # fmt: skip
        return said + back
    each = "; ".join(
        _("%(n)s of %(all)s sets with %(map)s", n=one["passing"], all=one["count"], map=_of(one)) for one in passed
    )
    return _(ASSOCIATED, each=each) + back


def references_verdict(members: Members, title: str) -> str:
    """Return the sentence that receptors, or other maps, allow."""
    back = _held_back(members)
    passed = [(one, row) for one in members if not withheld(one) for row in one["rows"] if row["q_all"] <= 0.05]
    if not passed:
        said = _("%(title)s: no spatial association was shown with any of %(maps)s (%(n)s tests).",
                 title=title, maps=_maps(members), n=sum(len(one["rows"]) for one in members))  # fmt: skip
        return said + back
    said = "; ".join(
        _("%(map)s with %(reference)s (rho = %(rho)s, q = %(q)s)", map=_of(one), reference=row["map"],
          rho=format_number(row["rho"], 2), q=f"{row['q_all']:.3f}")
        for one, row in passed[:6]
    )  # fmt: skip
    if len(passed) > 6:
        said = _("%(each)s; and %(n)d more", each=said, n=len(passed) - 6)
    return _(ASSOCIATED, each=said) + back


def _of(one: Member) -> str:
    """Return a map in words, with its part; of a change within arms that it is one."""
    said = {"map": one["name"], "part": one["part"]}
    if one["arm"] == "both":
        return _("%(map)s (%(part)s, a change within both arms)", **said)
    if one["arm"]:
        return _("%(map)s (%(part)s, a change within %(arm)s)", arm=one["arm"], **said)
    return f"{one['name']} ({one['part']})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _maps(members: Members) -> str:
    return ngettext("one map", "%(num)d maps", len({one["name"] for one in members}))
