"""One task in one space: every seed, every contrast, one family, files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bids_app import plugs
from bids_app.dataset.maps import GroupMask, group_mask, load_maps, smoothing_of
from bids_app.derivatives.group import GroupWriter
from bids_app.statistics import effect_size, linear_model, permutation
from bids_app.statistics.clusters import Cluster, Room, neighbourhood, tabulate
from bids_app.statistics.false_discovery import q_per_sign
from bids_app.statistics.relabelling import Rerandomisation, Scheme, SignFlips
from bids_app.vocabulary.design import Contrast, Design
from bids_app.vocabulary.grid import Mask
from bids_app.vocabulary.inference import Inference
from bids_app.vocabulary.job import GroupJob, Summary

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Result:
    """One contrast of one seed: maps over the voxels of `mask`, clusters, null.

    `family` names the rows and the scheme: results of equal family share relabellings.
    """

    label: str
    contrast: Contrast
    design: Design
    mask: Mask
    maps: Mapping[str, NDArray[np.float64]]
    labels: NDArray[np.int32]
    clusters: Sequence[Cluster]
    null: permutation.Null
    p: Mapping[str, NDArray[np.float64]]
    df: int
    threshold: float
    scheme: Scheme
    family: str
    beside_seed: frozenset[int]


def run(job: GroupJob, progress: Progress = lambda what, done, total: None) -> Summary:
    """Do the group analysis of one task and return what was written and what was left out."""
    ((kind, options),) = job.design.items()
    plug = plugs.load("designs", kind)
    labels = sorted({label for maps in job.sessions.values() for label in maps.maps})
    everybody = _design(job, plug, options, labels)
    covered = group_mask(job.sessions, everybody)
    writer = GroupWriter(job, covered.grid)
    writer.mask(covered)
    writer.flow(everybody, covered)
    results: list[Result] = []
    notes = [*everybody.notes, *covered.notes]
    for number, label in enumerate(labels):
        design = _design(job, plug, options, [label])
        if len(design.rows) < len(everybody.rows):
            gone = sorted({r["participant_id"] for r in everybody.rows} - {r["participant_id"] for r in design.rows})
            notes.append(f"{job.by} {label}: without {', '.join(gone)}, who lack its map")
        results += _seed(job, label, design, covered, lambda name, k, n, i=number: progress(  # type: ignore[misc]
            f"{labels[i]}, {name}", k, n))  # fmt: skip
    for contrast in everybody.contrasts:
        members = [r for r in results if r.contrast.name == contrast.name]
        for result, joint in zip(members, _joint(members), strict=True):
            writer.result(result, joint, job.inference, len(members))
    return Summary(frozenset(writer.files), tuple(notes), {"Participants": len(everybody.rows)})


def _design(job: GroupJob, plug: object, options: object, labels: Sequence[str]) -> Design:
    """Return the design over participants who have any of the maps in question."""
    available: dict[str, set[str]] = {}
    for (participant, session), found in job.sessions.items():
        if any(label in found.maps for label in labels):
            available.setdefault(participant, set()).add(session)
    design: Design = plug.design(job.participants, available, job.reasons, options)  # type: ignore[attr-defined]
    return design


def _seed(
    job: GroupJob, label: str, design: Design, covered: GroupMask, progress: Progress
) -> list[Result]:
    """Do every contrast of one seed on the voxels where all its maps have a value."""
    pre, post, mask = load_maps(job.sessions, design, label, covered)
    around = neighbourhood(mask, job.inference.connectivity)
    near = _near_seed(job, label, covered, mask)
    results = []
    for contrast in design.contrasts:
        rows = contrast.members
        outcome = (post - pre if contrast.outcome == "change" else post)[rows].astype(np.float64)
        baseline = pre[rows].astype(np.float64)
        model = linear_model.fit(
            outcome, contrast.regressor, contrast.nuisance, baseline if contrast.adjusted else None
        )
        scheme = _scheme(contrast, job.inference)
        threshold = permutation.cluster_threshold(job.inference.cluster_forming_p, model.df)
        null = permutation.run(
            model, scheme, around, threshold, job.threads, lambda k, n, c=contrast.name: progress(c, k, n)  # type: ignore[misc]
        )
        clusters = Room(around).label(null.t, threshold)
        g = _effect_size(contrast, null.t, model.effect, baseline)
        results.append(
            _result(label, contrast, design, mask, model, null, clusters, threshold, scheme, g, near)
        )
    return results


def _scheme(contrast: Contrast, inference: Inference) -> Scheme:
    if contrast.scheme == "rerandomise":
        return Rerandomisation(
            contrast.regressor, contrast.strata, inference.random_seed, inference.n_permutations
        )
    return SignFlips(len(contrast.members), inference.random_seed, inference.n_permutations)


def _effect_size(
    contrast: Contrast, t: NDArray[np.float32], effect: NDArray[np.float64], baseline: NDArray[np.float64]
) -> NDArray[np.float64]:
    arm = contrast.regressor
    if contrast.effect == "ancova":
        return effect_size.ancova_g(effect, baseline, arm)
    if contrast.effect == "two_sample":
        return effect_size.two_sample_g(t, int(arm.sum()), int((arm == 0).sum()))
    return effect_size.one_sample_g(t, len(arm))


def _result(
    label: str, contrast: Contrast, design: Design, mask: Mask, model: linear_model.LinearModel,
    null: permutation.Null, labels: NDArray[np.int32], threshold: float, scheme: Scheme, g: NDArray[np.float64],
    near: Mask,
) -> Result:  # fmt: skip
    clusters = tabulate(null.t, labels, threshold)
    total = len(null.maxima["voxel"])
    sizes = {
        "extent": np.array([c.extent for c in clusters], dtype=np.float32),
        "mass": np.array([c.mass for c in clusters], dtype=np.float32),
    }
    p = {"voxel": permutation.familywise_p(np.abs(null.t), null.maxima["voxel"])}
    p |= {name: permutation.familywise_p(values, null.maxima[name]) for name, values in sizes.items()}
    maps = {
        "effect": model.effect,
        "variance": model.variance,
        "t": null.t.astype(np.float64),
        "g": g,
        "logpunc": -np.log10(null.exceeded / total),
        "qfdr": q_per_sign(null.t, model.df),
    }
    rows = "|".join(design.rows[i]["participant_id"] for i in contrast.members)
    family = hashlib.sha256(f"{contrast.name}|{rows}".encode()).hexdigest()
    return Result(
        label, contrast, design, mask, maps, labels, clusters, null, p, model.df, threshold, scheme, family,
        frozenset(int(number) for number in np.unique(labels[near[mask]]) if number),
    )  # fmt: skip


def _near_seed(job: GroupJob, label: str, covered: GroupMask, mask: Mask) -> Mask:
    """Return (x, y, z) True within twice the smoothing kernel of the seed, where smoothing alone correlates.

    The seed is where its maps have no value although everybody is measured there.
    """
    seed = covered.mask & ~mask
    reach = 2 * smoothing_of(next(iter(s.maps[label] for s in job.sessions.values() if label in s.maps)))
    if not seed.any():
        return np.zeros_like(mask)
    distance = ndimage.distance_transform_edt(~seed, sampling=covered.grid.voxel_sizes)
    return np.asarray(distance <= reach)


def _joint(members: Sequence[Result]) -> list[dict[str, NDArray[np.float64]]]:
    """Return p values corrected over all seeds of a contrast as well, for each member.

    Seeds with the same participants share relabellings and are combined by min-p. Seeds that lack a
    participant cannot share them: each such set is a family of its own, and the families are combined by
    Bonferroni, which is never too lenient.
    """
    families: dict[str, list[Result]] = {}
    for member in members:
        families.setdefault(member.family, []).append(member)
    joint = []
    for member in members:
        family = families[member.family]
        corrected = {}
        for name in permutation.STATISTICS:
            null = permutation.joint_null([m.null.maxima[name] for m in family])
            corrected[name] = np.minimum(permutation.joint_p(member.p[name], null) * len(families), 1.0)
        joint.append(corrected)
    return joint
