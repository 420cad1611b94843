"""What the group level concludes, in files and pages: both p, the graph, equivalence, shares of clusters."""

from __future__ import annotations

import json
import shutil
from itertools import combinations

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from conftest import run_deqi
from pages import group_pages
from synthetic import places

QUICK = ["--n-permutations", "40", "--seeds", "near:4,4,4:9", "--measures", "seed_correlation"]
PRIMARY = "*contrast-verumVsShamAdjusted"


@pytest.fixture
def copy(analysed, tmp_path):
    """Return a dataset and what the participant level left, to be changed."""
    out, data = tmp_path / "out", tmp_path / "data"
    shutil.copytree(analysed.output, out, ignore=shutil.ignore_patterns("group", "group_*"))
    shutil.copytree(analysed.trial.root, data, symlinks=True)
    return data, out


def sidecar(out, pattern=f"{PRIMARY}_statmap.json"):
    return json.loads(next((out / "group").glob(pattern)).read_text())


def drop(data, *labels):
    path = data / "participants.tsv"
    lines = [line for line in path.read_text().splitlines() if not line.startswith(tuple(f"sub-{x}" for x in labels))]
    path.write_text("\n".join(lines) + "\n")


def test_the_primary_comparison_of_arms_has_both_p_in_files_tables_and_page(copy):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 0, ended.err
    robust = sidecar(out)["Robust"]
    assert (robust["Scheme"], robust["Patterns"], robust["TooSmallForVoxels"]) == ("wild", 40, True)
    for stat in ("vox", "extent", "mass"):
        assert len(list((out / "group").glob(f"{PRIMARY}_stat-logprobust{stat}fwe*_statmap.nii.gz"))) == 2
    assert not list((out / "group").glob("*stat-logprobusttfcefwe*"))
    assert all("Robust" not in json.loads(p.read_text()) for p in (out / "group").glob("*Change_statmap.json"))
    clusters = pd.read_csv(next((out / "group").glob(f"{PRIMARY}_clusters.tsv")), sep="\t")
    assert clusters["p_robust_mass_fwe_joint"].between(1 / 40, 1).all()
    assert clusters["differs_at_least"].between(0, 1).all()
    page = group_pages(out)
    assert "robust p, family" in page
    assert "its robust p of single voxels is not to be relied on" in page
    assert ">nan<" not in page
    assert "nan: effect" not in page
    low, high = sidecar(out)["SmallestPLimits"]["mass"]
    assert low <= sidecar(out)["SmallestP"]["mass"] <= high
    assert "MedianRatioLimits" in sidecar(out)["VarianceOfArms"]
    assert (
        "Sign flips need changes that are symmetric" in sidecar(out, "*verumChange_statmap.json")["Symmetry"]["Warning"]
    )


def test_four_in_an_arm_go_on_without_a_robust_p_and_only_the_explicit_scheme_ends(copy):
    data, out = copy
    drop(data, "02")
    ended = run_deqi(data, out, "group", *QUICK)
    assert ended.code == 0, ended.err
    assert "robust p needs 5 in each arm, sham has 4" in sidecar(out)["Robust"]["Absent"]
    assert "Robust p needs 5 in each arm, sham has 4" in group_pages(out)
    ended = run_deqi(data, out, "group", *QUICK, "--set", "inference.scheme=wild")
    assert ended.code == 1
    assert "robust p needs 5 in each arm, sham has 4" in ended.text


def test_signs_of_residuals_take_the_place_of_arms_drawn_anew(copy):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK, "--set", "inference.scheme=wild")
    assert ended.code == 0, ended.err
    assert sidecar(out)["Scheme"] == "wild"
    assert "Robust" not in sidecar(out)
    assert sidecar(out, "*verumChange_statmap.json")["Scheme"] == "signflip"
    assert "patterns of signs of residuals" in group_pages(out)


def test_shares_of_both_kinds_of_relabellings_give_the_same_bytes(copy, tmp_path):
    data, out = copy
    other = tmp_path / "other"
    shutil.copytree(out, other)
    assert run_deqi(data, out, "group", *QUICK).code == 0
    for share in ("1/2", "2/2"):
        ended = run_deqi(data, other, "group", *QUICK, "--permutation-share", share)
        assert ended.code == 0, ended.err
    assert run_deqi(data, other, "group", *QUICK).code == 0
    files = sorted(p.relative_to(out) for p in (out / "group").glob("*_statmap.nii.gz"))
    assert any("robust" in str(path) for path in files)
    for path in files:
        assert (out / path).read_bytes() == (other / path).read_bytes(), path


def test_what_is_confirmatory_is_said_on_the_console_in_a_file_and_on_the_page(copy):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK)
    assert "confirmatory hypotheses, over all of them:" in ended.err
    graph = json.loads((out / "group" / "desc-trial_multiplicity.json").read_text())["Graphs"][0]
    (one,) = graph["Hypotheses"]
    about = sidecar(out)
    assert one["P"] == max(about["SmallestJointP"]["mass"], about["Robust"]["SmallestJointP"]["mass"])
    assert "What is confirmatory, and what passed" in group_pages(out)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ('multiplicity.shares=["seed_correlation=0.7"]', "multiplicity.shares sum to 0.7; expected 1"),
        ('multiplicity.shares=["seed=1"]', "'seed' is no hypothesis"),
        ('multiplicity.arrows=["seed_correlation>pain=1"]', "'pain' is no hypothesis"),
        ("multiplicity.primary=alff", "multiplicity.primary is 'alff'"),
        ("inference.equivalence_margin=0.2", "a margin of equivalence needs its units: 0.2 of what?"),
        ("inference.equivalence_margin=small", "is a number above 0 with its units"),
        ("inference.equivalence_margin=-0.2 Fisher z", "is a number above 0 with its units"),
        ("inference.equivalence_margin=0.2 percent", "in 'percent'; the maps are in Fisher z (seed_correlation)"),
        ('inference.equivalence_regions=["near:4,4,4:9"]', "equivalence_regions need a margin"),
    ],
)
def test_a_graph_or_a_margin_that_cannot_be_ends_before_any_work(copy, setting, said):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK, "--set", setting)
    assert ended.code == 64
    assert said in ended.err
    assert not (out / "group").exists()


