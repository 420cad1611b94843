"""What may be said of maps beside references from elsewhere: that they are spatially associated, and not why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bids_app.report.formats import format_number, says_p

Members = Sequence[Mapping[str, Any]]

ELSEWHERE = (
    "An association of places: what was measured in other people is high where the contrast is high. It tells nothing "
    "of how the treatment works, and nothing of the people in this trial."
)
NO_MAP = (
    "The contrast itself does not pass its own correction in the maps marked so: then it is not known that there is "
    "anything to be associated with."
)
WITHIN = (
    "A change within one arm is no comparison of arms: what is associated with it may be associated with the change of "
    "the other as well. It is not evidence of specificity."
)
DONORS = (
    "Expression comes from the brains of a few people after death: six donors in the Allen Human Brain Atlas, two of "
    "them with a right hemisphere."
)
BOTH_NULLS = (
    "The p of a claim is the larger of two. Relabellings of the contrast ask whether its map is associated beyond what "
    "chance could do, with the smoothness of brains and the co-expression of genes in every null map. Surrogates "
    "of the observed map ask whether it is beyond what any map as smooth would be: a map that the treatment did change "
    "is smoother than noise for reasons that have nothing to do with genes. Where it is smoother than 95 % of its "
    "relabellings neither can tell, and nothing is claimed (docs/molecules.md)."
)
WHOLE_MAPS = (
    "Sets are compared with whole null maps. Random genes, as plain GSEA draws them, ignore that genes of a set "
    "are expressed together, and find sets in noise (Fulcher 2021, doi:10.1038/s41467-021-22862-1)."
)
OTHERS = (
    "Maps of receptors are averages of other people, most of them healthy, and some tracers bind to several receptors."
)
FOCI = "Likelihoods of foci tell where studies report activity, and studies report what they look for."
FALSE_DISCOVERY = "a false discovery rate of .05 over all tables of this section"


def genes_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside genes."""
    return (ELSEWHERE, *_expression(members), BOTH_NULLS, *_beside(members))


def sets_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside sets of genes."""
    return (ELSEWHERE, *_expression(members), BOTH_NULLS, WHOLE_MAPS, *_beside(members))


def receptors_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside receptors."""
    genes = (DONORS,) if any(one["genes"] for one in members) else ()
    return (ELSEWHERE, OTHERS, BOTH_NULLS, *genes, *_told(members), *_beside(members))


def maps_remarks(members: Members) -> tuple[str, ...]:
    """Return what must stand beside other maps."""
    return (ELSEWHERE, FOCI, BOTH_NULLS, *_told(members), *_beside(members))


def _told(members: Members) -> tuple[str, ...]:
    """Say what is said of the maps themselves."""
    told = sorted({description for one in members for description in one["told"]})
    return tuple(f"The maps: {description.rstrip('.')}." for description in told)


def _expression(members: Members) -> tuple[str, ...]:
    """Say where expression was measured, as far as the tables tell."""
    told = {str(one["provenance"].get("Description", "")) for one in members} - {""}
    made_up = members and all(one["provenance"].get("Donors") == 0 for one in members)
    tables = tuple(f"The table of genes: {description.rstrip('.')}." for description in sorted(told))
    return (*(() if made_up else (DONORS,)), *tables)


def _beside(members: Members) -> tuple[str, ...]:
    """Say what is known of the contrasts themselves."""
    floor = max((one["smallest_p"] for one in members), default=0.0)
    few = f"With so few relabellings no p below {floor:.3f} exists: .05 cannot be reached."
    said = {
        NO_MAP: any(not one["shown"] for one in members),
        WITHIN: any(one["arm"] for one in members),
        few: floor > 0.05,
    }
    return tuple(sentence for sentence, holds in said.items() if holds)


def withheld(one: Mapping[str, Any]) -> bool:
    """Tell whether nothing is claimed of a map in a part, because it is smoother than null maps."""
    return bool(one["parts"].get(one["part"], {}).get("SmootherThanChance", False))


