"""Some of the relabellings of a group analysis, kept as files for the call that brings all of them together."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from bids_app.errors import MissingInputError, WrongDataError
from bids_app.levels.group import contrast_test
from bids_app.levels.group.arm_similarity import Stacks
from bids_app.levels.group.contrast_test import Progress
from bids_app.levels.group.inputs import everybody_of, kept_of, keys_of, read
from bids_app.statistics.result import Subject
from bids_app.vocabulary.job import GroupJob, Summary
from bids_app.vocabulary.options.execution import Share

LEFT = (MissingInputError, WrongDataError)
"""What is left to the call that sums up to tell."""


def relabel(job: GroupJob, progress: Progress) -> Summary:
    """Make and keep the relabellings of the job's share alone; what cannot be analysed is left to `run` to tell.

    Kinds of maps, contrasts of a kind, and parts of a contrast follow each other between the places 0 and 1, so that a
    share reads few kinds of maps.
    """
    assert job.share
    everybody, covered = everybody_of(job)
    run, keys = contrast_test.Run(job=job, schemes={}, progress=progress, keeper=kept_of(job)), keys_of(job)
    for number, key in enumerate(keys):
        if not job.share.overlaps(number / len(keys), (number + 1) / len(keys)):
            continue
        with suppress(*LEFT):
            loaded = read(job, key, covered)
            subject, stacks = loaded.subject, loaded.stacks
            _relabel(subject, stacks, run, (number / len(keys), 1 / len(keys)))
    return Summary(frozenset(), (), {"Participants": len(everybody.rows)})


def _relabel(subject: Subject, stacks: Stacks, run: contrast_test.Run, place: tuple[float, float]) -> None:
    """Make what the share has of one kind of map, whose relabellings begin at a place and take up a length."""
    share, asked = run.job.share, subject.design.contrasts
    assert share
    length = place[1] / len(asked)
    for i, contrast in enumerate(asked):
        start = place[0] + i * length
        with suppress(*LEFT):
            if share.overlaps(start, start + length):
                question = contrast_test.ask(subject, stacks, contrast, run)
                contrast_test.relabel(question, subject, run, partial(_wanted, share, start, length))


def _wanted(share: Share, start: float, length: float, place: float) -> bool:
    return share.takes(start + length * place)
