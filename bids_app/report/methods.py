"""The methods of this very run in words, with references: `logs/CITATION.md`, `.html`, `.tex` and `.bib`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bids_app import __version__, plugs
from bids_app.dataset import presets
from bids_app.derivatives.atomic import write_text
from bids_app.derivatives.files import write_json
from bids_app.report import page, references
from bids_app.report.methods_outcomes import outcomes

Tables = Mapping[str, tuple[type[Any], Mapping[str, Any]]]


def write_citation(output_dir: Path, tables: Tables, notices: Iterable[str] = ()) -> None:
    """Write the methods text of a run from its resolved settings, below warnings that all of it carries."""
    paragraphs = _paragraphs(tables)
    cited = references.named("\n".join(paragraphs))
    warnings = [notice for notice in notices if notice]
    logs = output_dir / "logs"
    write_text(logs / "CITATION.md", _markdown(paragraphs, cited, warnings))
    write_json(logs / "CITATION.json", {"Paragraphs": paragraphs})
    write_text(logs / "CITATION.tex", _latex(paragraphs, warnings))
    write_text(logs / "CITATION.bib", "\n".join(references.bibtex(key) for key in cited))
    values = {"paragraphs": paragraphs, "references": [references.REFERENCES[key] for key in cited]}
    own = [warning for warning in warnings if warning != page.notice(output_dir)]  # that one stands on every page
    page.write(output_dir, "logs/CITATION.html", "citation.html", {**values, "warnings": own}, [])


def _paragraphs(tables: Tables) -> list[str]:
    paragraphs = [_cleaning(tables["modalities.fmri"][1])]
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
    body += [references.with_keys(paragraph) for paragraph in paragraphs]
    return "\n".join([
        f"% {ADVICE}", r"\documentclass{article}", r"\usepackage[utf8]{inputenc}", r"\usepackage{natbib}",
        r"\begin{document}", r"\section{Methods}", "", "\n\n".join(body), "", r"\bibliographystyle{plainnat}",
        r"\bibliography{CITATION}", r"\end{document}", "",
    ])  # fmt: skip


def _cleaning(o: Mapping[str, Any]) -> str:
    band = {
        (True, True): f"the band {o['high_pass']:g}-{o['low_pass']:g} Hz",
        (True, False): f"frequencies above {o['high_pass']:g} Hz",
        (False, True): f"frequencies below {o['low_pass']:g} Hz",
        (False, False): "all frequencies",
    }[o["high_pass"] > 0, o["low_pass"] > 0]
    if isinstance(o["confounds"], str):
        preset = presets.load("confounds", o["confounds"])
        confounds = f"{preset['description']} ({preset['citation']})"
    else:
        confounds = f"the confound columns {', '.join(o['confounds'])}" if o["confounds"] else "no further confounds"
    nuisance = f"a polynomial drift of order {o['detrend']} and {confounds}"
    dropped = f"The first {o['dummy_scans']} volumes were left out. " if o["dummy_scans"] else ""
    censoring = (
        f"Frames with a framewise displacement above {o['fd_threshold']:g} mm (Power et al. 2012) and {o['censor_after']} "
        "after each were censored, as were frames before steady state."
        if o["fd_threshold"]
        else "No frame was censored for motion."
    )
    smoothing = (
        f"Target maps were smoothed with a Gaussian of {o['smoothing_fwhm']:g} mm FWHM inside the brain mask, seeds were "
        "not." if o["smoothing_fwhm"] else "Nothing was smoothed."
    )  # fmt: skip
    profile = {
        "one-model": (
            f"cleaned by one least-squares projection that keeps {band} and removes {nuisance}; all of it in one model, so "
            "that no step brings back what another took out (Lindquist et al. 2019; Hallquist et al. 2013)."
        ),
        "regress-then-filter": (
            f"cleaned in two steps: {nuisance} were regressed out, and the residuals filtered to {band}, as DPARSF does "
            "(Yan & Zang 2010). This is for replication only and is not recommended: the second step brings back noise "
            "that the first took out (Lindquist et al. 2019; Hallquist et al. 2013)."
        ),
    }[o["procedure"]]
    return (
        f"Results were computed with deqi {__version__}, a BIDS App (Gorgolewski et al. 2017), from series preprocessed in "
        f"fMRIPrep layout (Esteban et al. 2019), with PyBIDS (Yarkoni et al. 2019) and nilearn (Abraham et al. 2014). "
        f"{dropped}Each run was {profile} {censoring} {smoothing} Sessions with fewer than "
        f"{o['min_df_res']} residual degrees of freedom or {o['min_minutes']:g} minutes of kept frames were left out."
    )


def _inference(o: Mapping[str, Any]) -> str:
    names = {"mass": "cluster mass", "extent": "cluster extent", "voxel": "the largest |t|",
             "tfce": "threshold-free cluster enhancement (Smith & Nichols 2009)"}  # fmt: skip
    families = {"maps": "all maps of a measure", "contrasts": "all maps of a measure and its contrasts",
                "measures": "all maps of all measures", "all": "all maps, measures and contrasts"}  # fmt: skip
    where = f"the small volume {', '.join(o['small_volume'])}" if o["small_volume"] else "the brain"
    sides = {"both": "two-sided", "positive": "one-sided (positive effects alone)"}[o["sides"]]
    variances = " Each arm had a variance of its own (Welch's t)." if o["variances"] == "by-arm" else ""
    return (
        f"Arms, where compared, were re-randomised within strata (Proschan & Dodd 2019); means and changes within arms were "
        f"tested by sign flips of whole participants, and slopes by exchanging residuals, on residuals where there are "
        f"covariates (Freedman & Lane 1983; Winkler et al. 2014): {o['n_permutations']} relabellings, or all where there are "
        f"fewer.{variances} Clusters were formed at {sides} p < {o['cluster_forming_p']:g} with {o['connectivity']} "
        f"neighbours. The claim is carried by {names[o['claim']]} with a familywise error of {o['alpha']:g}, {sides}, over "
        f"{where} (Nichols & Holmes 2002) and jointly over {families[o['family']]} by the smallest p. False discovery rates "
        "(Benjamini & Hochberg 1995) are per sign. Beside every primary comparison of arms stands a robust p of means, by "
        "random signs of the residuals of the full model (wild bootstrap, Davidson & Flachaire 2008) and t with the "
        "variance HC2 (MacKinnon & White 1985), corrected alike. What is confirmatory was decided by a graph of hypotheses "
        "over measures and declared outcomes (Bretz et al. 2009); the hypothesis of a comparison of arms, that means "
        "differ, has the larger of both p. The share of each cluster that differs at least is by all-resolutions inference "
        "(Rosenblatt et al. 2018). A change in one arm and none in the other is not taken as a difference "
        "between arms (Bland & Altman 2011)."
    )