def test_a_declared_margin_is_answered_and_no_other_test_is_asked_for(copy):
    data, out = copy
    ended = run_deqi(data, out, "group", *QUICK, "--set", "inference.equivalence_margin=5 Fisher z")
    assert ended.code == 0, ended.err
    found = sidecar(out)["Equivalence"]
    tost = 10.0 ** -np.asarray(_map(out, "logptostfwe"))
    assert found["ShareShown"] == pytest.approx(np.nanmean(tost <= 0.05), abs=1e-6)
    page = group_pages(out)
    if "was shown for any of" in page:
        assert "Alike within ±5 Fisher z" in page
        assert "an equivalence test with a margin fixed beforehand would be needed" not in page


def test_what_a_paper_would_print_is_a_table_with_places_that_is_no_result(copy):
    data, out = copy
    assert run_deqi(data, out, "group", *QUICK).code == 0
    table = pd.read_csv(next((out / "group").glob(f"{PRIMARY}_desc-literature_clusters.tsv")), sep="\t")
    said = sidecar(out)["RandomFieldTheory"]["Findings"][0]
    assert table["voxels"].tolist() == said["Voxels"]
    assert len(table) == said["ClustersLargeEnough"] > 0
    t = nib.load(next((out / "group").glob(f"{PRIMARY}_stat-t_statmap.nii.gz")))
    at = np.rint(np.linalg.inv(t.affine) @ [*table.loc[0, ["x", "y", "z"]], 1])[:3].astype(int)
    assert np.asarray(t.dataobj)[tuple(at)] == pytest.approx(table.loc[0, "peak_t"], rel=1e-5)
    assert "The clusters that a paper would list" in group_pages(out)


def test_classes_of_evidence_are_shares_of_the_bayes_factors_and_a_figure(copy):
    data, out = copy
    assert run_deqi(data, out, "group", *QUICK).code == 0
    shares = sidecar(out)["Evidence"]
    log_bf = _map(out, "logbf_desc-r071")
    assert shares["StrongForDifference"] == pytest.approx((log_bf >= 1).mean(), abs=0.002)
    assert shares["ModerateForNone"] == pytest.approx(((log_bf <= -np.log10(3)) & (log_bf > -1)).mean(), abs=0.002)
    assert sum(shares.values()) == pytest.approx(1)
    assert "Classes of evidence of near" in group_pages(out)


def test_the_means_of_declared_regions_are_held_against_the_margin(copy):
    """The difference is that of a linear model of the regions' means; p that of all re-randomisations, by hand."""
    data, out = copy
    words = [
        "inference.equivalence_margin=0.25 fisher z",
        'inference.equivalence_regions=["up:20,28,4:14", "no:90,0,0:1"]',
    ]
    ended = run_deqi(data, out, "group", *QUICK, *(w for word in words for w in ("--set", word)),
                     "--n-permutations", "300")  # fmt: skip
    assert ended.code == 0, ended.err
    up, outside = sidecar(out)["Equivalence"]["Regions"]
    assert (outside["Region"], outside["Voxels"], outside["Shown"]) == ("no", 0, False)
    mask = np.asarray(nib.load(next((out / "group").glob("*_desc-group_mask.nii.gz"))).dataobj) > 0
    t = np.asarray(nib.load(next((out / "group").glob(f"{PRIMARY}_stat-t_statmap.nii.gz"))).dataobj)
    inside = mask & np.isfinite(t) & (t != 0) & (np.linalg.norm(places() - np.array([20, 28, 4]), axis=-1) <= 14)
    assert up["Voxels"] == inside.sum()
    rows = pd.read_csv(data / "participants.tsv", sep="\t")
    before, after = (
        np.array(
            [
                np.asarray(
                    nib.load(next(out.glob(f"{who}/ses-{session}/func/*seed-near_stat-fisherz_statmap.nii.gz"))).dataobj
                )[inside].mean()
                for who in rows["participant_id"]
            ]
        )
        for session in ("pre", "post")
    )
    arm = (rows["group"] == "verum").to_numpy(float)

    def fit(outcome, labels):
        design = np.column_stack([labels, np.ones_like(labels), before])
        beta, left, *_ = np.linalg.lstsq(design, outcome, rcond=None)
        variance = left[0] / (len(labels) - 3) * np.linalg.inv(design.T @ design)[0, 0]
        return beta[0], beta[0] / np.sqrt(variance)

    assert up["Difference"] == pytest.approx(fit(after, arm)[0], rel=1e-4)
    larger = []
    for shifted in (after + 0.25 * arm, -after + 0.25 * arm):
        every = [np.isin(range(10), chosen).astype(float) for chosen in combinations(range(10), 5)]
        drawn = np.array([fit(shifted, labels)[1] for labels in every])
        larger.append((drawn >= fit(shifted, arm)[1] - 1e-9).mean())
    assert up["P"] == pytest.approx(max(larger), abs=1e-6)
    assert up["PCorrected"] == up["P"]  # of a single region


def _map(out, stat):
    t, found = (
        np.asarray(nib.load(next((out / "group").glob(f"{PRIMARY}_stat-{name}_statmap.nii.gz"))).dataobj)
        for name in ("t", stat)
    )
    return found[np.isfinite(t) & (t != 0)]
