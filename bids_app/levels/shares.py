"""Some of the relabellings of a group analysis, kept as files for the call that brings all of them together."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from bids_app.errors import DeqiError
from bids_app.levels import contrasts
from bids_app.levels.contrasts import Progress
from bids_app.levels.reading import everybody_of, kept_of, keys_of, read
from bids_app.vocabulary.execution import Share
from bids_app.vocabulary.job import GroupJob, Summary


def relabel(job: GroupJob, progress: Progress) -> Summary:
    """Make and keep the relabellings of the job's share alone; what cannot be analysed is left to `run` to tell.

    Kinds of maps, contrasts of a kind, and parts of a contrast follow each other between the places 0 and 1, so that a
    share reads few kinds of maps.
    """
    assert job.share
    everybody, covered = everybody_of(job)
    run, keys = contrasts.Run(job, {}, progress, kept_of(job)), keys_of(job)
    for number, key in enumerate(keys):
        if not job.share.overlaps(number / len(keys), (number + 1) / len(keys)):
            continue
        with suppress(DeqiError):
            subject, stacks, _ = read(job, key, covered)
            asked = subject.design.contrasts
            for i, contrast in enumerate(asked):
                start, length = (number + i / len(asked)) / len(keys), 1 / len(asked) / len(keys)
                wanted = partial(_wanted, job.share, start, length)
                if job.share.overlaps(start, start + length):
                    contrasts.relabel(contrasts.ask(subject, stacks, contrast, run), run, wanted)
    return Summary(frozenset(), (), {"Participants": len(everybody.rows)})


def _wanted(share: Share, start: float, length: float, place: float) -> bool:
    return share.takes(start + length * place)
