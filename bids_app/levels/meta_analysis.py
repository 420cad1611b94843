"""Several studies brought together: one synthesis of one subject."""

from __future__ import annotations

from functools import partial

import numpy as np

from bids_app import plugs
from bids_app.dataset.atlases.coordinates import namer
from bids_app.dataset.studies.brain import read_brain
from bids_app.dataset.studies.map_images import MapReader, grid_of_map
from bids_app.derivatives.meta import MetaWriter
from bids_app.derivatives.studies_export import write_exports
from bids_app.levels.group.contrast_test import Progress
from bids_app.vocabulary.domain import Voxels
from bids_app.vocabulary.grid import Grid
from bids_app.vocabulary.job import MetaJob, Summary
from bids_app.vocabulary.studies import StudyMaps
from bids_app.vocabulary.synthesis import SynthesisRequest


def run(job: MetaJob, progress: Progress) -> Summary:
    """Do one synthesis and write what it gives; a job of none writes the studies as other tools read them.

    Raises
    ------
    DeqiError
        If there are too few studies, or they cannot be brought together.
    """
    if not job.synthesis.name:
        return Summary(frozenset(write_exports(job.output_dir, job.studies)))
    plug = plugs.synthesis(job.synthesis.name)
    maps = [path for one in _maps_of(job) for path in one.paths.values()] if plug.asks == "maps" else []
    grid = grid_of_map(maps[0]) if maps else None
    request = SynthesisRequest(
        studies=job.studies, subject=job.subject, inference=job.inference, threads=job.threads,
        progress=partial(progress, job.synthesis.name, job.subject.title),
        brain=_brain(job, grid) if plug.asks in ("foci", "maps") else None,
        named=namer(job.inference.labels, "MNI152NLin6Asym"),
        images=MapReader(grid) if grid else None,
    )  # fmt: skip
    found = plug.synthesise(request, job.synthesis.options)
    writer = MetaWriter(job.output_dir, job.synthesis.name, job.subject)
    writer.result(found)
    return Summary(frozenset(writer.files), found.warnings)


def _maps_of(job: MetaJob) -> list[StudyMaps]:
    return [one for one in job.studies.maps if one.subject == job.subject.title]


def _brain(job: MetaJob, grid: Grid | None) -> Voxels:
    """Return the mask in which peaks are looked at, or the whole grid of maps, whose masks are their own."""
    return Voxels(grid, np.ones(grid.shape, dtype=bool)) if grid else read_brain(job.brain)
