"""The methods of this very run in words, with references: `logs/CITATION.md`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bids_app import __version__, plugs
from bids_app.dataset import presets
from bids_app.derivatives.atomic import write_text

REFERENCES = {
    "Abraham 2014": "Abraham A, et al. Machine learning for neuroimaging with scikit-learn. Front Neuroinform 2014;8:14. doi:10.3389/fninf.2014.00014",
    "Benjamini 1995": "Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 1995;57:289-300. doi:10.1111/j.2517-6161.1995.tb02031.x",
    "Bland 2011": "Bland JM, Altman DG. Comparisons against baseline within randomised groups are often used and can be highly misleading. Trials 2011;12:264. doi:10.1186/1745-6215-12-264",
    "Esteban 2019": "Esteban O, et al. fMRIPrep: a robust preprocessing pipeline for functional MRI. Nat Methods 2019;16:111-116. doi:10.1038/s41592-018-0235-4",
    "Freedman 1983": "Freedman D, Lane D. A nonstochastic interpretation of reported significance levels. J Bus Econ Stat 1983;1:292-298. doi:10.1080/07350015.1983.10509354",
    "Gorgolewski 2017": "Gorgolewski KJ, et al. BIDS Apps. PLoS Comput Biol 2017;13:e1005209. doi:10.1371/journal.pcbi.1005209",
    "Hallquist 2013": "Hallquist MN, Hwang K, Luna B. The nuisance of nuisance regression. NeuroImage 2013;82:208-225. doi:10.1016/j.neuroimage.2013.05.116",
    "Lindquist 2019": "Lindquist MA, et al. Modular preprocessing pipelines can reintroduce artifacts into fMRI data. Hum Brain Mapp 2019;40:2358-2376. doi:10.1002/hbm.24528",
    "Nichols 2002": "Nichols TE, Holmes AP. Nonparametric permutation tests for functional neuroimaging. Hum Brain Mapp 2002;15:1-25. doi:10.1002/hbm.1058",
    "Power 2012": "Power JD, et al. Spurious but systematic correlations in functional connectivity MRI networks arise from subject motion. NeuroImage 2012;59:2142-2154. doi:10.1016/j.neuroimage.2011.10.018",
    "Proschan 2019": "Proschan MA, Dodd LE. Re-randomization tests in clinical trials. Stat Med 2019;38:2292-2302. doi:10.1002/sim.8093",
    "Smith 2009": "Smith SM, Nichols TE. Threshold-free cluster enhancement: addressing problems of smoothing, threshold dependence and localisation in cluster inference. NeuroImage 2009;44:83-98. doi:10.1016/j.neuroimage.2008.03.061",
    "Winkler 2014": "Winkler AM, et al. Permutation inference for the general linear model. NeuroImage 2014;92:381-397. doi:10.1016/j.neuroimage.2014.01.060",
    "Yan 2010": "Yan CG, Zang YF. DPARSF: a MATLAB toolbox for \"pipeline\" data analysis of resting-state fMRI. Front Syst Neurosci 2010;4:13. doi:10.3389/fnsys.2010.00013",
    "Yarkoni 2019": "Yarkoni T, et al. PyBIDS: Python tools for BIDS datasets. J Open Source Softw 2019;4:1294. doi:10.21105/joss.01294",
}  # fmt: skip
"""Only what was looked up; `cited` picks those that the text names."""

Tables = Mapping[str, tuple[type[Any], Mapping[str, Any]]]


def write_citation(output_dir: Path, tables: Tables, notices: Iterable[str] = ()) -> None:
    """Write the methods text of a run from its resolved settings, below warnings that all of it carries."""
    paragraphs = [_cleaning(tables["modalities.fmri"][1])]
    if condition := tables["dataset"][1]["preset"]:
        preset = presets.load("conditions", condition)
        said = "; ".join(preset["citation"])
        paragraphs.append(
            f"Seeds, networks and pairs were those of the preset {condition} ({preset['status']}), reported by {said}."
        )
    for name in tables:
        kind, _, plug = name.partition(".")
        if kind == "measures":
            paragraphs.append(plugs.load(kind, plug).METHODS)
        elif kind == "designs":
            paragraphs.append(f"{plugs.load(kind, plug).METHODS} {_inference(tables['inference'][1])}")
    text = "\n\n".join(paragraphs)
    references = [f"- {entry}" for key, entry in REFERENCES.items() if _said(key, text)]
    warning = "".join(f"**{notice}**\n\n" for notice in notices if notice)
    heading = "# Methods and references\n\nWritten from the settings of this run; adapt it, and cite what it names.\n\n"
    write_text(
        output_dir / "logs" / "CITATION.md",
        f"{heading}{warning}{text}\n\n## References\n\n" + "\n".join(references) + "\n",
    )


def _said(key: str, text: str) -> bool:
    name, year = key.split()
    return f"{name} et al. {year}" in text or (f"{name} & " in text and year in text) or f"({name} {year}" in text


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
        "(Benjamini & Hochberg 1995) are per sign. A change in one arm and none in the other is not taken as a difference "
        "between arms (Bland & Altman 2011)."
    )