def _held_back(members: Members) -> str:
    """Say of which maps nothing is claimed."""
    names = sorted({_of(one) for one in members if withheld(one)})
    return f" Nothing is claimed of {', '.join(names)}: smoother than null maps." if names else ""


def genes_verdict(members: Members) -> str:
    """Return the sentence that component 1 of each map allows, corrected over the maps."""
    if not members:
        return "Nothing was set beside expression of genes."
    passed = [one for one in members if one["p_maps"] <= one["alpha"] and not withheld(one)]
    if not passed:
        best = members[0]
        return (
            f"Spatial association with expression of genes was not shown for any of {_maps(members)}: in {_of(best)} "
            f"the first component explains {_percent(best['explained'])} of the map, and {_percent(best['chance'])} of "
            f"one of chance ({says_p(best['p'])}; over maps {says_p(best['p_maps'])}).{_held_back(members)}"
        )
    said = "; ".join(
        f"{_of(one)}: {_percent(one['explained'])} of the map, {_percent(one['chance'])} of one of chance, "
        f"{says_p(one['p_maps'])} over maps"
        for one in passed
    )
    lead = "Exploratory: spatially associated with expression of genes, by the first component"
    return f"{lead}: {said}.{_held_back(members)}"


def recipe_remark(recipe: Mapping[str, Any]) -> str:
    """Return what the literature's recipe says of a map, and of maps of nothing."""
    low, middle, high = (f"{value:.0f}" for value in recipe["GenesAbove3ByChance"])
    return (
        f"The literature's recipe: regions shuffled give {says_p(recipe['ShuffledP'])} here, and p below .05 in "
        f"{_percent(recipe['ShuffledPassesByChance'])} of {recipe['MapsTried']} relabelled maps of this very trial, in "
        f"which nothing is to be found (5 % would be right). It counts {recipe['GenesAbove3']} genes with |Z| above 3; "
        f"such maps give {middle} (95 % of them {low} to {high})."
    )


def resolution(smallest: float, genes: int) -> str:
    """Return what the number of relabellings allows of single genes."""
    at_once = math.ceil(smallest * genes / 0.05 - 1e-9)
    few = f" At a false discovery rate of .05 at least {at_once:,} genes must reach it together." if at_once > 1 else ""
    return f"No p of a gene can be below {smallest:.2g} with these relabellings.{few}"


def sets_verdict(members: Members) -> str:
    """Return the sentence that sets of genes allow."""
    passed = [one for one in members if one["passing"] and not withheld(one)]
    tested, back = sum(one["count"] for one in members), _held_back(members)
    if not passed:
        return (
            f"No set of genes was shown to be spatially associated with any of {_maps(members)} ({tested} tests).{back}"
        )
    said = "; ".join(f"{one['passing']} of {one['count']} sets with {_of(one)}" for one in passed)
    return f"Exploratory: spatially associated at {FALSE_DISCOVERY}: {said}.{back}"


def references_verdict(members: Members, title: str) -> str:
    """Return the sentence that receptors, or other maps, allow."""
    back = _held_back(members)
    passed = [(one, row) for one in members if not withheld(one) for row in one["rows"] if row["q_all"] <= 0.05]
    if not passed:
        count = sum(len(one["rows"]) for one in members)
        return f"{title}: no spatial association was shown with any of {_maps(members)} ({count} tests).{back}"
    said = "; ".join(
        f"{_of(one)} with {row['map']} (rho = {format_number(row['rho'], 2)}, q = {row['q_all']:.3f})"
        for one, row in passed[:6]
    )
    more = f"; and {len(passed) - 6} more" if len(passed) > 6 else ""
    return f"Exploratory: spatially associated at {FALSE_DISCOVERY}: {said}{more}.{back}"


def _of(one: Mapping[str, Any]) -> str:
    """Return a map in words, with its part; of a change within arms that it is one."""
    within = f", a change within {'both arms' if one['arm'] == 'both' else one['arm']}" if one["arm"] else ""
    return f"{one['name']} ({one['part']}{within})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _maps(members: Members) -> str:
    count = len({one["name"] for one in members})
    return "one map" if count == 1 else f"{count} maps"
