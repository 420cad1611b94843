"""Outputs of several trials pooled into one map, from the command line to the page."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from forbidden import said_too_much
from synthetic import SEEDS, TARGET, write_trial

from bids_app.dataset.tables import read_tsv

TRIALS = 7
TITLE = "seed_correlation, seed near"
START = "synthesis-maps_contrast-seedCorrelationSeedNear"


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Seven trials with the same planted effect, analysed alike, and a table that names their outputs."""
    folder = tmp_path_factory.mktemp("studies")
    words = ["--measures", "seed_correlation", "--seeds", *SEEDS, "--set", "modalities.fmri.fd_threshold=0"]
    rows = ["study_id\tdeqi\tn"]
    for i in range(TRIALS):
        trial = write_trial(folder / f"data{i}", per_arm=4, people=f"trial {i}")
        for level, more in (("participant", ()), ("group", ("--n-permutations", "20"))):
            ended = run_deqi(trial.root, folder / f"out{i}", level, *words, *more)
            assert ended.code == 0, ended.text
        rows.append(f"T{i}\tout{i}\t8")
    (folder / "studies.tsv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def pooled(studies, tmp_path_factory):
    """All of them together."""
    out = tmp_path_factory.mktemp("pooled") / "out"
    ended = run_deqi(studies, out, "meta")
    assert ended.code == 0, ended.text
    return out


def values(out, stat):
    return nib.load(out / "meta" / f"{START}_stat-{stat}_statmap.nii.gz").get_fdata()


def test_pooled_maps_are_those_of_numpy(studies, pooled):
    """Effect, tau² and the limits of a further study at every voxel, from the outputs themselves."""
    name = "group/*_seed-near_contrast-verumVsShamAdjusted_stat-{}_statmap.nii.gz"
    y, v = (
        np.stack([nib.load(next((studies / f"out{i}").glob(name.format(stat)))).get_fdata() for i in range(TRIALS)])
        for stat in ("effect", "variance")
    )
    w = 1 / v
    mean = (w * y).sum(0) / w.sum(0)
    q = (w * (y - mean) ** 2).sum(0)
    tau2 = np.maximum(0, (q - 6) / (w.sum(0) - (w**2).sum(0) / w.sum(0)))
    w = 1 / (v + tau2)
    mean = (w * y).sum(0) / w.sum(0)
    error = np.sqrt((w * (y - mean) ** 2).sum(0) / 6 / w.sum(0))
    for stat, expected in (("effect", mean), ("tau2", tau2), ("Q", q), ("t", mean / error)):
        found = values(pooled, stat)
        there = np.isfinite(found)
        assert there.sum() > 300
        assert found[there] == pytest.approx(expected[there], rel=2e-4, abs=1e-5)


def test_the_planted_difference_passes_over_seven_trials(pooled):
    about = json.loads((pooled / "meta" / f"{START}_synthesis.json").read_text())
    assert (about["Standing"], about["Studies"], about["Patterns"], about["PatternsPossible"]) == ("claim", 7, 128, 128)
    assert about["SmallestP"] == about["SmallestPossibleP"] == 2 / 128
    table = read_tsv(pooled / "meta" / f"{START}_clusters.tsv")
    at = np.array([[float(table[axis][i]) for axis in "xyz"] for i in range(len(table["x"]))])
    near = np.linalg.norm(at - TARGET, axis=1).argmin()
    assert np.linalg.norm(at[near] - TARGET) < 16
    assert float(table["p_voxel_fwe"][near]) <= 0.05
    assert float(table["prediction_lower"][near]) < float(table["lower"][near])
    page = (pooled / "meta.html").read_text()
    assert "pooled over 7 studies the arms differ at" in page
    assert not said_too_much(page)
    assert validate_bids(pooled).returncode == 0


def some(studies, folder, count, lines=()):
    """A folder with the first studies alone, and further lines."""
    folder.mkdir()
    rows = (studies / "studies.tsv").read_text().splitlines()[: count + 1]
    rows = [row.replace("\tout", f"\t{studies}/out") for row in rows]
    (folder / "studies.tsv").write_text("\n".join([*rows, *lines]) + "\n")
    return folder


@pytest.mark.parametrize(("count", "standing", "said"), [
    (2, "insufficient", "two studies cannot tell how effects vary"), (5, "descriptive", "nothing is claimed"),
])  # fmt: skip
def test_few_studies(studies, tmp_path, count, standing, said):
    """Two studies have one common effect; five are drawn with a prediction interval, and claim nothing."""
    place = some(studies, tmp_path / "some", count)
    assert run_deqi(place, tmp_path / "out", "meta").code == 0
    about = json.loads((tmp_path / "out" / "meta" / f"{START}_synthesis.json").read_text())
    assert (about["Standing"], about["Patterns"], about["SmallestP"]) == (standing, 0, None)
    assert said in (tmp_path / "out" / "meta.html").read_text()
    names = {path.name for path in (tmp_path / "out" / "meta").iterdir()}
    assert (f"{START}_stat-piLower_statmap.nii.gz" in names) == (count == 5)


def test_what_cannot_be_pooled(studies, tmp_path):
    """One dataset twice, one sample twice, other settings, outputs that are not there."""
    place = some(studies, tmp_path / "twice", 3, [f"again\t{studies}/out0\t8"])
    ended = run_deqi(place, tmp_path / "out", "meta")
    assert "T0 and again are one output with 8 participants in common" in ended.text
    shutil.copytree(studies / "out0", tmp_path / "copied")
    place = some(studies, tmp_path / "copy", 3, [f"again\t{tmp_path}/copied\t8"])
    ended = run_deqi(place, tmp_path / "out", "meta")
    assert "have the same map" in ended.text
    assert ended.code == 1
    place = some(studies, tmp_path / "absent", 3, ["gone\tnowhere\t8"])
    assert (run_deqi(place, tmp_path / "out2", "meta").code, ended.code) == (66, 1)
    other = tmp_path / "other"
    shutil.copytree(studies / "out3", other)
    settings = (other / "logs" / "settings.toml").read_text()
    (other / "logs" / "settings.toml").write_text(settings.replace("low_pass = 0.1", "low_pass = 0.08"))
    place = some(studies, tmp_path / "differ", 3, [f"T9\t{other}\t8"])
    (other / "logs" / "settings.toml").write_text(settings)
    assert run_deqi(place, tmp_path / "out3", "meta").code == 0
    # What says how maps were made counts as input: the same call looks again when that alone changes.
    (other / "logs" / "settings.toml").write_text(settings.replace("low_pass = 0.1", "low_pass = 0.08"))
    ended = run_deqi(place, tmp_path / "out3", "meta")
    assert "modalities.fmri.low_pass: 0.1 (T0, T1, T2); 0.08 (T9)" in ended.text
    ended = run_deqi(place, tmp_path / "out3", "meta", "--set", "syntheses.maps.force_standardised=true")
    assert ended.code == 0, ended.text
    about = json.loads((tmp_path / "out3" / "meta" / f"{START}_synthesis.json").read_text())
    assert (about["Scale"], about["Units"]) == ("g", "Hedges g")
    assert about["SettingsThatDiffer"] == ["modalities.fmri.low_pass: 0.1 (T0, T1, T2); 0.08 (T9)"]


def test_comparisons_of_outputs_side_by_side(studies, tmp_path):
    """Several comparisons are each pooled for itself; one that is named for a study alone joins those of others."""
    place = some(studies, tmp_path / "some", 3)
    names = 'syntheses.maps.contrasts=["verumVsShamAdjusted", "verumVsShamChange"]'
    ended = run_deqi(place, tmp_path / "out", "meta", "--set", names)
    assert ended.code == 0, ended.text
    for name in ("VerumVsShamAdjusted", "VerumVsShamChange"):
        about = json.loads((tmp_path / "out" / "meta" / f"{START}{name}_synthesis.json").read_text())
        assert about["Studies"] == 3
    lines = (place / "studies.tsv").read_text().splitlines()
    parts = [
        lines[0] + "\tdeqi_contrast",
        *(f"{line}\t{['', 'verumVsShamChange', ''][i]}" for i, line in enumerate(lines[1:])),
    ]
    (place / "studies.tsv").write_text("\n".join(parts) + "\n")
    ended = run_deqi(place, tmp_path / "out2", "meta")
    assert ended.code == 0, ended.text
    assert json.loads((tmp_path / "out2" / "meta" / f"{START}_synthesis.json").read_text())["Studies"] == 3
    again = lines[1].replace("T0", "T0b") + "\tverumVsShamChange"
    (place / "studies.tsv").write_text("\n".join([*parts, again]) + "\n")
    ended = run_deqi(place, tmp_path / "out3", "meta")
    assert "T0 and T0b are one output with 8 participants in common" in ended.text


def test_maps_and_columns_of_studies(tmp_path):
    """Twenty maps whose effect grows with the year in one corner: slope and t are those of numpy, and no claim."""
    rng, shape = np.random.default_rng(4), (6, 6, 6)
    years = np.arange(2000, 2020)
    folder = tmp_path / "studies"
    folder.mkdir()
    studies = []
    y = rng.normal(0, 0.2, (20, *shape)).astype(np.float32)
    y[:, :3, :3, :3] += 0.1 * (years - 2010)[:, None, None, None]
    v = rng.uniform(0.02, 0.05, (20, *shape)).astype(np.float32)
    for i in range(20):
        for name, values in (("beta", y[i]), ("varcope", v[i])):
            nib.Nifti1Image(values, np.diag([4.0, 4, 4, 1])).to_filename(folder / f"s{i}_{name}.nii.gz")
        images = [
            {"value_type": kind, "filename": f"s{i}_{kind}.nii.gz", "space": "MNI"} for kind in ("beta", "varcope")
        ]
        analysis = {"id": f"a{i}", "name": "verum>sham", "points": [], "images": images}
        studies.append({"id": f"s{i}", "name": f"s{i}", "metadata": {"sample_sizes": [20, 20], "year": int(years[i])},
                        "analyses": [analysis]})  # fmt: skip
    (folder / "set.json").write_text(json.dumps({"id": "x", "name": "x", "studies": studies}))
    words = ["--set", 'syntheses.maps.moderators=["year"]', "--set", "syntheses.maps.scale=effect"]
    ended = run_deqi(folder, tmp_path / "out", "meta", *words)
    assert ended.code == 0, ended.text
    start = tmp_path / "out" / "meta" / "synthesis-maps_contrast-verumSham"
    slope, t = (nib.load(f"{start}_stat-{stat}_statmap.nii.gz").get_fdata() for stat in ("slopeYear", "tYear"))
    x = np.column_stack([np.ones(20), years - 2010.0])
    for at in ((1, 1, 1), (5, 5, 5)):
        own, weight = y[:, *at].astype(float), 1 / v[:, *at].astype(float)
        projected = np.diag(weight) - (x.T * weight).T @ np.linalg.inv(x.T * weight @ x) @ (x.T * weight)
        tau2 = max(0.0, (own @ projected @ own - 18) / np.trace(projected))
        weight = 1 / (1 / weight + tau2)
        inverse = np.linalg.inv(x.T * weight @ x)
        beta = inverse @ (x.T * weight) @ own
        error = np.sqrt(inverse[1, 1] * (weight * (own - x @ beta) ** 2).sum() / 18)
        assert (slope[at], t[at]) == pytest.approx((beta[1], beta[1] / error), rel=1e-3)
    table = read_tsv(start.with_name(f"{start.name}_regression.tsv"))
    assert (table["column"], float(table["q"][0]) < 1e-6) == (["year"], True)
    page = (tmp_path / "out" / "meta.html").read_text()
    assert "Nothing is claimed from it" in page
    ended = run_deqi(folder, tmp_path / "out", "meta", *words[2:], "--set", 'syntheses.maps.moderators=["dose"]')
    assert "has no column dose" in ended.text


def test_maps_of_one_study_alone_are_said(studies, tmp_path):
    """What only one output has is named on the console and on the page."""
    other = tmp_path / "other"
    shutil.copytree(studies / "out3", other)
    for path in (other / "group").glob("*_seed-near_*"):
        path.rename(path.with_name(path.name.replace("seed-near", "seed-alone")))
    place = some(studies, tmp_path / "some", 3, [f"T9\t{other}\t8"])
    ended = run_deqi(place, tmp_path / "out", "meta")
    assert "T9: no other study has maps of seed_correlation, seed alone" in ended.text
    assert "seed alone" in (tmp_path / "out" / "meta.html").read_text()


def test_outcomes_say_that_maps_are_at_hand(studies, tmp_path):
    """A higher rung of evidence is named where it exists."""
    place = some(studies, tmp_path / "some", 3)
    rows = [f"T{i}\tpain\tsham\thigher\t{0.2 + i / 10}\t.05" for i in range(3)]
    (place / "effects.tsv").write_text("\n".join(["study_id\toutcome\tcomparator\tdirection\tg\tv", *rows]) + "\n")
    assert run_deqi(place, tmp_path / "out", "meta").code == 0
    assert "Stronger evidence is at hand: maps of T0" in (tmp_path / "out" / "meta.html").read_text()


def test_one_sample_in_two_rows(studies, tmp_path):
    """The column sample_id says that people are the same."""
    place = some(studies, tmp_path / "some", 3)
    lines = (place / "studies.tsv").read_text().splitlines()
    rows = [lines[0] + "\tsample_id", *(f"{line}\t{'A' if i < 2 else 'B'}" for i, line in enumerate(lines[1:]))]
    (place / "studies.tsv").write_text("\n".join(rows) + "\n")
    ended = run_deqi(place, tmp_path / "out", "meta")
    assert "Maps of the same participants (sample_id): T0, T1" in ended.text
