"""How many sessions pass the gates on degrees of freedom and minutes, and which settings would keep more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bids_app import plugs
from bids_app.derivatives.completion_records import read_record
from bids_app.derivatives.paths import record_path
from bids_app.errors import DeqiError
from bids_app.vocabulary.job import ParticipantJob
from bids_app.vocabulary.run_state import RunState

MOST = 24
"""Sessions that other settings are tried on; of hundreds a sample tells."""


@dataclass(frozen=True)
class Proposal:
    """Settings, in the words of `--set`, how many of the sessions tried pass with them, and a remark on that count."""

    words: tuple[str, ...]
    passing: int
    tried: int
    remark: str = ""


def too_little(job: ParticipantJob, options: object | None = None) -> str:
    """Return why a session will be left out, before any series is read; nothing if it passes."""
    modality, chosen = plugs.modality(job.modality.name), options or job.modality.options
    runs, problems = [], []
    for recording in job.recordings:
        try:
            runs.append(RunState(recording=recording, prepared=modality.prepare(recording, chosen)))
        except DeqiError as error:
            problems.append(str(error))
    return modality.too_little(runs, chosen) if runs else problems[0]


def proposals(jobs: Sequence[ParticipantJob]) -> list[Proposal]:
    """Return settings with which more sessions pass, the best first; none where most do, or nothing helps."""
    kinds = {job.modality.name for job in jobs}
    if len(kinds) > 1:
        return [one for kind in sorted(kinds) for one in proposals([j for j in jobs if j.modality.name == kind])]
    sample = jobs[:: max(len(jobs) // MOST, 1)][:MOST]
    if not sample:
        return []
    kind, own = sample[0].modality.name, sample[0].modality.options
    now = sum(not too_little(job) for job in sample)
    if now == len(sample):
        return []
    found = []
    for change, remark in plugs.modality(kind).alternatives:
        passing = sum(not too_little(job, replace(own, **change)) for job in sample)
        words = tuple(f"modalities.{kind}.{name}={value}" for name, value in change.items())
        found.append(Proposal(words, passing, len(sample), remark))
    return sorted((one for one in found if one.passing > now), key=lambda one: -one.passing)


def advice(jobs: Sequence[ParticipantJob]) -> str:
    """Return what would help, in words; nothing if nothing is known to."""
    best = next(iter(proposals(jobs)), None)
    if best is None:
        return ""
    said = " ".join(f"--set {word}" for word in best.words)
    return f"With {said} {best.passing} of {best.tried} sessions pass{best.remark}."


def none_left(jobs: Sequence[ParticipantJob], reasons: Mapping[str, str]) -> str:
    """Return what to say where no session passes: how many, why, and what would help; nothing if one does.

    Parameters
    ----------
    reasons : mapping of str
        Why a session is left out, by the label of its job.
    """
    out = [job for job in jobs if reasons.get(job.label)]
    if not jobs or len(out) < len(jobs):
        return ""
    said = "; ".join(f"{job.label.partition('_task')[0]}: {reasons[job.label]}" for job in out[:2])
    more = f"; and {len(out) - 2} more" if len(out) > 2 else ""
    return f"0 of {len(jobs)} sessions can be used: {said}{more}. {advice(jobs)}".rstrip()


def reasons_left_out(jobs: Sequence[ParticipantJob]) -> dict[str, str]:
    """Return why sessions that were worked on are left out, by the label of their job, from their records."""
    records = {job.label: record_path(job.output_dir, job.label) for job in jobs}
    return {
        label: str(content.get("LeftOut", "")) for label, path in records.items()
        if path.exists() and (content := read_record(path))
    }  # fmt: skip
