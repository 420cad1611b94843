"""The methods of this very run in words, with references: `logs/CITATION.md`, `.html`, `.tex` and `.bib`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bids_app import plugs
from bids_app.dataset import presets
from bids_app.dataset.tables import Json
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.files import write_json
from bids_app.report import html
from bids_app.report.text import references
from bids_app.vocabulary.options import Options


def outcomes(declared: Mapping[str, Mapping[str, object]]) -> str:
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
        "a participant lacked a visit, by constrained longitudinal analysis of all visits with restricted maximum "
        "likelihood [@Coffman2016], which assumes that losses depend on what was seen. Decisions rest on "
        "re-randomisation of the arms within strata, of t with the variance HC2, and limits are the effects that the "
        f"same test does not refuse.{rates if counts else ''} Declared outcomes share one error rate with the measures "
        "of the brain (a graph of hypotheses). Rank tests, responders with Newcombe's limits and the ratio of standard "
        "deviations stand beside and decide nothing."
    )


Tables = Mapping[str, tuple[type[Options], Mapping[str, object]]]


def write_citation(output_dir: Path, tables: Tables, notices: Iterable[str] = ()) -> None:
    """Write the methods text of a run from its resolved settings, below warnings that all of it carries."""
    marked = _paragraphs(tables)
    cited, paragraphs = references.cited("\n".join(marked)), [references.in_words(text) for text in marked]
    warnings = [notice for notice in notices if notice]
    logs = output_dir / "logs"
    write_text(logs / "CITATION.md", _markdown(paragraphs, cited, warnings))
    write_json(logs / "CITATION.json", {"Paragraphs": paragraphs})
    write_text(logs / "CITATION.tex", _latex(marked, warnings))
    write_text(logs / "CITATION.bib", "\n".join(references.bibtex(key) for key in cited))
    values = {"paragraphs": paragraphs, "references": [references.REFERENCES[key] for key in cited]}
    own = [warning for warning in warnings if warning != html.notice(output_dir)]  # that one stands on every page
    html.write_html(output_dir, "logs/CITATION.html", "citation.html", {**values, "warnings": own}, [])


def _paragraphs(tables: Tables) -> list[str]:
    kinds = ((name.partition("."), options) for name, (_, options) in tables.items())
    paragraphs = [plugs.modality(own).methods_of(options) for (kind, _, own), options in kinds if kind == "modalities"]
    if condition := tables["dataset"][1]["preset"]:
        preset = presets.load("conditions", condition)
        said = "; ".join(preset["citation"])
        paragraphs.append(
            f"Seeds, networks and pairs were those of the preset {condition} ({preset['status']}), reported by {said}."
        )
    for name in tables:
        kind, _, plug = name.partition(".")
        if kind in ("measures", "associations", "predictors"):
            paragraphs.append(plugs.load(kind, plug).methods)
        elif kind == "designs":
            paragraphs.append(f"{plugs.load(kind, plug).methods} {_inference(tables['inference'][1])}")
    if declared := {name.partition(".")[2]: o for name, (_, o) in tables.items() if name.startswith("outcomes.")}:
        paragraphs.append(outcomes(declared))
    return paragraphs


ADVICE = "Written from the settings of this run; adapt it, and cite what it names."


def _markdown(paragraphs: list[str], cited: list[str], warnings: list[str]) -> str:
    parts = [
        "# Methods and references",
        ADVICE,
        *(f"**{warning}**" for warning in warnings),
        *paragraphs,
        "## References",
    ]
    return "\n\n".join([*parts, "\n".join(f"- {references.plain(key)}" for key in cited)]) + "\n"


def _latex(paragraphs: list[str], warnings: list[str]) -> str:
    """Return a section for natbib; the file compiles on its own, too."""
    body = [f"\\textbf{{{references.escape(warning)}}}" for warning in warnings]
    body += [references.in_latex(paragraph) for paragraph in paragraphs]
    return "\n".join([
        f"% {ADVICE}", r"\documentclass{article}", r"\usepackage[utf8]{inputenc}", r"\usepackage{natbib}",
        r"\begin{document}", r"\section{Methods}", "", "\n\n".join(body), "", r"\bibliographystyle{plainnat}",
        r"\bibliography{CITATION}", r"\end{document}", "",
    ])  # fmt: skip


def _inference(o: Json) -> str:
    names = {"mass": "cluster mass", "extent": "cluster extent", "voxel": "the largest |t|",
             "tfce": "threshold-free cluster enhancement [@Smith2009]"}  # fmt: skip
    families = {"maps": "all maps of a measure", "contrasts": "all maps of a measure and its contrasts",
                "measures": "all maps of all measures", "all": "all maps, measures and contrasts"}  # fmt: skip
    where = f"the small volume {', '.join(o['small_volume'])}" if o["small_volume"] else "the brain"
    sides = {"both": "two-sided", "positive": "one-sided (positive effects alone)"}[o["sides"]]
    variances = " Each arm had a variance of its own (Welch's t)." if o["variances"] == "by-arm" else ""
    return (
        f"Arms, where compared, were re-randomised within strata [@Proschan2019]; means and changes within arms were "
        f"tested by sign flips of whole participants, and slopes by exchanging residuals, on residuals where there are "
        f"covariates [@Freedman1983; @Winkler2014]: {o['n_permutations']} relabellings, or all where there are "
        f"fewer.{variances} Clusters were formed at {sides} p < {o['cluster_forming_p']:g} with {o['connectivity']} "
        f"neighbours. The claim is carried by {names[o['claim']]} with a familywise error of {o['alpha']:g}, {sides}, over "
        f"{where} [@Nichols2002] and jointly over {families[o['family']]} by the smallest p. False discovery rates "
        "[@Benjamini1995] are per sign. Beside every primary comparison of arms stands a robust p of means, by "
        "random signs of the residuals of the full model [wild bootstrap, @Davidson2008] and t with the "
        "variance HC2 [@MacKinnon1985], corrected alike. What is confirmatory was decided by a graph of hypotheses "
        "over measures and declared outcomes [@Bretz2009]; the hypothesis of a comparison of arms, that means "
        "differ, has the larger of both p. The share of each cluster that differs at least is by all-resolutions inference "
        "[@Rosenblatt2018]. A change in one arm and none in the other is not taken as a difference "
        "between arms [@Bland2011]."
    )
