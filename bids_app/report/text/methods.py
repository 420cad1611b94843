"""The methods of this very run in words, with references: `logs/CITATION.md`, `.html`, `.tex` and `.bib`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bids_app import plugs
from bids_app.dataset import presets
from bids_app.dataset.tables import Json
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.files import write_json
from bids_app.report import html
from bids_app.report.messages import N_, _
from bids_app.report.text import references
from bids_app.report.text.wording import word
from bids_app.vocabulary.options import Options

ROLES = "primary", "secondary", "exploratory"


def outcomes(declared: Mapping[str, Mapping[str, object]]) -> str:
    """Return how outcomes were analysed.

    Parameters
    ----------
    declared : mapping
        Options of each outcome by its name.
    """
    roles = {role: [name for name, o in declared.items() if o["role"] == role] for role in ROLES}
    said = [f"{word(role)}: {', '.join(names)}" for role, names in roles.items() if names]
    return " ".join([
        _("Outcomes of people (%(names)s) were analysed as randomised, whether or not people were scanned.",
          names="; ".join(said)),
        _("Arms were compared after treatment, adjusted for the value before and for strata and covariates (ANCOVA); "
          "where a participant lacked a visit, by constrained longitudinal analysis of all visits with restricted "
          "maximum likelihood [@Coffman2016], which assumes that losses depend on what was seen."),
        _("Decisions rest on re-randomisation of the arms within strata, of t with the variance HC2, and limits are the "
          "effects that the same test does not refuse."),
        *([_("Counts were compared by the ratio of rates of a Poisson model with robust standard errors, adjusted for "
             "the logarithm of the count before.")] if any(o["kind"] == "count" for o in declared.values()) else []),
        _("Declared outcomes share one error rate with the measures of the brain (a graph of hypotheses)."),
        _("Rank tests, responders with Newcombe's limits and the ratio of standard deviations stand beside and decide "
          "nothing."),
    ])  # fmt: skip


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
    values: dict[str, object] = {"paragraphs": paragraphs, "references": [references.REFERENCES[key] for key in cited]}
    if "dataset" not in tables:
        values["home"] = "meta.html"  # of studies, which have no overview of participants
    own = [warning for warning in warnings if warning != html.notice(output_dir)]  # that one stands on every page
    html.write_html(output_dir, "logs/CITATION.html", "citation.html", {**values, "warnings": own}, [])


def _paragraphs(tables: Tables) -> list[str]:
    kinds = ((name.partition("."), options) for name, (_, options) in tables.items())
    paragraphs = [plugs.modality(own).methods_of(options) for (kind, _, own), options in kinds if kind == "modalities"]
    if "dataset" in tables and (condition := tables["dataset"][1]["preset"]):
        preset = presets.load("conditions", condition)
        said = "; ".join(preset["citation"])
        paragraphs.append(_(
            "Seeds, networks and pairs were those of the preset %(name)s (%(status)s), reported by %(said)s.",
            name=condition, status=preset["status"], said=said,
        ))  # fmt: skip
    for name in tables:
        kind, _dot, plug = name.partition(".")
        if kind in ("measures", "associations", "predictors", "syntheses"):
            paragraphs.append(plugs.load(kind, plug).methods)
        elif kind == "designs" and "modalities" in {one.partition(".")[0] for one in tables}:
            paragraphs.append(f"{plugs.load(kind, plug).methods} {_inference(tables['inference'][1])}")
    if declared := {name.partition(".")[2]: o for name, (_, o) in tables.items() if name.startswith("outcomes.")}:
        paragraphs.append(outcomes(declared))
    if names := [name.partition(".")[2] for name in tables if name.startswith("pathways.")]:
        paragraphs.append(pathways(names))
    return paragraphs


def pathways(names: Sequence[str]) -> str:
    """Return how declared diagrams were held against data."""
    return " ".join([
        _("Declared diagrams (%(names)s) were held against data, exploratory whatever came out.", names=", ".join(names)),
        _("Each equation was fitted by least squares on the participants who have all of it, with an intercept for each "
          "arm, strata, covariates and the baselines of its quantities; p by exchanging residuals within arm and stratum "
          "[@Freedman1983; @Winkler2014], corrected over all declared paths of a diagram (Holm), limits by participants "
          "drawn within arms."),
        _("The independences that a diagram declares were tested together by Fisher's C [@Shipley2000]."),
    ])  # fmt: skip


ADVICE = N_("Written from the settings of this run; adapt it, and cite what it names.")


def _markdown(paragraphs: list[str], cited: list[str], warnings: list[str]) -> str:
    parts = [
        f"# {_('Methods and references')}",
        _(ADVICE),
        *(f"**{warning}**" for warning in warnings),
        *paragraphs,
        f"## {_('References')}",
    ]
    return "\n\n".join([*parts, "\n".join(f"- {references.plain(key)}" for key in cited)]) + "\n"


def _latex(paragraphs: list[str], warnings: list[str]) -> str:
    """Return a section for natbib; the file compiles on its own, too."""
    body = [f"\\textbf{{{references.escape(warning)}}}" for warning in warnings]
    body += [references.in_latex(paragraph) for paragraph in paragraphs]
    return "\n".join([
        f"% {_(ADVICE)}", r"\documentclass{article}", r"\usepackage[utf8]{inputenc}", r"\usepackage{natbib}",
        r"\begin{document}", rf"\section{{{_('Methods')}}}", "", "\n\n".join(body), "", r"\bibliographystyle{plainnat}",
        r"\bibliography{CITATION}", r"\end{document}", "",
    ])  # fmt: skip


def _inference(o: Json) -> str:
    where = _("the brain")
    if o["small_volume"]:
        where = _("the small volume %(names)s", names=", ".join(o["small_volume"]))
    sides, variances = _(SIDES[o["sides"]]), o["variances"] == "by-arm"
    return " ".join([
        _("Arms, where compared, were re-randomised within strata [@Proschan2019]; means and changes within arms were "
          "tested by sign flips of whole participants, and slopes by exchanging residuals, on residuals where there are "
          "covariates [@Freedman1983; @Winkler2014]: %(n)s relabellings, or all where there are fewer.",
          n=o["n_permutations"]),
        *([_("Each arm had a variance of its own (Welch's t).")] if variances else []),
        _("Clusters were formed at %(sides)s p < %(p)s with %(neighbours)s neighbours.", sides=sides,
          p=f"{o['cluster_forming_p']:g}", neighbours=o["connectivity"]),
        _("The claim is carried by %(statistic)s with a familywise error of %(alpha)s, %(sides)s, over %(where)s "
          "[@Nichols2002] and jointly over %(family)s by the smallest p.", statistic=_(STATISTICS[o["claim"]]),
          alpha=f"{o['alpha']:g}", sides=sides, where=where, family=_(FAMILIES[o["family"]])),
        _("False discovery rates [@Benjamini1995] are per sign."),
        _("Beside every primary comparison of arms stands a robust p of means, by random signs of the residuals of the "
          "full model [wild bootstrap, @Davidson2008] and t with the variance HC2 [@MacKinnon1985], corrected alike."),
        _("What is confirmatory was decided by a graph of hypotheses over measures and declared outcomes [@Bretz2009]; "
          "the hypothesis of a comparison of arms, that means differ, has the larger of both p."),
        _("The share of each cluster that differs at least is by all-resolutions inference [@Rosenblatt2018]."),
        _("A change in one arm and none in the other is not taken as a difference between arms [@Bland2011]."),
    ])  # fmt: skip


STATISTICS = {
    "mass": N_("cluster mass"), "extent": N_("cluster extent"), "voxel": N_("the largest |t|"),
    "tfce": N_("threshold-free cluster enhancement [@Smith2009]"),
}  # fmt: skip
FAMILIES = {
    "maps": N_("all maps of a measure"),
    "contrasts": N_("all maps of a measure and its contrasts"),
    "measures": N_("all maps of all measures"),
    "all": N_("all maps, measures and contrasts"),
}
SIDES = {"both": N_("two-sided"), "positive": N_("one-sided (positive effects alone)")}
