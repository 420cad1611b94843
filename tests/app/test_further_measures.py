"""Measures that are made on request, from the command line to the group's page, on a tiny trial and a real run."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from pages import group_pages
from synthetic import AFFINE, SHAPE, blob, brain, write_trial

from bids_app.dataset.atlases.requests import seeds_of
from bids_app.dataset.tables import read_tsv
from bids_app.derivatives.files import write_table
from bids_app.vocabulary.region_request import RegionRequest

MEASURES = ("alff", "peraf", "homotopy", "centrality", "network_maps")
LABELS = {"alffSlow4": "zscore", "falffSlow4": "zscore", "peraf": "raw", "vmhc": "fisherz", "meanr": "zscore",
          "degree": "zscore", "netFirst": "effect", "netSecond": "effect"}  # fmt: skip


def settings(folder):
    """Write template maps, and settings that ask for every measure."""
    maps = np.stack([blob((4, 4, 4)), blob((-20, -12, 8))], axis=-1).astype(np.float32)
    maps[maps < 0.1] = 0
    nib.save(nib.Nifti1Image(maps, AFFINE), folder / "networks.nii.gz")
    write_table(folder / "networks.tsv", {"index": [1, 2], "name": ["first", "second"]})
    path = folder / "a.toml"
    path.write_text(
        f"[dataset]\nmeasures = {json.dumps(MEASURES)}\n[measures.alff]\nbands = ['slow-4']\n"
        "[modalities.fmri]\nfd_threshold = 0.15\n"
        f"[measures.network_maps]\nmaps = '{folder / 'networks.nii.gz'}'\n"
    )
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("further")
    trial = write_trial(folder / "data", per_arm=4)
    words = ["--config", settings(folder)]
    for level, more in (("participant", ()), ("group", ("--n-permutations", "20"))):
        ended = run_deqi(trial.root, folder / "out", level, *words, *more)
        assert ended.code == 0, ended.text
    return folder / "out", ended.text


def test_every_map_goes_to_the_group_and_its_pages(done):
    out, said = done
    for label, stat in LABELS.items():
        assert list(out.glob(f"sub-01/ses-pre/func/*_meas-{label}_stat-{stat}_statmap.nii.gz")), label
        assert list(out.glob(f"group/*_meas-{label}_contrast-verumVsShamAdjusted_stat-t_statmap.nii.gz")), label
        assert f"meas {label}, verumVsShamAdjusted" in said
    page = group_pages(out)
    for title in (
        "Percent amplitude of fluctuation",
        "Homotopic connectivity",
        "Global connectivity",
        "Maps of networks",
    ):
        assert title in page
    person = (out / "sub-01.html").read_text()
    for title in ("ALFF (slow-4)", "PerAF", "Degree centrality", "Homotopic connectivity (VMHC)", "Maps of networks"):
        assert title in person
    assert validate_bids(out).returncode == 0


def test_homotopic_connectivity_is_tested_in_one_hemisphere(done):
    out, _ = done
    path = next(out.glob("group/*_meas-vmhc_contrast-verumVsShamAdjusted_stat-t_statmap.nii.gz"))
    image = nib.load(path)
    known = np.argwhere(np.isfinite(np.asarray(image.dataobj)))
    x = known @ image.affine[0, :3] + image.affine[0, 3]
    assert len(x) > 100
    assert x.max() < 0
    assert len(x) < brain().sum() / 2 + 1


def test_the_courses_of_networks_are_written(done):
    out, _ = done
    path = next(out.glob("sub-01/ses-pre/func/*_seg-templates_*stat-dualregression_timeseries.tsv"))
    table = read_tsv(path)
    assert list(table) == ["first", "second"]
    values = np.array([word for word in table["first"] if word != "n/a"], dtype=float)
    assert values.std() == pytest.approx(1, abs=0.02)


def test_the_density_of_degree_is_shown_beside_motion_and_degrees_of_freedom(done):
    out, _ = done
    found = {}
    for label in ("strength", "meanr"):
        path = next(out.glob(f"group/*_meas-{label}_contrast-verumVsShamAdjusted_qcfc.json"))
        found[label] = json.loads(path.read_text())
    assert "DensityWithDisplacement" not in found["meanr"]
    rows = []
    for path in sorted(out.glob("sub-*/ses-*/func/*_meas-strength_stat-zscore_statmap.json")):
        about = json.loads(path.read_text())
        quality = read_tsv(next(path.parent.glob("*_desc-fc_qc.tsv")))
        rows.append((about["Density"], about["ResidualDegreesOfFreedom"], float(quality["mean_fd"][0])))
    r = np.corrcoef(np.array(rows).T)[0]
    assert found["strength"]["DensityWithDegreesOfFreedom"] == pytest.approx(r[1], abs=1e-6)
    assert found["strength"]["DensityWithDisplacement"] == pytest.approx(r[2], abs=1e-6)
    assert "the share of connections above the threshold correlates with residual degrees of freedom" in group_pages(
        out
    )


def test_a_threshold_by_p_is_refused_with_the_reason(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=1, sessions=("pre",))
    words = ["--measures", "centrality", "--set", "measures.centrality.threshold=p<0.001"]
    ended = run_deqi(trial.root, tmp_path / "out", "participant", *words)
    assert ended.code == 64
    assert "which r a p stands for depends on the degrees of freedom" in ended.text


def test_maps_that_lie_in_another_space_end_the_call(done, tmp_path):
    maps = np.zeros((*SHAPE, 2), dtype=np.float32)
    path = tmp_path / "space-MNI152NLin6Asym_networks.nii.gz"
    nib.save(nib.Nifti1Image(maps, AFFINE), path)
    trial = write_trial(tmp_path / "data", per_arm=1, sessions=("pre",))
    words = ["--measures", "network_maps", "--set", f"measures.network_maps.maps={path}"]
    ended = run_deqi(trial.root, tmp_path / "out", "participant", *words)
    assert ended.code == 64
    assert "is in space MNI152NLin6Asym" in ended.text
    ended = run_deqi(trial.root, tmp_path / "out", "participant", "--measures", "network_maps")
    assert ended.code == 64
    assert "names no file" in ended.text


def test_lagged_directions_are_refused_with_the_reason(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=1, sessions=("pre",))
    ended = run_deqi(trial.root, tmp_path / "out", "participant", "--measures", "granger")
    assert ended.code == 64
    assert "Direction cannot be read from BOLD lags" in ended.text


def covered():
    """Return the usual regions that a run at 4 mm covers: all but the smallest."""
    everything = seeds_of(RegionRequest(name="regions", words=("regions",)))
    return [seed.name for seed in everything if seed.name != "RVM"]


@pytest.mark.real
def test_a_real_run_has_all_of_them(real_data, tmp_path):
    """Values of M10 and M11 are tested on arrays; here files are there, with what a reader needs."""
    words = ["--participant-label", "forrest02", "--space", "MNI152NLin2009cAsym"]
    words += ["--measures", "alff", "peraf", "homotopy", "centrality", "graph", "dynamic"]
    words += ["--set", "measures.alff.bands=slow-5", "--set", f"measures.graph.regions={json.dumps(covered())}"]
    ended = run_deqi(real_data / "fmriprep_tree", tmp_path / "out", "participant", *words)
    assert ended.code == 0, ended.text
    folder = tmp_path / "out" / "sub-forrest02" / "func"
    for label in ("alffSlow5", "peraf", "vmhc", "meanr", "meanr2", "degree", "strength", "degreeLong"):
        assert list(folder.glob(f"*_meas-{label}_stat-*_statmap.nii.gz")), label
    about = json.loads(next(folder.glob("*_meas-degree_stat-raw_statmap.json")).read_text())
    assert 0 < about["Density"] < 1
    assert about["ResidualDegreesOfFreedom"] > 20
    for stat in ("graph", "dynamic"):
        assert len(read_tsv(next(folder.glob(f"*_seg-regions_*stat-{stat}_relmat.tsv")))) > 4
    about = json.loads(next(folder.glob("*_meas-vmhc_stat-fisherz_statmap.json")).read_text())
    assert about["MirrorShift"] == pytest.approx(1.0, abs=0.01)
