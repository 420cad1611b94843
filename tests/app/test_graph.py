"""Graphs of regions from the command line to the group's page: mean connectivity first, and what it holds back."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from pages import group_pages
from synthetic import AFFINE, FRAMES, SHAPE, brain, write_trial

from bids_app.dataset.tables import read_tsv

NAMES = ("global efficiency", "local efficiency", "clustering", "assortativity", "modularity", "modularity of networks")


def write_atlas(folder):
    """Write an atlas of 24 blocks of the brain in two networks."""
    x, y, z = np.indices(SHAPE)
    labels = 1 + (x * 2 // SHAPE[0]) + 2 * (y * 4 // SHAPE[1]) + 8 * (z * 3 // SHAPE[2])
    labels = np.where(brain(), labels, 0).astype(np.int16)
    nib.save(nib.Nifti1Image(labels, AFFINE), folder / "atlas-blocks_dseg.nii.gz")
    rows = [f"{i}\tblock{i}\t{'front' if i % 2 else 'back'}" for i in range(1, 25)]
    (folder / "atlas-blocks_dseg.tsv").write_text("\n".join(["index\tname\tnetwork", *rows]) + "\n")
    return folder / "atlas-blocks_dseg.nii.gz"


def blocks(labels, shared, rng):
    """Return a run whose blocks have signals of their own, of their network and, so much, of the whole brain."""
    own, network, whole = (rng.standard_normal((n, FRAMES + 8)) for n in (25, 2, 1))
    signals = own + 0.8 * network[np.arange(25) % 2] + shared * whole
    signals = np.stack([np.convolve(one, np.hanning(9), "same")[4:-4] for one in signals])
    data = 500 + 3 * signals[labels] + 2 * rng.standard_normal((*SHAPE, FRAMES))
    return np.where(labels[..., None] > 0, data, 0)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A trial in which verum raises the connectivity of the whole brain."""
    folder = tmp_path_factory.mktemp("graph")
    trial = write_trial(folder / "data", per_arm=5)
    atlas = write_atlas(folder)
    labels = np.asarray(nib.load(atlas).dataobj)
    for label, arm in trial.people.items():
        for session in ("pre", "post"):
            path = trial.file(label, session, "bold")
            shared = 1.5 if (arm, session) == ("verum", "post") else 0.5
            data = blocks(labels, shared, np.random.default_rng([int(label), session == "post"]))
            image = nib.load(path)
            nib.save(nib.Nifti1Image(data.astype(np.float32), image.affine, image.header), path)
    words = ["--measures", "graph", "--set", f"measures.graph.atlas={atlas}"]
    words += ["--set", "measures.graph.densities=[0.1, 0.2, 0.3]", "--set", "measures.graph.random_graphs=3"]
    for level, more in (("participant", ()), ("group", ("--n-permutations", "200"))):
        ended = run_deqi(trial.root, folder / "out", level, *words, *more)
        assert ended.code == 0, ended.text
    return trial, folder / "out", words


def test_a_table_holds_the_graph_and_each_region_at_each_density(done):
    _, out, _ = done
    path = next(out.glob("sub-01/ses-pre/func/*_seg-blocks_*stat-graph_relmat.tsv"))
    table = read_tsv(path)
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    assert {row["measure"] for row in rows if row["node"] == "global"} == {
        "mean r", *NAMES, "small-world ratio", "weighted efficiency", "weighted clustering",
        "signed modularity of networks",
    }  # fmt: skip
    nodal = {row["measure"] for row in rows if row["node"] == "block7"}
    assert nodal == {"strength", "degree", "local efficiency", "clustering", "participation", "within-module z"}
    degree = [float(row["value"]) for row in rows if row["measure"] == "degree" and row["density"] == "0.2"]
    assert sum(degree) == 2 * round(0.2 * 24 * 23 / 2)
    own = [row for row in rows if (row["measure"], row["node"]) == ("clustering", "global")]
    values = [float(row["value"]) for row in own]
    assert float(own[0]["auc"]) == pytest.approx((values[0] / 2 + values[1] + values[2] / 2) / 2, rel=1e-6)
    matrix = read_tsv(next(out.glob("sub-01/ses-pre/func/*stat-graphedges_relmat.tsv")))
    r = np.array([[float(cell) for cell in matrix[name]] for name in matrix["node"]])
    strength = [float(row["value"]) for row in rows if row["measure"] == "strength"]
    assert strength == pytest.approx(np.maximum(r - np.eye(24), 0).sum(axis=1), rel=1e-5)
    mean = next(float(row["auc"]) for row in rows if row["measure"] == "mean r")
    assert mean == pytest.approx(r[np.triu_indices(24, 1)].mean(), abs=1e-6)
    about = json.loads(path.with_suffix(".json").read_text())
    assert about["FixedModules"] == ["back", "front"]
    assert about["NegativeShare"] == pytest.approx((r[np.triu_indices(24, 1)] < 0).mean())
    assert len(about["LargestComponent"]) == 3


