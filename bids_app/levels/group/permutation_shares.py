"""Some of the relabellings of a group analysis, kept as files for the call that brings all of them together."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from bids_app.errors import MissingInputError, WrongDataError
from bids_app.levels.group import contrast_test
from bids_app.levels.group.arm_similarity import Stacks
from bids_app.levels.group.contrast_test import Progress
from bids_app.levels.group.inputs import checkpoints_of, load_kind, map_keys, participants_of
from bids_app.statistics.result import MapSet
from bids_app.vocabulary.job import GroupJob, Summary
from bids_app.vocabulary.options.execution import PermutationShare

LEFT = (MissingInputError, WrongDataError)
"""What is left to the call that sums up to tell."""


def permute_share(job: GroupJob, progress: Progress) -> Summary:
    """Make and keep the permutations of the job's share alone; what cannot be analysed is left to `run` to tell.

    Kinds of maps, contrasts of a kind, and parts of a contrast follow each other between the places 0 and 1, so that a
    share reads few kinds of maps.
    """
    assert job.share
    everyone, covered = participants_of(job)
    run, keys = (
        contrast_test.GroupContext(job=job, schemes={}, progress=progress, keeper=checkpoints_of(job)),
        map_keys(job),
    )
    for number, key in enumerate(keys):
        if not job.share.overlaps(number / len(keys), (number + 1) / len(keys)):
            continue
        with suppress(*LEFT):
            loaded = load_kind(job, key, covered)
            map_set, stacks = loaded.map_set, loaded.stacks
            _relabel(map_set, stacks, run, (number / len(keys), 1 / len(keys)))
    return Summary(frozenset(), (), {"Participants": len(everyone.rows)})


def _relabel(map_set: MapSet, stacks: Stacks, run: contrast_test.GroupContext, place: tuple[float, float]) -> None:
    """Make what the share has of one kind of map, whose relabellings begin at a place and take up a length."""
    share, asked = run.job.share, map_set.design.contrasts
    assert share
    length = place[1] / len(asked)
    for i, contrast in enumerate(asked):
        start = place[0] + i * length
        with suppress(*LEFT):
            if share.overlaps(start, start + length):
                question = contrast_test.fit_contrast(map_set, stacks, contrast, run)
                contrast_test.fill_checkpoints(question, map_set, run, partial(_wanted, share, start, length))


def _wanted(share: PermutationShare, start: float, length: float, place: float) -> bool:
    return share.takes(start + length * place)
