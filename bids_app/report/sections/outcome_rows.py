"""Rows of an outcome in words: what the estimate is, of whom, and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bids_app.statistics.clinical.outcome_data import ResultRow

KNOWN_BEFORE = "is taken as known before randomisation"
ARISES_LATER = "arises after randomisation and may itself differ because of treatment"
UNTESTED: Mapping[str, str] = {
    "count": "not tested: moderators of counts are not implemented; declare it as a score",
    "constant": "not tested: {label} does not vary",
    "collinear": "not tested: {label} is collinear with arm or strata",
    "failed": "{error}",
}


def table_row(row: ResultRow) -> dict[str, object]:
    """Return a row as the table of an outcome has it: facts in columns of their own, and words."""
    numbers = ("estimate", "low", "high", "sd", "statistic", "value", "df", "p", "p_rerandomised", "p_exact")
    return {
        "analysis": row.name, "kind": row.kind, "subject": row.subject, "visit": row.visit,
        "comparison": " against ".join(row.arms), "people": people(row), "weight": row.weight,
        "quantity": quantity(row), **{name: getattr(row, name) for name in numbers}, "remark": remark(row),
    }  # fmt: skip


def people(row: ResultRow) -> str:
    """Return how many of each arm a row is about, and out of how many where that is not the same."""
    if row.of:
        return " / ".join(f"{n} of {of}" for n, of in zip(row.n, row.of, strict=True))
    return " / ".join(map(str, row.n))


QUANTITIES: Mapping[str, str] = {
    "mean": "mean ({units})",
    "mean_change": "mean change ({units})",
    "baseline": "standardised difference before treatment",
    "ancova": "difference ({units})",
    "clda": "difference ({units})",
    "change": "difference of changes ({units})",
    "g": "Hedges g (baseline SD)",
    "ratio": "ratio of geometric means",
    "odds_ratio": "odds ratio",
    "rate_ratio": "ratio of rates",
    "mann_whitney": "Hodges-Lehmann shift of changes ({units})",
    "superiority": "probability of superiority",
    "responders": "risk difference",
    "remission": "risk difference",
    "variance_ratio": "ratio of SDs of change",
    "bayes_factor": "log10 of the Bayes factor (JZS, .71)",
    "equivalence": "alike within \u00b1{margin:g} {units}",
}
"""What the estimate of each kind of row is; an empty text where there is none."""


def quantity(row: ResultRow) -> str:
    """Return what the estimate of a row is, with its units."""
    if row.kind == "moderator":
        asked = f"arm x {row.subject}"
        return f"change of the difference per unit of {row.subject} ({row.units})" if row.facts.get("tested") else asked
    return QUANTITIES.get(row.kind, "").format(units=row.units, **row.facts)


def remark(row: ResultRow) -> str:
    """Return what belongs to a row, in words."""
    words = REMARKS.get(row.kind, "")
    return words if isinstance(words, str) else words(row)


def _mean(row: ResultRow) -> str:
    return f"SD {row.sd:.3g}" if row.sd == row.sd else ""


def _wilcoxon(row: ResultRow) -> str:
    return f"W = {row.facts['w']:g}; no change: {row.facts['zeros']}; says nothing about specificity"


def _ancova(row: ResultRow) -> str:
    said = ["people with both visits alone"] if row.facts.get("complete_alone") else []
    if not row.facts["adjusted"]:
        said.append("not adjusted for baseline, which does not vary")
    failed = f": {row.facts['others_failed']}" if "others_failed" in row.facts else ""
    return "; ".join(said) + failed


def _clda(row: ResultRow) -> str:
    without = row.facts["without"]
    lacking = f"; without {', '.join(without)}, which too few have" if without else ""
    return f"all participants seen at any visit (missing at random){lacking}"


def _rates(row: ResultRow) -> str:
    means = zip(row.arms, row.facts["means_in_28_days"], strict=True)
    return ", ".join(f"{arm} {mean:.1f} in 28 days" for arm, mean in means)


def _responders(row: ResultRow) -> str:
    missing = "; missing participants count as not improved" if row.all_randomised else ""
    return _risk(row, f"improved by {100 * row.facts['least']:g} % or more{missing}")


def _remission(row: ResultRow) -> str:
    word = "or less" if row.facts["lower_is_better"] else "or more"
    return _risk(row, f"{row.facts['cutoff']:g} {word}, of those above before")


def _risk(row: ResultRow, what: str) -> str:
    if "fisher_p" not in row.facts:
        return f"{what}: not known of an arm"
    needed = needed_to_treat(row.estimate, row.low, row.high)
    return f"{what}; {needed} (p and limits: Newcombe; Fisher's exact p = {row.facts['fisher_p']:.3g})"


def needed_to_treat(difference: float, low: float, high: float) -> str:
    """Return the number needed to treat with its limits, in the form that is honest where they include harm.

    An interval of the difference that crosses zero is two intervals of its reciprocal, which meet at infinity.
    """
    first = _named(difference)
    if low > 0 or high < 0:
        near, far = sorted((abs(1 / low), abs(1 / high)))
        return f"{first} (95 % CI {near:.1f} to {far:.1f})"
    return f"{first} (95 % CI {_named(low)} to ∞ to {_named(high)})"


def _named(difference: float) -> str:
    """Return a number needed to treat for one more to benefit (NNTB) or to be harmed (NNTH)."""
    if not difference:
        return "∞"
    return f"{'NNTB' if difference > 0 else 'NNTH'} {abs(1 / difference):.1f}"


def _spread(row: ResultRow) -> str:
    if "individual_sd" not in row.facts:
        return "all people of an arm changed alike"
    individual = row.facts["individual_sd"]
    return f"SD of individual response {individual:.3g}" if individual > 0 else "no excess in the active arm"


def _moderator(row: ResultRow) -> str:
    said = []
    if "untested" in row.facts:
        said.append(UNTESTED[row.facts["untested"]].format(label=row.subject, error=row.facts.get("error", "")))
    if "arises_later" in row.facts:
        said.append(f"{row.subject} {ARISES_LATER if row.facts['arises_later'] else KNOWN_BEFORE}")
    return "; ".join(said)


REMARKS: Mapping[str, str | Callable[[ResultRow], str]] = {
    "mean": _mean,
    "wilcoxon": _wilcoxon,
    "baseline": "not tested: arms were randomised",
    "ancova": _ancova,
    "clda": _clda,
    "g": "the adjusted difference over the SD before treatment",
    "rate_ratio": _rates,
    "mann_whitney": lambda row: f"U = {row.facts['u']:g}, tie-corrected, no continuity correction",
    "superiority": lambda row: f"that one of {row.arms[0]} improves more than one of {row.arms[1]}; 0.5 is none",
    "responders": _responders,
    "remission": _remission,
    "variance_ratio": _spread,
    "bayes_factor": "above 0: for a difference; below 0: against any; people with both visits",
    "equivalence": "two one-sided tests by re-randomisation; the margin is the smallest difference that matters",
    "moderator": _moderator,
}
