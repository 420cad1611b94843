"""What may be said of maps beside references from elsewhere: that they are spatially associated, and not why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bids_app.report.page import format_number, says_p

ELSEWHERE = (
    "An association of places: what was measured in other people is high where the contrast is high. It tells nothing "
    "of how the treatment works, and nothing of the people in this trial."
)
NO_MAP = (
    "The contrast itself does not pass its own correction in the maps marked so: then it is not known that there is "
    "anything to be associated with."
)
DONORS = (
    "Expression comes from the brains of a few people after death: six donors in the Allen Human Brain Atlas, two of "
    "them with a right hemisphere."
)
TRIAL_NULL = (
    "P values come from the relabellings of the contrast itself, which keep the smoothness of brains and the "
    "co-expression of genes in every map of chance. Surrogates that imitate the map alone stand beside as a check."
)
WHOLE_MAPS = (
    "Sets are held against whole maps of chance. Random genes, as plain GSEA draws them, ignore that genes of a set "
    "are expressed together, and find sets in noise (Fulcher 2021, doi:10.1038/s41467-021-22862-1)."
)
SETS = (
    ELSEWHERE,
    WHOLE_MAPS,
)
RECEPTORS = (
    ELSEWHERE,
    "Maps of receptors are averages of other people, most of them healthy, and some tracers bind to several receptors.",
)
MAPS = (ELSEWHERE, "Likelihoods of foci tell where studies report activity, and studies report what they look for.")


def genes_verdict(members: Sequence[Mapping[str, Any]]) -> str:
    """Return the sentence that component 1 of each map allows, corrected over the maps."""
    passed = [one for one in members if one["p_maps"] <= one["alpha"]]
    if not passed:
        best = members[0]
        return (
            f"Spatial association with expression of genes was not shown for any of {_maps(members)}: in "
            f"{best['name']} ({best['part']}) the first component explains {_percent(best['explained'])} of the map, "
            f"and {_percent(best['chance'])} of one of chance ({says_p(best['p'])}; over maps "
            f"{says_p(best['p_maps'])})."
        )
    said = "; ".join(
        f"{one['name']} ({one['part']}): {_percent(one['explained'])} of the map, {_percent(one['chance'])} of one of "
        f"chance, {says_p(one['p_maps'])}"
        for one in passed
    )
    return f"Exploratory: spatially associated with expression of genes, by the first component: {said}."


def genes_remarks(members: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return what must stand beside genes: where expression was measured, as far as the table tells, and what p is."""
    told = {str(one["provenance"].get("Description", "")) for one in members} - {""}
    donors = () if all(one["provenance"].get("Donors") == 0 for one in members) else (DONORS,)
    tables = tuple(f"The table of genes: {description.rstrip('.')}." for description in sorted(told))
    nothing = () if all(one["shown"] for one in members) else (NO_MAP,)
    return (ELSEWHERE, *donors, *tables, TRIAL_NULL, *nothing)


def recipe_remark(recipe: Mapping[str, Any]) -> str:
    """Return what the literature's recipe says of a map, and of maps of nothing."""
    low, middle, high = (f"{value:.0f}" for value in recipe["GenesAbove3ByChance"])
    return (
        f"The literature's recipe: regions shuffled give {says_p(recipe['ShuffledP'])} here, and p below .05 in "
        f"{_percent(recipe['ShuffledPassesByChance'])} of {recipe['MapsTried']} maps of this very trial whose arms "
        f"mean nothing (5 % would be right). It counts {recipe['GenesAbove3']} genes with |Z| above 3; such maps give "
        f"{middle} (95 % of them {low} to {high})."
    )


def resolution(smallest: float, genes: int) -> str:
    """Return what the number of relabellings allows of single genes."""
    at_once = math.ceil(smallest * genes / 0.05 - 1e-9)
    few = f" At a false discovery rate of .05 at least {at_once:,} genes must reach it together." if at_once > 1 else ""
    return f"No p of a gene can be below {smallest:.2g} with these relabellings.{few}"


def sets_verdict(members: Sequence[Mapping[str, Any]]) -> str:
    """Return the sentence that sets of genes allow."""
    passed = [one for one in members if one["passing"]]
    tested = sum(one["count"] for one in members)
    if not passed:
        return f"No set of genes was shown to be spatially associated with any of {_maps(members)} ({tested} tests)."
    said = "; ".join(f"{one['passing']} of {one['count']} sets with {one['name']} ({one['part']})" for one in passed)
    return f"Exploratory: spatially associated at a false discovery rate of .05 within each map: {said}."


def references_verdict(members: Sequence[Mapping[str, Any]], title: str) -> str:
    """Return the sentence that receptors, or other maps, allow."""
    passed = [(one, row) for one in members for row in one["rows"] if row["q"] <= 0.05]
    if not passed:
        count = sum(len(one["rows"]) for one in members)
        return f"{title}: no spatial association was shown with any of {_maps(members)} ({count} tests)."
    said = "; ".join(
        f"{one['name']} with {row['map']} (rho = {format_number(row['rho'], 2)}, q = {row['q']:.3f})"
        for one, row in passed[:6]
    )
    more = f"; and {len(passed) - 6} more" if len(passed) > 6 else ""
    return f"Exploratory: spatially associated at a false discovery rate of .05 within each map: {said}{more}."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _maps(members: Sequence[Any]) -> str:
    count = len({one["name"] for one in members})
    return f"{count} maps" if count > 1 else "one map"
