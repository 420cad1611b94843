"""The main job from the command line: a whole trial, two commands, and what stands on disk afterwards."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import FAST, Analysed, run_deqi, validate_bids
from pages import group_pages
from scipy import stats
from synthetic import SPACE, TARGET, brain, places, write_run, write_trial


def table(path: Path) -> list[dict[str, str]]:
    header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    return [dict(zip(header, row, strict=True)) for row in rows]


def group_file(analysed: Analysed, ending: str) -> Path:
    (path,) = analysed.output.glob(f"group/*{ending}")
    return path


def group_maps(analysed: Analysed, rows: list[dict[str, str]], session: str) -> np.ndarray:
    """Return the maps of one seed and session of the people of some rows, (people, x, y, z)."""
    ending = f"ses-{session}_task-rest_{SPACE}_seed-near_stat-fisherz_statmap.nii.gz"
    people = [row["participant_id"] for row in rows]
    paths = [analysed.output / p / f"ses-{session}" / "func" / f"{p}_{ending}" for p in people]
    return np.stack([np.asarray(nib.load(path).dataobj) for path in paths])


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_both_levels_end_well(analysed):
    assert (analysed.participant.code, analysed.group.code) == (0, 0), analysed.participant.err + analysed.group.err
    assert "Report: " in analysed.group.out


def test_the_planted_effect_is_found_where_it_was_planted(analysed):
    rows = table(group_file(analysed, "_seed-near_contrast-verumVsShamAdjusted_clusters.tsv"))
    best = min(rows, key=lambda row: float(row["p_mass_fwe"]))
    assert float(best["p_mass_fwe"]) <= 0.05
    peak = np.array([float(best[axis]) for axis in "xyz"])
    assert np.linalg.norm(peak - np.array(TARGET)) <= 16
    assert best["sign"] == "positive"


def test_maps_equal_an_analysis_in_plain_numpy(analysed):
    """One session by the book: least squares on kept frames, mean of the sphere, correlation, Fisher z."""
    source = analysed.trial.file("03", "post", "bold")
    image = nib.load(source)
    data = np.asarray(image.dataobj, dtype=np.float64)[brain()]
    confounds = np.genfromtxt(analysed.trial.file("03", "post", "confounds"), names=True)
    motion = np.stack([confounds[n] for n in confounds.dtype.names[:6]], axis=1)
    slope = np.diff(motion, axis=0, prepend=np.nan)
    slope[0] = 0
    frames, step = data.shape[1], 2.0
    k = np.arange(1, frames // 2 + 1)
    k = k[(k / (frames * step) < 0.008) | (k / (frames * step) > 0.1)]
    angle = 2 * np.pi * np.outer(np.arange(frames), k) / frames
    columns = [np.ones((frames, 1)), np.arange(frames)[:, None], np.cos(angle), np.sin(angle), motion, slope,
               motion**2, slope**2, confounds["csf"][:, None], confounds["white_matter"][:, None]]  # fmt: skip
    fd = confounds["framewise_displacement"]
    moved = np.nan_to_num(fd) > 0.5
    kept = ~(moved | np.append(False, moved[:-1]))
    design = np.concatenate(columns, axis=1)[kept]
    design = design[:, np.linalg.norm(design, axis=0) > 1e-9]  # the sine at Nyquist is rounding
    design /= np.linalg.norm(design, axis=0)
    clean = data[:, kept].T - design @ np.linalg.lstsq(design, data[:, kept].T, rcond=1e-10)[0]
    near = np.linalg.norm(places()[brain()] - [4, 4, 4], axis=1) <= 9
    expected = np.corrcoef(clean[:, near].mean(axis=1), clean.T)[0, 1:]
    out = run_deqi(analysed.trial.root, analysed.output.with_name("unsmoothed"), "participant", *FAST,
                   "--participant-label", "03", "--set", "modalities.fmri.smoothing_fwhm=0")  # fmt: skip
    assert out.code == 0, out.err
    folder = analysed.output.with_name("unsmoothed") / "sub-03" / "ses-post" / "func"
    stem = f"sub-03_ses-post_task-rest_{SPACE}_seed-near"
    r = np.asarray(nib.load(folder / f"{stem}_stat-r_statmap.nii.gz").dataobj)[brain()]
    z = np.asarray(nib.load(folder / f"{stem}_stat-fisherz_statmap.nii.gz").dataobj)[brain()]
    assert np.isnan(r[near]).all()
    assert r[~near] == pytest.approx(expected[~near], abs=2e-5)
    assert z[~near] == pytest.approx(np.arctanh(expected[~near]), abs=2e-4)
    about = json.loads((folder / f"{stem}_stat-r_statmap.json").read_text())
    assert about["ResidualDegreesOfFreedom"] == kept.sum() - np.linalg.matrix_rank(design)
    assert about["SeedVoxels"] == near.sum()


def test_group_maps_equal_least_squares_at_every_voxel(analysed):
    import statsmodels.api as sm

    rows = [r for r in table(group_file(analysed, "_flow.tsv")) if r["stage"] == "analysed"]

    pre, post = (group_maps(analysed, rows, session) for session in ("pre", "post"))
    arm = np.array([float(r["arm"] == "verum") for r in rows])
    t = np.asarray(
        nib.load(group_file(analysed, "seed-near_contrast-verumVsShamAdjusted_stat-t_statmap.nii.gz")).dataobj
    )
    effect = np.asarray(
        nib.load(group_file(analysed, "seed-near_contrast-verumVsShamAdjusted_stat-effect_statmap.nii.gz")).dataobj
    )
    for voxel in np.argwhere(np.isfinite(t))[::97]:
        where = (slice(None), *voxel)
        fitted = sm.OLS(post[where], np.column_stack([arm, np.ones(len(arm)), pre[where]])).fit()
        assert t[tuple(voxel)] == pytest.approx(fitted.tvalues[0], rel=2e-4)
        assert effect[tuple(voxel)] == pytest.approx(fitted.params[0], rel=2e-4, abs=1e-6)
    assert np.isnan(t[np.linalg.norm(places() - [4, 4, 4], axis=-1) <= 9]).all()


def test_the_arms_before_treatment_are_described_and_not_tested(analysed):
    from scipy import stats

    found = [path.name.split("ShamPre_")[1] for path in analysed.output.glob("group/*near_contrast-verumVsShamPre_*")]
    described = {f"stat-{stat}_statmap.nii.gz" for stat in ("effect", "variance", "g", "gLower", "gUpper")}
    assert set(found) == {"baseline.json", *described}
    rows = [r for r in table(group_file(analysed, "_flow.tsv")) if r["stage"] == "analysed"]
    maps = group_maps(analysed, rows, "pre")
    arm = np.array([r["arm"] == "verum" for r in rows])
    t = stats.ttest_ind(maps[arm], maps[~arm]).statistic
    n = len(rows)
    expected = (1 - 3 / (4 * (n - 2) - 1)) * t * np.sqrt(1 / arm.sum() + 1 / (~arm).sum())  # Hedges' J, approximate
    g = np.asarray(nib.load(group_file(analysed, "seed-near_contrast-verumVsShamPre_stat-g_statmap.nii.gz")).dataobj)
    there = np.isfinite(g)
    assert there.sum() > 100
    assert g[there] == pytest.approx(expected[there], rel=5e-3, abs=1e-5)
    assert "described, not tested" in group_pages(analysed.output)


def test_every_declared_output_of_the_group_is_there(analysed):
    names = {path.name.split("_contrast-")[1] for path in analysed.output.glob("group/*seed-near_contrast-*")}
    whole = {"effect", "variance", "t", "g", "logpunc", "qfdr", "logpvoxfwe", "logpextentfwe", "logpmassfwe"}
    least = {"effect", "variance", "t", "logpmassfwe"}
    contrasts = {"verumVsShamAdjusted": whole} | dict.fromkeys(
        ("verumVsShamChange", "verumChange", "shamChange", "pooledChange", "verumVsShamPost"), least
    )
    for contrast, wanted in contrasts.items():
        maps = {name.split("_stat-")[1] for name in names if name.startswith(f"{contrast}_stat-")}
        found = {name.removesuffix("_statmap.nii.gz") for name in maps if "desc-" not in name}
        assert wanted <= found if wanted is whole else wanted == found
        assert {f"{contrast}_{end}" for end in ("clusters.tsv", "design.tsv", "nullmax.tsv", "statmap.json")} <= names
    about = json.loads(group_file(analysed, "seed-near_contrast-verumVsShamAdjusted_statmap.json").read_text())
    assert about["Relabellings"] == 100
    assert len(table(group_file(analysed, "seed-near_contrast-verumVsShamAdjusted_nullmax.tsv"))) == 100
    assert all((analysed.output / uri.removeprefix("bids::")).exists() for uri in about["Sources"])


def test_output_is_valid_bids(analysed):  # T28, the derivative half
    ended = validate_bids(analysed.output)
    assert ended.returncode == 0, ended.stdout


def test_sidecars_name_their_sources(analysed):
    about = json.loads((analysed.output / "dataset_description.json").read_text())
    links = {k: (analysed.output / v).resolve() if "://" not in v else Path(v.removeprefix("file://"))
             for k, v in about["DatasetLinks"].items()}  # fmt: skip
    for path in analysed.output.glob("sub-0[12]/*/func/*_statmap.json"):
        for uri in json.loads(path.read_text())["Sources"]:
            _, name, relative = uri.split(":", 2)
            assert (links[name] / relative).exists(), uri
    assert [entry["Name"] for entry in about["GeneratedBy"]] == ["deqi", "tests"]


def test_pybids_finds_our_outputs_by_seed_contrast_and_stat(analysed):
    from bids_app.dataset.derivatives_index import index_outputs

    layout = index_outputs(analysed.output / "group")
    (found,) = layout.get(seed="far", contrast="shamChange", stat="t", extension=".nii.gz")
    assert Path(found.path) == group_file(analysed, "seed-far_contrast-shamChange_stat-t_statmap.nii.gz")


def test_second_run_does_nothing_and_another_folder_gets_the_same_bytes(analysed, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in analysed.output.rglob("*.nii.gz")}
    again = run_deqi(analysed.trial.root, analysed.output, "group", *FAST)
    assert "already done" in again.err
    assert before == {p: p.stat().st_mtime_ns for p in analysed.output.rglob("*.nii.gz")}
    other = analysed.output.with_name("other")
    for level in ("participant", "group"):
        assert run_deqi(analysed.trial.root, other, level, *FAST, "--nprocs", "1").code == 0
    first, second = digests(analysed.output), digests(other)
    assert first.keys() == second.keys()
    records = re.compile(r"logs/done/group")  # it hashes the paths of the maps, which differ between folders
    assert [name for name in first if first[name] != second[name] and not records.match(name)] == []


def test_group_runs_again_when_arms_change(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3)
    out = tmp_path / "out"
    run_deqi(trial.root, out, "participant", *FAST)
    run_deqi(trial.root, out, "group", *FAST)
    path = trial.root / "participants.tsv"
    path.write_text(path.read_text().replace("sub-01\tverum", "sub-01\tsham").replace("sub-02\tsham", "sub-02\tverum"))
    again = run_deqi(trial.root, out, "group", *FAST)
    assert "already done" not in again.err
    design = next(out.glob("group/*seed-near_contrast-verumVsShamAdjusted_design.tsv"))
    assert {r["participant_id"]: r["arm"] for r in table(design)}["sub-01"] == "sham"


def test_participant_label_restricts_the_group_too(analysed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(analysed.output, out)
    labels = ["01", "02", "03", "sub-04", "05", "06"]
    ended = run_deqi(analysed.trial.root, out, "group", *FAST, "--participant-label", *labels)
    assert ended.code == 0, ended.err
    flow = table(next(out.glob("group/*_flow.tsv")))
    analysed_people = {r["participant_id"] for r in flow if r["stage"] == "analysed"}
    assert analysed_people == {f"sub-0{i}" for i in range(1, 7)}
    assert {r["reason"] for r in flow if r["stage"] != "analysed"} == {"session pre: left out by --participant-label"}


def test_covariates_and_strata_come_from_the_tables(analysed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(analysed.output, out)
    data = tmp_path / "data"
    shutil.copytree(analysed.trial.root, data)
    (data / "phenotype").mkdir()
    people = list(analysed.trial.people)
    lines = ["participant_id\tsession_id\tvas"]
    lines += [f"sub-{p}\tses-{s}\t{i + (s == 'post')}" for i, p in enumerate(people) for s in ("pre", "post")]
    (data / "phenotype" / "vas.tsv").write_text("\n".join(lines) + "\n")
    ended = run_deqi(data, out, "group", *FAST, "--set", 'designs.parallel_prepost.covariates=["age", "vas_pre"]',
                     "--set", 'designs.parallel_prepost.strata=["site"]')  # fmt: skip
    assert ended.code == 0, ended.err
    rows = table(next(out.glob("group/*seed-near_contrast-verumVsShamAdjusted_design.tsv")))
    assert list(rows[0]) == [
        "participant_id",
        "arm",
        "arm_verum",
        "constant",
        "stratum_1",
        "age",
        "vas_pre",
        "block",
        "baseline",
    ]
    assert {r["participant_id"]: r["vas_pre"] for r in rows} == {f"sub-{p}": str(i) for i, p in enumerate(people)}
    about = json.loads(next(out.glob("group/*seed-near_contrast-verumVsShamAdjusted_statmap.json")).read_text())
    assert about["DegreesOfFreedom"] == 10 - 4 - 2


def test_runs_of_a_session_are_combined(tmp_path, trial):
    folder = trial.func("01", "pre")
    shutil.rmtree(folder)
    for run in ("1", "02"):
        write_run(folder, f"sub-01_ses-pre_task-rest_run-{run}", seed=int(run), frames=150)
    out = tmp_path / "out"
    ended = run_deqi(trial.root, out, "participant", *FAST, "--participant-label", "01")
    assert ended.code == 0, ended.err
    func = out / "sub-01" / "ses-pre" / "func"
    z, df = [], []
    for run in ("run-1_", "run-02_", ""):
        stem = f"sub-01_ses-pre_task-rest_{run}{SPACE}_seed-near_stat-fisherz_statmap"
        z.append(np.asarray(nib.load(func / f"{stem}.nii.gz").dataobj, dtype=np.float64))
        df.append(json.loads((func / f"{stem}.json").read_text())["ResidualDegreesOfFreedom"])
    expected = ((df[0] - 2) * z[0] + (df[1] - 2) * z[1]) / (df[0] + df[1] - 4)
    assert z[2][np.isfinite(z[2])] == pytest.approx(expected[np.isfinite(z[2])], abs=1e-6)
    assert df[2] == df[0] + df[1]


def test_dry_run_tells_the_jobs_and_writes_nothing(tmp_path, trial):
    out = tmp_path / "out"
    ended = run_deqi(trial.root, out, "participant", *FAST, "--dry-run")
    assert ended.code == 0
    assert not out.exists()
    assert "4 jobs; nothing was written." in ended.out
    assert "residual degrees of freedom" in ended.out
    promised = [Path(line.split()[1]) for line in ended.out.splitlines() if line.startswith("  writes")]
    assert run_deqi(trial.root, out, "participant", *FAST).code == 0
    assert promised
    assert all(path.exists() for path in promised)


def test_settings_written_beside_the_results_can_be_fed_back(analysed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(analysed.output, out)
    config = tmp_path / "analysis.toml"
    shutil.copy(out / "logs" / "settings.toml", config)
    again = run_deqi(analysed.trial.root, out, "participant", "--config", config, "--participant-label", "01")
    assert again.code == 0
    assert again.err.count("already done") == 2, again.err


def test_input_is_never_written_to(tmp_path, trial):
    before = digests(trial.root)
    run_deqi(trial.root, tmp_path / "out", "participant", *FAST, "--participant-label", "01")
    assert digests(trial.root) == before


ELSEWHERE = (
    r'(?:src|href)="(?!data:|#|[\w./-]+\.(?:html|md|toml|tex|bib|tsv)(?:#[\w-]+)?"|'
    r'(?:sub-\d+|group)/figures/[\w.-]+\.png")[^"]*"'
)
"""An address that is neither in the page nor a file of the dataset."""


def test_reports_are_self_contained_and_can_be_made_again(analysed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(analysed.output, out)
    pages = [*out.glob("*.html"), *(out / "logs").glob("C*.*")]
    methods = {f"CITATION.{kind}" for kind in ("md", "html", "tex", "bib")} | {"COBIDAS.tsv", "COBIDAS.html"}
    assert {p.name for p in pages} >= {"index.html", "group.html", "sub-01.html", "sub-10.html", *methods}
    assert 'src="group/' not in (out / "group.html").read_text()  # one page to send and to print
    for page in pages:
        text = page.read_text()
        assert not re.findall(ELSEWHERE, text)
        assert all(
            (out / "assets" / f"{name}.js").exists() for name in re.findall(r"(?:map|viewer)-[0-9a-f]{12}", text)
        )
        assert not re.findall(r"<script[^>]*\bsrc", text)
        page.unlink()
    assert run_deqi(analysed.trial.root, out, "participant", *FAST, "--reports-only").code == 0
    assert digests(out) == digests(analysed.output)


def test_the_smallest_detectable_effect_is_a_map_of_the_observed_variance(analysed):
    def read(stat):
        path = group_file(analysed, f"_seed-near_contrast-verumVsShamAdjusted_{stat}_statmap.nii.gz")
        return nib.load(path).get_fdata()

    about = json.loads(group_file(analysed, "_seed-near_contrast-verumVsShamAdjusted_statmap.json").read_text())
    variance, df = read("stat-variance"), about["DegreesOfFreedom"]
    for desc, name in (("voxel", "OneVoxelOrRegion"), ("brain", "AnyVoxelOfTheBrain")):
        found, height = read(f"stat-detectable_desc-{desc}"), about["Power"][name]["CriticalT"]
        where = np.isfinite(found)
        shift = found[where][0] / np.sqrt(variance[where][0])
        # The definition: with this effect |t| reaches the height in 80 % of trials.
        assert stats.nct.sf(height, df, shift) == pytest.approx(0.8, abs=1e-4)
        assert found[where] == pytest.approx(shift * np.sqrt(variance[where]), rel=1e-4)
        middle = about["Power"][name]["SmallestDetectableEffectMedian"]
        assert np.median(found[where]) == pytest.approx(middle, rel=1e-4)


def test_the_group_page_says_what_the_grammar_allows(analysed):
    page = group_pages(analysed.output)
    assert "not evidence of specificity" in page
    assert "verum-specific" not in page
    assert "Exploratory only" in page
    assert "10 participants" in page


def test_init_config_is_filled_with_what_the_dataset_has(tmp_path, trial):
    config = tmp_path / "analysis.toml"
    path = trial.root / "participants.tsv"
    path.write_text(path.read_text().replace("group", "arm").replace("verum", "real").replace("sham", "placebo"))
    ended = run_deqi(trial.root, "--init-config", config)
    assert ended.code == 0, ended.err
    text = config.read_text()
    for line in ('column = "arm"', 'active = "real"', 'control = "placebo"', 'pre = "pre"', 'post = "post"'):
        assert line in text
    assert "tasks: rest" in text
    assert run_deqi(trial.root, tmp_path / "out", "participant", "--config", config, "--dry-run").code == 0
