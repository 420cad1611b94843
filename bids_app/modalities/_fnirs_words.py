"""What is said of near-infrared spectroscopy: its methods, its part of the reporting checklist, quality and advice."""

from __future__ import annotations

from pathlib import Path

from bids_app import __version__
from bids_app.dataset.tables import Json

QUALITY = {
    "channels": "Channels that reach the brain: pairs of source and detector, short ones aside.",
    "channels_good": "Those of them that are used.",
    "short_good": "Short channels that are used.",
    "coupling": "Median scalp coupling index of the channels of the file.",
    "seconds": "Seconds of the recording.",
    "events": "Events that the recording has.",
    "rate": "Samples a second that are kept.",
}
"""Columns of the quality table."""

ADVICE = (
    "What would help: better contact of the optodes, a smaller min_coupling (modalities.fnirs.min_coupling), or fewer "
    "good channels (modalities.fnirs.min_good)"
)


def absent(bids_dir: Path) -> str:
    """Return what to say where there is nothing to read."""
    return f"No fNIRS (sub-*/nirs/*_nirs.snirf) in {bids_dir}. Files of the device are exported as SNIRF."


def methods_of(o: Json) -> str:
    """Return what was done to the recordings, in words with references, from the options."""
    motion = "motion was not corrected"
    if o["motion"] == "tddr":
        motion = "motion was reduced by temporal derivative distribution repair [@Fishburn2019]"
    coupled = "Channels were excluded"
    if o["min_coupling"]:
        coupled = (
            f"Channels with a scalp coupling index below {o['min_coupling']:g} [@Pollonini2014] were excluded, as were "
            "those"
        )
    factor = f"a partial pathlength factor of {o['ppf']}"
    if o["ppf"] == "age":
        factor = "the differential pathlength factor of each wavelength and age [@Scholkmann2013]"
    return (
        f"Results were computed with deqi {__version__}, a BIDS App [@Gorgolewski2017]. SNIRF files were read with "
        f"MNE-Python [@Gramfort2013]. {coupled} with light that was saturated, constant, or 0 at any time. Light was "
        f"turned into optical density, {motion}, and changes of oxygenated and deoxygenated haemoglobin (µM) were had "
        f"by the modified Beer-Lambert law with {factor}. Sessions with fewer than {100 * o['min_good']:g} % good "
        f"channels were excluded, and contrasts of trial types with fewer than {o['min_events']:g} events in a run."
    )


def reporting_items(options: Json, about: Json) -> dict[str, dict[str, str]]:
    """Return the answers of the checklist on recording and cleaning."""
    waves = ", ".join(f"{float(one):g} nm" for one in about.get("WavelengthsNominal", []))
    factors = about.get("PPF", "")
    return {
        "fNIRS": {
            "Wavelengths": waves,
            "Sampling frequency": f"{about['SamplingFrequencyOfFile']:g} Hz"
            if "SamplingFrequencyOfFile" in about
            else "",
            "Optode holder, positions and how they were measured": "",
            "Short channels": ", ".join(map(str, about.get("ShortChannels", []))) or ("none" if about else ""),
            "Quality of channels": f"scalp coupling index of {options.get('min_coupling', '')} or more",
            "Motion correction": str(options.get("motion", "")),
            "Partial pathlength factor": ", ".join(map(str, factors)) if isinstance(factors, list) else str(factors),
            "Where events are from": str(about.get("EventsSource", "")),
        }
    }
