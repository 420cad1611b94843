"""Whether maps still correlate with head motion across the participants of a group analysis."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from bids_app import plugs
from bids_app.dataset.tables import numeric, read_json, read_tsv
from bids_app.derivatives.paths import participant_path
from bids_app.levels.group.arm_similarity import Stacks, outcome_of
from bids_app.statistics.qc_fc import by_distance, qc_fc
from bids_app.statistics.result import Result
from bids_app.vocabulary.entities import companion
from bids_app.vocabulary.group_sidecars import MotionSidecar
from bids_app.vocabulary.job import GroupJob

FEWEST = 8
"""People below whom correlations over people say nothing."""


def left_over(result: Result, stacks: Stacks, job: GroupJob) -> MotionSidecar | None:
    """Return how the maps of a contrast correlate with motion once arms and covariates are taken out of both.

    None where motion is not known for all participants, or for fewer than eight participants.
    """
    contrast = result.contrast
    motion = _motion(result, job)
    if len(motion) < FEWEST or not np.isfinite(motion).all() or np.ptp(motion) == 0:
        return None
    found = qc_fc(outcome_of(stacks, contrast), motion, np.column_stack([contrast.nuisance, contrast.tested]))
    if found.df < 3:
        return None
    about = MotionSidecar(
        participants=len(motion), degrees_of_freedom=found.df, median_absolute_r=found.median,
        median_by_chance=found.median_by_chance, share_below05=found.share,
        counts=tuple(np.histogram(found.r[np.isfinite(found.r)], bins=40, range=(-1, 1))[0].tolist()),
    )  # fmt: skip
    if density := _density(result, job):
        of_freedom, of_motion = density
        about = replace(about, density_with_degrees_of_freedom=of_freedom, density_with_displacement=of_motion)
    if result.map_set.distance is None:
        return about
    rho, bins = by_distance(found.r, result.map_set.distance)
    by_mm = tuple({"mm": mm, "r": r} for mm, r in bins)
    return replace(about, spearman_with_distance=rho, median_r_by_distance=by_mm)


def _motion(result: Result, job: GroupJob) -> NDArray[np.float64]:
    """Return the mean displacement of each member, weighted over stages like the outcome itself."""
    weights = result.contrast.asked.outcome.weights
    sessions = result.map_set.design.sessions
    rows = [result.map_set.design.rows[i] for i in result.contrast.members]
    return np.array([
        sum(weight * mean_displacement(job, row["participant_id"], sessions[stage])
            for stage, weight in weights.items())
        for row in rows
    ])  # fmt: skip


def _density(result: Result, job: GroupJob) -> tuple[float | None, float | None] | None:
    """Return how the share of connections above a threshold follows degrees of freedom and motion, over sessions.

    None of maps that count no connections, and in place of a correlation with what is the same in all sessions.
    """
    design, rows = result.map_set.design, []
    people = [design.rows[i]["participant_id"] for i in result.contrast.members]
    for person, session in product(people, dict.fromkeys(design.sessions.values())):
        there = job.sessions.get((person.removeprefix("sub-"), session))
        path = there.maps.get(result.map_set.key) if there else None
        about = read_json(companion(path, "statmap", ".json")) if path else {}
        if "Density" in about:
            df = float(np.sum(about["ResidualDegreesOfFreedom"]))
            rows.append((float(np.mean(about["Density"])), df, mean_displacement(job, person, session)))
    table = np.array(rows).T.reshape(3, -1)
    if table.shape[1] < FEWEST or not np.isfinite(table).all() or not np.ptp(table[0]):
        return None
    with_freedom, with_motion = (
        float(np.corrcoef(table[0], other)[0, 1]) if np.ptp(other) else None for other in table[1:]
    )  # fmt: skip
    return with_freedom, with_motion


def mean_displacement(job: GroupJob, participant: str, session: str) -> float:
    """Return the mean framewise displacement (mm) of one session over its runs; NaN where it is not known."""
    modality = plugs.modality(job.modality.name)
    own = {"sub": participant.removeprefix("sub-"), **({job.stage: session} if session else {}), **job.entities}
    path = participant_path(job.output_dir, {**own, "desc": modality.quality_name}, "qc", ".tsv", modality.datatype)
    table = read_tsv(path) if path.exists() else {}
    values = numeric(table["mean_fd"]) if "mean_fd" in table else None
    return float("nan") if values is None else float(values.mean())
