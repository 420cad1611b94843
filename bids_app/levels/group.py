"""One task in one space: every seed, every contrast, one family, files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy import ndimage

from bids_app import plugs
from bids_app.dataset.maps import group_mask, load_maps, smoothing_of
from bids_app.derivatives.group import GroupWriter
from bids_app.errors import DeqiError
from bids_app.levels import design
from bids_app.statistics import linear_model, permutation
from bids_app.statistics.clusters import label as label_clusters
from bids_app.statistics.clusters import neighbourhood
from bids_app.statistics.relabelling import Rerandomisation, Scheme, SignFlips
from bids_app.statistics.result import Result, Subject, joint_p
from bids_app.vocabulary.design import Contrast
from bids_app.vocabulary.grid import GroupMask, Mask
from bids_app.vocabulary.inference import Inference
from bids_app.vocabulary.job import GroupJob, MapKey, Summary

Progress = Callable[[str, int, int], None]
Schemes = dict[tuple[str, tuple[str, ...]], Scheme]


def run(job: GroupJob, progress: Progress = lambda what, done, total: None) -> Summary:
    """Do the group analysis of one task and return what was written and what was left out.

    A map that cannot be analysed is a note; the others go on.

    Raises
    ------
    DeqiError
        If the design cannot be built, or no map can be analysed.
    """
    keys = sorted({key for maps in job.sessions.values() for key in maps.maps})
    everybody = design.build(job)
    covered = group_mask(job.sessions, everybody)
    mark = " ".join(plugs.load("modalities", kind).mark(options) for kind, options in job.modality.items())
    writer = GroupWriter(job, covered.grid, mark)
    writer.mask(covered)
    results: list[Result] = []
    schemes: Schemes = {}
    notes = [*everybody.notes, *covered.notes]
    problems: list[DeqiError] = []
    for key in keys:
        name = f"{key.entity} {key.label}"
        try:
            subject = _subject(job, key, covered)
            present = {row["participant_id"] for row in subject.design.rows}
            if gone := [row["participant_id"] for row in everybody.rows if row["participant_id"] not in present]:
                notes.append(f"{name} is analysed without {', '.join(gone)}, who lack its map.")
            results += [_result(job, subject, contrast, schemes, progress) for contrast in subject.design.contrasts]
        except DeqiError as error:
            problems.append(error)
            notes.append(f"{name} is not analysed: {error}")
    if not results:
        raise problems[0]
    _write(results, writer, job.inference)
    writer.flow(everybody, notes)
    return Summary(frozenset(writer.files), tuple(notes), {"Participants": len(everybody.rows)})


def _result(job: GroupJob, subject: Subject, contrast: Contrast, schemes: Schemes, progress: Progress) -> Result:
    """Relabel one contrast of one map; maps with the same participants share one scheme and its relabellings."""
    model = _model(subject, contrast)
    people = contrast.name, tuple(subject.design.rows[i]["participant_id"] for i in contrast.members)
    scheme = schemes.setdefault(people, _scheme(contrast, job.inference))
    around = neighbourhood(subject.mask, job.inference.connectivity)
    threshold = permutation.cluster_threshold(job.inference.cluster_forming_p, model.df)
    tell = partial(progress, f"{subject.key.label}, {contrast.name}")
    null = permutation.run(model, scheme, around, threshold, job.threads, tell)
    found = label_clusters(null.t, around, threshold)
    return Result(subject, contrast, model, scheme, threshold, null, found)


def _subject(job: GroupJob, key: MapKey, covered: GroupMask) -> Subject:
    """Read every map of one kind, on the voxels where all of them have a value."""
    chosen = design.build(job, [key])
    pre, post, mask = load_maps(job.sessions, chosen, key, covered)
    maps = next(found.maps for found in job.sessions.values() if key in found.maps)
    reach = 2 * smoothing_of(maps[key]) if key.entity == "seed" else 0.0
    return Subject(key, plugs.load("measures", key.measure).GROUP, chosen, mask, _near(covered, mask, reach), pre, post)


def _near(covered: GroupMask, mask: Mask, reach: float) -> Mask:
    """Return voxels within `reach` mm of the seed: that is where maps have no value though all are measured."""
    seed = covered.mask & ~mask
    if not seed.any() or reach <= 0:
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
    """Write every result with the p that its family gives it: the maps of one measure under one contrast."""
    families: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        families.setdefault((result.subject.key.measure, result.contrast.name), []).append(result)
    for members in families.values():
        for result, joint in zip(members, joint_p(members), strict=True):
            writer.result(result, joint, inference, len(members))
