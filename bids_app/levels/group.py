"""One task in one space: every seed, every contrast, one family, files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy import ndimage

from bids_app import plugs
from bids_app.dataset.maps import group_mask, load_maps, smoothing_of
from bids_app.derivatives.group import GroupWriter
from bids_app.statistics import linear_model, permutation
from bids_app.statistics.clusters import label as label_clusters
from bids_app.statistics.clusters import neighbourhood
from bids_app.statistics.relabelling import Rerandomisation, Scheme, SignFlips
from bids_app.statistics.result import Result, Subject, joint_p
from bids_app.vocabulary.design import Contrast, Design
from bids_app.vocabulary.grid import GroupMask, Mask
from bids_app.vocabulary.inference import Inference
from bids_app.vocabulary.job import GroupJob, Summary

Progress = Callable[[str, int, int], None]


def run(job: GroupJob, progress: Progress = lambda what, done, total: None) -> Summary:
    """Do the group analysis of one task and return what was written and what was left out."""
    labels = sorted({label for maps in job.sessions.values() for label in maps.maps})
    everybody = _design(job, labels)
    covered = group_mask(job.sessions, everybody)
    writer = GroupWriter(job, covered.grid)
    writer.mask(covered)
    results: list[Result] = []
    schemes: dict[tuple[str, tuple[str, ...]], Scheme] = {}
    notes = [*everybody.notes, *covered.notes]
    for label in labels:
        subject = _subject(job, label, covered)
        present = {row["participant_id"] for row in subject.design.rows}
        if gone := [row["participant_id"] for row in everybody.rows if row["participant_id"] not in present]:
            notes.append(f"{job.by} {label} is analysed without {', '.join(gone)}, who lack its map.")
        around = neighbourhood(subject.mask, job.inference.connectivity)
        for contrast in subject.design.contrasts:
            model = _model(subject, contrast)
            # Seeds with the same participants share one scheme, as they share its relabellings.
            people = contrast.name, tuple(subject.design.rows[i]["participant_id"] for i in contrast.members)
            scheme = schemes.setdefault(people, _scheme(contrast, job.inference))
            threshold = permutation.cluster_threshold(job.inference.cluster_forming_p, model.df)
            tell = partial(progress, f"{label}, {contrast.name}")
            null = permutation.run(model, scheme, around, threshold, job.threads, tell)
            found = label_clusters(null.t, around, threshold)
            results.append(Result(subject, contrast, model, scheme, threshold, null, found))
    _write(results, writer, job.inference)
    writer.flow(everybody, notes)
    return Summary(frozenset(writer.files), tuple(notes), {"Participants": len(everybody.rows)})


def _design(job: GroupJob, labels: Sequence[str]) -> Design:
    """Return the design over participants who have any of the maps in question."""
    ((kind, options),) = job.design.items()
    available: dict[str, set[str]] = {}
    for (participant, session), found in job.sessions.items():
        if any(label in found.maps for label in labels):
            available.setdefault(participant, set()).add(session)
    design: Design = plugs.load("designs", kind).design(job.participants, available, job.reasons, options)
    return design


def _subject(job: GroupJob, label: str, covered: GroupMask) -> Subject:
    """Read every map of a seed, on the voxels where all of them have a value."""
    design = _design(job, [label])
    pre, post, mask = load_maps(job.sessions, design, label, covered)
    maps = next(found.maps for found in job.sessions.values() if label in found.maps)
    return Subject(label, design, mask, _near(covered, mask, 2 * smoothing_of(maps[label])), pre, post)


def _near(covered: GroupMask, mask: Mask, reach: float) -> Mask:
    """Return voxels within `reach` mm of the seed: that is where maps have no value though all are measured."""
    seed = covered.mask & ~mask
    if not seed.any():
        return np.zeros_like(mask)
    distance = ndimage.distance_transform_edt(~seed, sampling=covered.grid.voxel_sizes)
    return np.asarray(distance <= reach)


def _model(subject: Subject, contrast: Contrast) -> linear_model.LinearModel:
    rows = contrast.members
    pre, post = subject.pre[rows].astype(np.float64), subject.post[rows].astype(np.float64)
    outcome = post - pre if contrast.outcome == "change" else post
    return linear_model.fit(outcome, contrast.regressor, contrast.nuisance, pre if contrast.adjusted else None)


def _scheme(contrast: Contrast, inference: Inference) -> Scheme:
    seed, number = inference.random_seed, inference.n_permutations
    if contrast.scheme == "rerandomise":
        return Rerandomisation(contrast.regressor, contrast.strata, seed, number)
    return SignFlips(len(contrast.members), seed, number)


def _write(results: Sequence[Result], writer: GroupWriter, inference: Inference) -> None:
    """Write every result with the p that its family gives it."""
    by_contrast: dict[str, list[Result]] = {}
    for result in results:
        by_contrast.setdefault(result.contrast.name, []).append(result)
    for members in by_contrast.values():
        for result, joint in zip(members, joint_p(members), strict=True):
            writer.result(result, joint, inference, len(members))
