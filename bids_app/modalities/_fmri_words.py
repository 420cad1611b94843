"""What is said of fMRI: its methods, its part of the reporting checklist, warnings and advice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bids_app import __version__
from bids_app.dataset import presets
from bids_app.dataset.tables import Json
from bids_app.vocabulary.options.cleaning import Options

QUALITY = {
    "volumes": "Volumes of the series.",
    "volumes_kept": "Volumes that are not censored.",
    "minutes_kept": "Minutes of kept volumes.",
    "mean_fd": "Mean framewise displacement over all volumes, mm.",
    "max_fd": "Largest framewise displacement, mm.",
    "df_res": "Residual degrees of freedom of the cleaned series.",
    "df_effective": "What they are worth for a correlation, given autocorrelation; n/a after a low-pass filter.",
    "df_confounds": "Degrees of freedom that drift and confounds took.",
    "df_band": "Degrees of freedom that the stop band took beside them.",
    "voxels": "Voxels of the mask that are finite and vary.",
    "voxels_unusable": "Voxels of the brain mask that are constant or not finite.",
    "tsnr": "Median over voxels of mean over standard deviation, before cleaning.",
    "gcor": "Global correlation: mean correlation over all pairs of voxels after cleaning.",
}
"""Columns of the quality table."""

ADVICE = (
    "What would help: high-pass only (modalities.fmri.low_pass=0), fewer confounds (modalities.fmri.confounds), a "
    "higher fd_threshold"
)


def mark(options: Options) -> str:
    """Return the warning that must stand wherever results of these options stand, or nothing."""
    if not options.stepwise:
        return ""
    return (
        "Replication only, not recommended: confounds were regressed out first and the band was filtered afterwards, "
        "as much of the literature did. That brings back noise which the regression had taken out."
    )


def absent(bids_dir: Path) -> str:
    """Return what to say where there are no derivatives to read."""
    return (
        f"No fMRIPrep derivatives in {bids_dir}/derivatives/fmriprep*, and {bids_dir} is not a derivative dataset "
        "itself."
    )


def methods_of(o: Json) -> str:
    """Return what was done to the series, in words with references, from the options."""
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
        f"Frames with a framewise displacement above {o['fd_threshold']:g} mm [@Power2012] and "
        f"{o['censor_after']} after each were censored, as were frames before steady state."
        if o["fd_threshold"]
        else "No frame was censored for motion."
    )
    smoothing = (
        f"Target maps were smoothed with a Gaussian of {o['smoothing_fwhm']:g} mm FWHM inside the brain mask, seeds "
        "were not." if o["smoothing_fwhm"] else "Nothing was smoothed."
    )  # fmt: skip
    profile = {
        "one-model": (
            f"cleaned by one least-squares projection that keeps {band} and removes {nuisance}; all of it in one "
            "model, so that no step brings back what another took out [@Lindquist2019; @Hallquist2013]."
        ),
        "regress-then-filter": (
            f"cleaned in two steps: {nuisance} were regressed out, and the residuals filtered to {band}, as DPARSF "
            "does [@Yan2010]. This is for replication only and is not recommended: the second step brings back "
            "noise that the first took out [@Lindquist2019; @Hallquist2013]."
        ),
    }[o["procedure"]]
    return (
        f"Results were computed with deqi {__version__}, a BIDS App [@Gorgolewski2017], from series "
        "preprocessed in fMRIPrep layout [@Esteban2019], with PyBIDS [@Yarkoni2019] and nilearn [@Abraham2014]. "
        f"{dropped}Each run was {profile} {censoring} {smoothing} Sessions with fewer than "
        f"{o['min_df_res']} residual degrees of freedom or {o['min_minutes']:g} minutes of kept frames were left out."
    )


def reporting_items(options: Json, about: Json) -> dict[str, dict[str, str]]:
    """Return the answers of the checklist of COBIDAS on acquisition and cleaning.

    Parameters
    ----------
    options : mapping
        Options of the cleaning; empty where they are not known.
    about : mapping
        Sidecar of one map of a participant; empty where there is none.
    """
    where = (str(about[name]) for name in ("SpatialReference", "Resolution") if name in about)
    band = f"high-pass {options['high_pass']:g} Hz, low-pass {options['low_pass']:g} Hz (0: none)" if options else ""
    censoring = f"framewise displacement above {options['fd_threshold']:g} mm" if options else ""
    return {
        "Acquisition": {
            "Scanner: make, model, field strength, coil": "",
            "Sequence, echo time, flip angle, acceleration": "",
            "Repetition time": _seconds(about["RepetitionTime"]) if about else "",
            "Volumes of a session": str(about.get("VolumesTotal", "")),
            "Eyes open or closed, physiological recordings": "",
        },
        "Preprocessing": {
            "Software and version of preprocessing": "fMRIPrep layout; see the derivative's own description",
            "Space and resolution": ". ".join(where),
            "Nuisance regressors": _words(about.get("Confounds", [])),
            "Censoring": censoring,
            "Temporal filter": band,
            "Order of the steps": str(about.get("Procedure", "")),
            "Smoothing": f"{options['smoothing_fwhm']:g} mm FWHM" if options else "",
            "Residual degrees of freedom at least": str(options.get("min_df_res", "")),
        },
    }


def _seconds(said: float | list[float]) -> str:
    """Return one repetition time, or that of each run where they differ."""
    return ", ".join(f"{step:g} s" for step in (said if isinstance(said, list) else [said]))


def _words(said: list[Any]) -> str:
    """Return words, each once, also where runs have lists of their own."""
    return ", ".join(dict.fromkeys(word for one in said for word in (one if isinstance(one, list) else [one])))
