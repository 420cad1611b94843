"""What is said of EEG: its methods, its part of the reporting checklist, warnings and advice."""

from __future__ import annotations

from pathlib import Path

from bids_app import __version__
from bids_app.dataset.reporting import reporting_items as reporting_items_of
from bids_app.dataset.tables import Json
from bids_app.vocabulary.options.eeg import Options

QUALITY = {
    "form": "What was read: clean epochs or series of mne-bids-pipeline, another derivative, or the raw recording.",
    "channels": "Channels of EEG.",
    "channels_bad": "Channels that are bad; they are interpolated, or absent where their position is not known.",
    "segments": "Segments of the recording.",
    "segments_kept": "Segments that are clean.",
    "seconds_kept": "Seconds that lie in a clean segment.",
    "amplitude": "Median over channels of the standard deviation in clean segments, µV.",
}
"""Columns of the quality table."""

ADVICE = (
    "What would help: a larger reject_uv (modalities.eeg.reject_uv), a better cleaning, or a longer recording; with "
    "fewer seconds (modalities.eeg.min_seconds) spectra are noisier"
)


def mark(options: Options) -> str:
    """Return the warning that must stand wherever results of these options stand, or nothing."""
    if options.raw == "refuse":
        return ""
    return "Where no cleaned EEG was there, the raw recording was taken: eye and muscle artefacts were not corrected."


def absent(bids_dir: Path) -> str:
    """Return what to say where there is nothing to read."""
    return f"No EEG in {bids_dir}, and no derivative of it was given (-d NAME=PATH)."


def methods_of(o: Json) -> str:
    """Return what was done to the recordings, in words with references, from the options."""
    reference = (
        "referenced to the average of all good channels, bad channels interpolated by spherical splines "
        "[@Perrin1989]" if o["reference"] == "average" else "kept in the reference of their files"
    )  # fmt: skip
    rejected = (
        f"Segments with a peak-to-peak amplitude above {o['reject_uv']:g} µV in any good channel were excluded"
        if o["reject_uv"] else "No segment was excluded for its amplitude"
    )  # fmt: skip
    raw = (
        " Raw recordings were filtered above 1 Hz and otherwise taken as they are: eye and muscle artefacts were not "
        "corrected." if o["raw"] == "minimal" else ""
    )  # fmt: skip
    return (
        f"Results were computed with deqi {__version__}, a BIDS App [@Gorgolewski2017]. EEG was cleaned beforehand, "
        f"read with MNE-Python [@Gramfort2013], {reference}, and cut into segments of {o['segment_seconds']:g} s that "
        f"overlap by {100 * o['overlap']:g} % and touch nothing that was marked bad.{raw} {rejected}. Sessions with "
        f"less than {o['min_seconds']:g} s of clean segments, and recordings with more than "
        f"{100 * o['max_interpolated']:g} % bad channels, were excluded."
    )


def reporting_items(options: Json, about: Json) -> dict[str, dict[str, str]]:
    """Return the answers of the checklist on recording and cleaning.

    Parameters
    ----------
    options : mapping
        Options of the modality; empty where they are not known.
    about : mapping
        Sidecar of one result of a participant; empty where there is none.
    """
    bad = about.get("ChannelsInterpolated", [])
    told = bool(about)
    facts = {
        **about.get("RecordingSidecar", {}),
        "SamplingFrequency": f"{about['SamplingFrequency']:g} Hz" if "SamplingFrequency" in about else "",
        "form": f"see the description of the derivative that was read ({about['RecordingForm']})" if told else "",
        "interpolated": f"interpolated: {', '.join(map(str, bad)) or 'none'}" if told else "",
        "reference": about.get("Reference", ""),
        "segments": f"{options['segment_seconds']:g} s, overlap {options['overlap']:g}" if options else "",
        "rejection": f"peak to peak above {options['reject_uv']:g} µV" if options else "",
        "kept": "sub-*/**/*_desc-eeg_qc.tsv" if told else "",
        "spectra": "Welch, Hann window; bands and units in the sidecars" if told else "",
        "neighbours": "Delaunay triangles of one montage; group/eeg/*_adjacency.tsv" if told else "",
    }
    return reporting_items_of("cobidas-meeg", facts)
