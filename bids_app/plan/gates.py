"""How many sessions pass the gates on degrees of freedom and minutes, and which settings would keep more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bids_app import plugs
from bids_app.errors import DeqiError
from bids_app.vocabulary.job import ParticipantJob

MOST = 24
"""Sessions that other settings are tried on; of hundreds a sample tells."""

OTHERS: tuple[Mapping[str, Any], ...] = (
    {"low_pass": 0.0},
    {"confounds": "6P+csf+wm"},
    {"low_pass": 0.0, "confounds": "6P+csf+wm"},
)
"""Settings of fMRI that cost fewer degrees of freedom, the mildest change first."""


@dataclass(frozen=True)
class Proposal:
    """Settings, in the words of `--set`, and how many of the sessions tried pass with them."""

    words: tuple[str, ...]
    passing: int
    tried: int


def too_little(job: ParticipantJob, options: Any | None = None) -> str:
    """Return why a session will be left out, by its tables and headers alone; nothing if it passes."""
    ((kind, own),) = job.modality.items()
    modality, chosen = plugs.load("modalities", kind), options or own
    plans, problems = [], []
    for recording in job.recordings:
        try:
            plans.append(modality.prepare(recording, chosen))
        except DeqiError as error:
            problems.append(str(error))
    if not plans:
        return problems[0]
    why: str = modality.too_little(sum(p.df_res for p in plans), sum(p.minutes for p in plans), chosen)
    return why


def proposals(jobs: Sequence[ParticipantJob]) -> list[Proposal]:
    """Return settings with which more sessions pass, the best first; none where most do, or nothing helps."""
    sample = jobs[:: max(len(jobs) // MOST, 1)][:MOST]
    if not sample:
        return []
    ((kind, own),) = sample[0].modality.items()
    now = sum(not too_little(job) for job in sample)
    if now == len(sample):
        return []
    found = []
    for change in OTHERS:
        if all(hasattr(own, name) for name in change):
            passing = sum(not too_little(job, replace(own, **change)) for job in sample)
            words = tuple(f"modalities.{kind}.{name}={value}" for name, value in change.items())
            found.append(Proposal(words, passing, len(sample)))
    return sorted((one for one in found if one.passing > now), key=lambda one: -one.passing)


def advice(jobs: Sequence[ParticipantJob]) -> str:
    """Return what would help, in words; nothing if nothing is known to."""
    best = next(iter(proposals(jobs)), None)
    if best is None:
        return ""
    said = " ".join(f"--set {word}" for word in best.words)
    return f"With {said} {best.passing} of {best.tried} sessions pass."
