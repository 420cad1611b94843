"""The methods of outcomes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def outcomes(declared: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how outcomes were analysed.

    Parameters
    ----------
    declared : mapping
        Options of each outcome by its name.
    """
    roles = {role: [name for name, o in declared.items() if o["role"] == role] for role in ("primary", "secondary")}
    said = [f"{role}: {', '.join(names)}" for role, names in roles.items() if names]
    others = [name for name, o in declared.items() if o["role"] == "exploratory"]
    said += [f"exploratory: {', '.join(others)}"] if others else []
    counts = any(o["kind"] == "count" for o in declared.values())
    rates = (
        " Counts were compared by the ratio of rates of a Poisson model with robust standard errors, adjusted for the "
        "logarithm of the count before."
    )
    return (
        f"Outcomes of people ({'; '.join(said)}) were analysed as randomised, whether or not people were scanned. Arms "
        "were compared after treatment, adjusted for the value before and for strata and covariates (ANCOVA); where "
        "somebody lacked a visit, by constrained longitudinal analysis of all visits with restricted maximum "
        "likelihood (Coffman et al. 2016), which assumes that losses depend on what was seen. Decisions rest on "
        "re-randomisation of the arms within strata, of t with the variance HC2, and limits are the effects that the "
        f"same test does not refuse.{rates if counts else ''} Declared outcomes share one error rate with the measures "
        "of the brain (a graph of hypotheses). Rank tests, responders with Newcombe's limits and the ratio of standard "
        "deviations stand beside and decide nothing."
    )