def test_nothing_is_claimed_of_a_graph_where_mean_connectivity_may_differ(done):
    _, out, _ = done
    seen = set()
    for path in out.glob("group/*_seg-blocks_*_metrics.json"):
        about, table = json.loads(path.read_text()), read_tsv(path.with_suffix(".tsv"))
        assert set(table["metric"]) == {"mean r", *NAMES}
        rows = {row: i for i, row in enumerate(table["metric"])}
        differs = float(table["p_uncorrected"][rows["mean r"]]) < 0.1
        for name in NAMES:
            joint, own = (float(table[key][rows[name]]) for key in ("p_fwe_joint", "p_fwe"))
            assert joint == 1 if differs else joint >= own
        assert ("NotClaimed" in about) == differs
        assert about["SmallestJointP"]["voxel"] == min(float(table["p_fwe_joint"][rows[name]]) for name in NAMES)
        if differs:
            assert table["metric"][0] == "mean r"
        seen.add(differs)
    assert seen == {True, False}
    primary = read_tsv(next(out.glob("group/*_contrast-verumVsShamAdjusted_metrics.tsv")))
    assert float(primary["p_uncorrected"][primary["metric"].index("mean r")]) < 0.05


def test_pages_say_so_and_the_dataset_is_valid(done):
    _, out, _ = done
    page = group_pages(out)
    assert "mean r is tested first and may itself differ" in page
    assert "of the other metrics nothing is claimed" in page
    assert "Graph of regions" in page
    assert validate_bids(out).returncode == 0


def test_graphs_that_cannot_be_had_say_why(done, tmp_path):
    trial, _, words = done
    few = ["--measures", "graph", "--participant-label", "01", "--set", 'measures.graph.regions=["PCC", "PAG"]']
    ended = run_deqi(trial.root, tmp_path / "few", "participant", *few)
    assert "2 regions are too few for a graph (at least 20); name an atlas: measures.graph.atlas" in ended.text
    dense = [*words, "--set", "measures.graph.densities=[0.99]", "--participant-label", "01", "--session-label", "pre"]
    ended = run_deqi(trial.root, tmp_path / "dense", "participant", *dense)
    assert "of the connections are positive, and graphs of 99% are asked for" in ended.text
    ended = run_deqi(trial.root, tmp_path / "none", "participant", *words, "--set", "measures.graph.densities=[1.5]")
    assert ended.code == 64


def test_a_fall_of_mean_connectivity_holds_back_as_a_rise_does(done, tmp_path):
    """Tested on one side, a fall has a p near 1: the graph may differ by it all the same."""
    trial, made, words = done
    shutil.copytree(made, tmp_path / "out")
    words = [*words, "--set", "inference.sides=positive", "--set", "designs.parallel_prepost.active=sham"]
    words += ["--set", "designs.parallel_prepost.control=verum", "--n-permutations", "200"]
    ended = run_deqi(trial.root, tmp_path / "out", "group", *words)
    assert ended.code == 0, ended.text
    path = next((tmp_path / "out").glob("group/*_contrast-shamVsVerumAdjusted_metrics.json"))
    table = read_tsv(path.with_suffix(".tsv"))
    row = table["metric"].index("mean r")
    assert float(table["p_uncorrected"][row]) > 0.9
    assert "mean r is tested first and may itself differ" in json.loads(path.read_text())["NotClaimed"]
    assert {float(p) for name, p in zip(table["metric"], table["p_fwe_joint"], strict=True) if name != "mean r"} == {
        1.0
    }
