"""Nodes of declared paths that are measures: regions of maps and places of tables, read as they lie on disk."""

from __future__ import annotations

from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

from bids_app import plugs
from bids_app.errors import WrongDataError
from bids_app.levels.pathway_nodes import node_values, what_of
from bids_app.vocabulary.job import MapKey, SessionMaps
from bids_app.vocabulary.options.pathway import NodeOptions
from bids_app.vocabulary.selected import Selected

AFFINE = np.array([[4.0, 0, 0, -40], [0, 4, 0, -40], [0, 0, 4, -40], [0, 0, 0, 1]])


def job_of(tmp_path, values, *labels):
    """Return a job with one map a session: that of participant p, after treatment or not, has what `values` says."""
    sessions = {}
    for (who, when), value in values.items():
        maps = {}
        for label in labels:
            path = tmp_path / f"sub-{who}_ses-{when}_seed-{label}.nii.gz"
            nib.save(nib.Nifti1Image(value, AFFINE), path)
            maps[MapKey("seed_correlation", "seed", label)] = path
        sessions[who, when] = SessionMaps(None, maps)
    design = Selected("parallel_prepost", plugs.design("parallel_prepost").options(pre="pre", post="post"))
    return SimpleNamespace(
        name="framework", sessions=sessions, entities={"space": "MNI152NLin2009cAsym"}, design=design, outcomes=()
    )


PEOPLE = SimpleNamespace(rows=[{"participant_id": f"sub-0{i}"} for i in (1, 2, 3)])

NODE = NodeOptions(measure="seed_correlation", label="PAG", region="here:0,0,0:8", change=True)


def values():
    rng = np.random.default_rng(3)
    found = {
        (f"0{i}", when): rng.normal(size=(21, 21, 21)).astype(np.float32) for i in (1, 2) for when in ("pre", "post")
    }
    return found | {("03", "pre"): rng.normal(size=(21, 21, 21)).astype(np.float32)}


def test_a_region_is_the_mean_of_its_voxels(tmp_path):
    told = values()
    found = node_values("pag", NODE, job_of(tmp_path, told, "PAG"), PEOPLE)
    i, j, k = np.indices((21, 21, 21))
    ball = (4.0 * i - 40) ** 2 + (4.0 * j - 40) ** 2 + (4.0 * k - 40) ** 2 <= 64
    before = np.array([told[f"0{n}", "pre"][ball].mean() for n in (1, 2, 3)])
    after = np.array([told[f"0{n}", "post"][ball].mean() for n in (1, 2)])
    assert found.before == pytest.approx(before, abs=1e-6)
    assert found.values[:2] == pytest.approx(after - before[:2], abs=1e-6)
    assert np.isnan(found.values[2])  # who was scanned once has no change
    assert what_of(NODE) == "change of seed_correlation PAG here:0,0,0:8"


def test_a_map_must_be_named_where_there_are_several(tmp_path):
    job = job_of(tmp_path, values(), "PAG", "PCC")
    assert np.isfinite(node_values("pag", NODE, job, PEOPLE).values[0])
    with pytest.raises(WrongDataError, match="seed_correlation has PAG, PCC; expected one map or table"):
        node_values("pag", NodeOptions(measure="seed_correlation", region="here:0,0,0:8"), job, PEOPLE)
