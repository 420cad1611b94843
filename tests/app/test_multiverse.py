"""`--multiverse` from the command line to the curve: each alternative a dataset, the table as its own maps say."""

from __future__ import annotations

import json
import shutil

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, run_deqi
from pages import group_pages
from scipy import stats
from synthetic import SEEDS, write_trial

from bids_app.dataset.tables import read_tsv
from bids_app.levels.multiverse import collect
from bids_app.vocabulary.options.multiverse import Multiverse

CONFIG = """[multiverse]
alternatives = ["smooth9: modalities.fmri.smoothing_fwhm=9", "broken: modalities.fmri.confounds=['nothing_like_it']"]
n_permutations = 20
"""


@pytest.fixture(scope="module")
def done(analysed, tmp_path_factory):
    """Both levels with one alternative that works and one that cannot."""
    root = tmp_path_factory.mktemp("multiverse")
    out = root / "out"
    shutil.copytree(analysed.output, out)
    (root / "a.toml").write_text(CONFIG)
    words = [*FAST, "--multiverse", "--config", root / "a.toml"]
    ended = [run_deqi(analysed.trial.root, out, level, *words) for level in ("participant", "group")]
    return out, ended


def test_what_fails_is_told_and_the_rest_is_done(done):
    out, ended = done
    assert [one.code for one in ended] == [1, 1]
    assert "multiverse broken" in ended[0].err
    assert "nothing_like_it" in ended[0].err
    about = json.loads(next((out / "group").glob("*_multiverse.json")).read_text())
    assert set(about["NotDone"]) == {"broken"}
    page = group_pages(out)
    assert "Had other choices been made" in page
    assert "not done:" in page
    assert "exploratory" in page


def test_the_alternative_is_a_dataset_of_its_own(done):
    out, _ = done
    own = out / "derivatives" / "multiverse-smooth9"
    assert json.loads((own / "dataset_description.json").read_text())["DatasetType"] == "derivative"
    assert "smoothing_fwhm = 9" in (own / "logs" / "settings.toml").read_text()
    assert "smoothing_fwhm = 9" not in (out / "logs" / "settings.toml").read_text()
    sidecar = next(own.glob("group/*_contrast-verumVsSham*_statmap.json"))
    assert json.loads(sidecar.read_text())["Relabellings"] == 20


def test_the_table_is_what_the_maps_hold(done):
    out, _ = done
    table = read_tsv(next((out / "group").glob("*_multiverse.tsv")))
    assert set(table["specification"]) == {"main", "smooth9"}
    roots = {"main": out, "smooth9": out / "derivatives" / "multiverse-smooth9"}
    for row in (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)):
        folder = roots[row["specification"]] / "group"
        stem = next(folder.glob(f"*seed-{row['map']}_*contrast-{row['contrast']}_statmap.json")).name
        image = {
            stat: nib.load(folder / stem.replace("_statmap.json", f"_stat-{stat}_statmap.nii.gz"))
            for stat in ("t", "effect", "variance")
        }
        place = np.linalg.inv(image["t"].affine) @ [*(float(row[axis]) for axis in ("x", "y", "z")), 1]
        i, j, k = np.rint(place[:3]).astype(int)
        effect, variance = (float(image[stat].dataobj[i, j, k]) for stat in ("effect", "variance"))
        about = json.loads((folder / stem).read_text())
        df = about["DegreesOfFreedom"]
        assert int(row["participants"]) == about["Participants"]
        assert float(row["p_corrected"]) == pytest.approx(about["SmallestJointP"][about["ClaimStatistic"]])
        main = nib.load(out / "group" / stem.replace("_statmap.json", "_stat-t_statmap.nii.gz")).get_fdata()
        mine = image["t"].get_fdata()
        both = np.isfinite(main) & np.isfinite(mine)
        assert float(row["similarity"]) == pytest.approx(stats.pearsonr(main[both], mine[both])[0], abs=1e-5)
        low, high = stats.t.interval(0.95, df, effect, np.sqrt(variance))
        assert float(row["t"]) == pytest.approx(float(image["t"].dataobj[i, j, k]), rel=1e-5)
        assert [float(row[c]) for c in ("effect", "effect_low", "effect_high")] == pytest.approx(
            [effect, low, high], rel=1e-5
        )


def test_results_that_an_alternative_left_before_it_failed_are_not_shown(done, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(done[0], out)
    failed = {"smooth9": "made to fail"}
    collect(out, Multiverse(("smooth9: modalities.fmri.smoothing_fwhm=9",)).specifications(), failed)
    about = json.loads(next((out / "group").glob("*_multiverse.json")).read_text())
    assert about["NotDone"] == failed
    assert read_tsv(next((out / "group").glob("*_multiverse.tsv")))["specification"] == []


def test_a_curve_of_an_earlier_main_analysis_says_so(done, analysed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(done[0], out)
    assert "of an earlier one" not in group_pages(out)
    ended = run_deqi(analysed.trial.root, out, "group", *FAST, "--random-seed", "5")
    assert ended.code == 0, ended.err
    assert "of an earlier one" in group_pages(out)


def test_an_unknown_alternative_is_refused_with_the_nearest(analysed, tmp_path):
    ended = run_deqi(analysed.trial.root, tmp_path / "out", "participant", "--alternative", "gsrr", "--dry-run")
    assert ended.code == 64
    assert "gsr" in ended.err


def test_a_dry_run_says_what_else_would_be_done(analysed, tmp_path):
    ended = run_deqi(analysed.trial.root, tmp_path / "out", "participant", "--multiverse", "--dry-run")
    assert ended.code == 0, ended.err
    assert "--alternative gsr" in ended.out
    assert not (tmp_path / "out").exists()


def test_maps_and_tables_stand_in_one_table(tmp_path):
    """Maps have coordinates and tables names of rows; the place is where the smallest corrected p stands."""
    trial = write_trial(tmp_path / "data", per_arm=4)
    config = tmp_path / "a.toml"
    config.write_text(
        '[dataset]\nmeasures = ["reho", "parcel_correlation"]\n[measures.parcel_correlation]\nname = "three"\n'
        f"regions = {json.dumps([*SEEDS, 'third:20,-20,8:8'])}\n"
        '[inference]\nsides = "positive"\n'
        '[multiverse]\nalternatives = ["smooth9: modalities.fmri.smoothing_fwhm=9"]\nn_permutations = 20\n'
    )
    out = tmp_path / "out"
    for level, more in (("participant", ()), ("group", ("--n-permutations", "20"))):
        ended = run_deqi(trial.root, out, level, "--config", config, "--multiverse", *more)
        assert ended.code == 0, ended.text
    table = read_tsv(next((out / "group").glob("*_multiverse.tsv")))
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    of = {kind: [row for row in rows if (row["x"] != "n/a") == (kind == "maps")] for kind in ("maps", "tables")}
    assert {row["map"] for row in of["maps"]} == {"reho"}
    of_main = [row for row in of["tables"] if row["specification"] == "main"]
    assert 1 <= len(of_main) < len(of["tables"])
    for row in of_main:
        edges = read_tsv(next((out / "group").glob(f"*_seg-three_*contrast-{row['contrast']}_edges.tsv")))
        p = np.array([float(value) for value in edges["p_fwe_joint"]])
        t = np.where(p == p.min(), [float(value) for value in edges["t"]], -np.inf)
        names = list(edges)[: list(edges).index("effect")]
        assert row["place"] == " ".join(edges[name][t.argmax()] for name in names)
        assert len(p) == 3
