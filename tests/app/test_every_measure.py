"""Every measure from the command line to its files, on the tiny trial and with real acupuncture events."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from conftest import ROOT, run_deqi
from nilearn.glm.first_level.hemodynamic_models import compute_regressor
from pages import group_pages
from scipy.stats import gamma
from synthetic import (
    AFFINE,
    FRAMES,
    MOTION,
    SEEDS,
    SHAPE,
    SPACE,
    TARGET,
    TR,
    blob,
    brain,
    hash_of,
    places,
    write_run,
    write_trial,
)

from bids_app.dataset.tables import read_tsv

SMALL = ["--set", "modalities.fmri.smoothing_fwhm=0"]


def first(folder, pattern):
    return min(folder.rglob(pattern))


def load(path):
    return np.asarray(nib.load(path).dataobj)


def test_a_run_with_no_option_does_every_usual_measure(trial, tmp_path):
    out = tmp_path / "out"
    ended = run_deqi(trial.root, out, "participant", "--participant-label", "01")
    assert ended.code == 0, ended.err
    patterns = (
        "*seed-*_stat-r_*", "*meas-alff_stat-raw_*", "*meas-falff_stat-ratio_*", "*meas-reho_stat-zscore_*",
        "*seg-regions*pearsoncorrelation_relmat.tsv", "*seg-networks*stat-coherence_relmat.tsv",
    )  # fmt: skip
    for pattern in patterns:
        assert list((out / "sub-01").rglob(pattern)), pattern
    page = (out / "sub-01.html").read_text()
    for word in ("ALFF", "Regional homogeneity", "Regions: regions", "first component"):
        assert word in page
    assert "measures = [" in (out / "logs" / "settings.toml").read_text()


def test_dry_run_names_the_very_files_that_a_run_writes(trial, tmp_path):
    words = ["--participant-label", "01", "--session-label", "pre", "--seeds", *SEEDS]
    words += ["--measures", "seed_correlation", "network_coherence", "alff", "reho"]
    words += ["--set", f'measures.network_coherence.networks=["A={SEEDS[0]}+{SEEDS[1]}"]']
    out = tmp_path / "out"
    planned = run_deqi(trial.root, out, "participant", *words, "--dry-run")
    assert planned.code == 0, planned.err
    names = {line.split()[-1] for line in planned.out.splitlines() if line.strip().startswith("writes")}
    ended = run_deqi(trial.root, out, "participant", *words)
    assert ended.code == 0, ended.err
    assert names <= {str(path) for path in out.rglob("*")}


def test_maps_of_local_activity_equal_a_plain_computation(trial, tmp_path):
    out = tmp_path / "out"
    words = ["--measures", "alff", "reho", *SMALL, "--set", "modalities.fmri.fd_threshold=0"]
    ended = run_deqi(trial.root, out, "participant", "--participant-label", "01", "--session-label", "pre", *words)
    assert ended.code == 0, ended.err
    data = load(trial.file("01", "pre", "bold")).astype(np.float64)[brain()]
    confounds = read_tsv(trial.file("01", "pre", "confounds"))
    motion = np.column_stack([np.array(confounds[name], dtype=float) for name in MOTION])
    slope = np.vstack([np.zeros(6), np.diff(motion, axis=0)])
    tissue = np.column_stack([np.array(confounds[k], dtype=float) for k in ("csf", "white_matter")])
    model = np.column_stack([np.ones(FRAMES), np.arange(FRAMES), motion, slope, motion**2, slope**2, tissue])
    model = model / np.linalg.norm(model, axis=0)
    clean = data.T - model @ np.linalg.lstsq(model, data.T, rcond=None)[0]
    heights = 2 * np.abs(np.fft.fft(clean, 256, axis=0)) / FRAMES
    low, high = int(np.ceil(0.01 * 256 * TR + 1)), int(0.08 * 256 * TR + 1)
    alff = heights[low - 1 : high].mean(axis=0)
    ours = load(first(out, "*meas-alff_stat-raw_statmap.nii.gz"))[brain()]
    assert ours == pytest.approx(alff, rel=1e-3)
    share = heights[low - 1 : high].sum(axis=0) / heights[1:129].sum(axis=0)
    assert load(first(out, "*meas-falff_stat-raw_statmap.nii.gz"))[brain()] == pytest.approx(share, rel=1e-3)
    z = load(first(out, "*meas-alff_stat-zscore_statmap.nii.gz"))[brain()]
    assert z == pytest.approx((alff - alff.mean()) / alff.std(ddof=1), abs=2e-3)
    about = json.loads(first(out, "*meas-alff_stat-raw_statmap.json").read_text())
    assert about["Estimator"] == "Fourier transform"
    assert about["Cleaning"] == "unfiltered"
    assert "PassBand" not in about


def test_a_spectrum_is_refused_where_too_much_is_censored_and_the_rest_goes_on(trial, tmp_path):
    path = trial.file("01", "pre", "confounds")
    header, *rows = path.read_text().splitlines()
    changed = [row.rpartition("\t")[0] + "\t9" if 40 <= i < 80 else row for i, row in enumerate(rows)]
    path.write_text("\n".join([header, *changed]) + "\n")
    out = tmp_path / "out"
    words = ["--measures", "seed_correlation", "alff", "--seeds", *SEEDS, "--set", "modalities.fmri.low_pass=0",
             "--set", "modalities.fmri.min_minutes=1"]  # fmt: skip
    ended = run_deqi(trial.root, out, "participant", "--participant-label", "01", *words)
    assert ended.code == 0, ended.err
    assert "alff is left out: 27% of the frames are censored" in ended.text
    assert not list(out.rglob("*ses-pre*meas-alff*"))
    assert list(out.rglob("*ses-post*meas-alff*"))
    assert list(out.rglob("*ses-pre*seed-near*"))
    assert "of the frames are censored" in (out / "sub-01.html").read_text()


def test_parcels_without_coverage_are_named_and_kept_as_not_available(trial, tmp_path):
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[3:6, 4:7, 4:7], labels[7:9, 8:10, 5:7], labels[0, 0, 0] = 1, 2, 3
    atlas = tmp_path / "atlas-toy_dseg.nii.gz"
    nib.save(nib.Nifti1Image(labels, AFFINE), atlas)
    (tmp_path / "atlas-toy_dseg.tsv").write_text("index\tname\n1\tleft\n2\tright\n3\tcorner\n4\tnowhere\n")
    out = tmp_path / "out"
    words = ["--measures", "parcel_correlation", "--set", f"measures.parcel_correlation.atlas={atlas}",
             "--set", 'measures.parcel_correlation.pairs=["left-right"]']  # fmt: skip
    ended = run_deqi(trial.root, out, "participant", "--participant-label", "01", *words)
    assert ended.code == 0, ended.err
    table = read_tsv(first(out, "*seg-toy*_stat-pearsoncorrelation_relmat.tsv"))
    assert table["node"] == ["left", "right", "corner", "nowhere"]
    assert table["corner"] == ["n/a"] * 4
    assert table["left"][0] == "1"
    series = read_tsv(first(out, "*seg-toy*_stat-mean_timeseries.tsv"))
    kept = [row for row in zip(series["left"], series["right"], strict=True) if row[0] != "n/a"]
    x, y = np.array(kept, dtype=float).T
    assert float(table["right"][0]) == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-6)
    about = json.loads(first(out, "*seg-toy*_stat-pearsoncorrelation_relmat.json").read_text())
    assert about["Regions"]["corner"]["Coverage"] == 0
    pairs = read_tsv(first(out, "*seg-toy*_stat-pairs_relmat.tsv"))
    assert pairs["pair"] == ["left-right"]
    assert float(pairs["fisherz"][0]) == pytest.approx(np.arctanh(float(table["right"][0])), abs=1e-6)
    assert "nowhere" in (out / "sub-01.html").read_text()


NEEDLED = 245
"""Frames of the needling run: the real one took 476 s."""


def needling(real_data) -> dict[str, list[str]]:
    """Return the events of a real run: needles stimulated at three points (1-3) and imagined (4-6), with ratings.

    How long a stimulation took was not recorded; 3 s is invented here.
    """
    archive = real_data / "acupuncture_imacu" / "01_behavioural_data" / "C_log_files.zip"
    with zipfile.ZipFile(archive) as content:
        name = min(name for name in content.namelist() if "subject_10_sess_1_run_1_" in name)
        rows = list(csv.DictReader(io.StringIO(content.read(name).decode()), delimiter="\t"))
    kinds = dict(zip("123456", ["point1", "point2", "point3", "imagery1", "imagery2", "imagery3"], strict=True))
    return {
        "onset": [row["onset"] for row in rows],
        "duration": ["3"] * len(rows),
        "trial_type": [kinds[row["TrialNr"]] for row in rows],
        "intensity": [row["Response"] if row["Response"] != "0" else "n/a" for row in rows],
    }


@pytest.mark.real
def test_real_needling_events_find_the_response_that_was_planted(trial, tmp_path, real_data):
    events = needling(real_data)
    stem = "sub-01_ses-pre_task-rest"
    write_run(trial.func("01", "pre"), stem, seed=hash_of("needle"), frames=NEEDLED)
    pairs = zip(events["onset"], events["trial_type"], strict=True)
    onsets = np.array([float(onset) for onset, kind in pairs if kind == "point1"])
    assert len(onsets) == 5
    blocks = np.vstack([onsets, np.full(5, 3.0), np.ones(5)])
    response = compute_regressor(blocks, "spm", TR * np.arange(NEEDLED))[0][:, 0]
    path = trial.file("01", "pre", "bold")
    image = nib.load(path)
    # The height of the response to one block of 3 s, from the distribution functions of SPM's two gammas.
    seconds = np.arange(0, 32, 0.01)
    reached = (gamma.cdf(seconds, 6) - gamma.cdf(seconds, 16) / 6) / (1 - 1 / 6)
    height = (reached[300:] - reached[:-300]).max()
    data = np.asarray(image.dataobj) + 150 * blob(TARGET)[..., None] * response / height  # 30 % of a mean of 500
    data = np.where(brain()[..., None], data, 0).astype(np.float32)
    nib.save(nib.Nifti1Image(data, image.affine, image.header), path)
    folder = trial.root / "sub-01" / "ses-pre" / "func"
    folder.mkdir(parents=True)
    lines = ["\t".join(events), *map("\t".join, zip(*events.values(), strict=True))]
    (folder / f"{stem}_events.tsv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "out"
    contrasts = '["point1", "point1 - point2", "point1*intensity"]'
    words = ["--measures", "task_glm", "--set", f"measures.task_glm.contrasts={contrasts}",
             "--set", 'measures.task_glm.modulators=["point1*intensity"]',
             "--set", 'measures.task_glm.regions=["target:20,28,4:9"]', *SMALL]  # fmt: skip
    ended = run_deqi(trial.root, out, "participant", "--participant-label", "01", *words)
    assert ended.code == 0, ended.err
    silent = f"sub-01_ses-post_task-rest_{SPACE}_desc-preproc_bold.nii.gz has no events file"
    assert f"{silent}, so it is left out of task_glm" in ended.text
    effect = load(first(out, "*meas-point1_stat-effect_statmap.nii.gz"))
    z = load(first(out, "*meas-point1_stat-z_statmap.nii.gz"))
    peak = np.unravel_index(np.nanargmax(z), SHAPE)
    assert np.linalg.norm(AFFINE[:3, :3] @ peak + AFFINE[:3, 3] - TARGET) < 9
    where = tuple(np.rint(np.linalg.solve(AFFINE, [*TARGET, 1])[:3]).astype(int))
    error = np.sqrt(load(first(out, "*meas-point1_stat-variance_statmap.nii.gz"))[where])
    assert effect[where] == pytest.approx(30 * blob(TARGET)[where], abs=3 * float(error))
    assert z[where] > 5
    assert first(out, "*meas-point1MinusPoint2_stat-t_statmap.nii.gz")
    assert first(out, "*meas-point1ByIntensity_stat-effect_statmap.nii.gz")
    courses = read_tsv(first(out, "*_stat-fir_timeseries.tsv"))
    assert set(courses["region"]) == {"target"}
    page = (out / "sub-01.html").read_text()
    assert "Percent signal change after the onset" in page
    assert "not corrected" in page


def test_a_condition_preset_sets_defaults_that_words_override(trial, tmp_path):
    ended = run_deqi("--preset", "list")
    assert ended.code == 0
    assert "neck-pain: Chronic neck pain, cervical spondylosis (hypothesis from the literature)" in ended.out
    out = tmp_path / "out"
    words = ["--preset", "migraine", "--measures", "seed_correlation", "--participant-label", "01", "--seeds", *SEEDS]
    ended = run_deqi(trial.root, out, "participant", *words)
    assert ended.code == 0, ended.err
    assert list(out.rglob("*seed-near_*"))
    assert "hypothesis from the literature" in (out / "logs" / "CITATION.md").read_text()
    planned = run_deqi(trial.root, out, "participant", *words[:6], "--dry-run")
    assert "seed-RVM_stat-fisherz" in planned.out
    ended = run_deqi(trial.root, out, "participant", "--preset", "migrane")
    assert ended.code == 64
    assert "did you mean 'migraine'?" in ended.err


def test_seeds_of_every_kind_hold_the_voxels_they_should(trial, tmp_path):
    mask = brain()
    probability = np.where(mask, blob((4, 4, 4), 12.0), 0).astype(np.float32)
    file = tmp_path / "prob.nii.gz"
    nib.save(nib.Nifti1Image(probability, AFFINE), file)
    labels = np.zeros(SHAPE, dtype=np.int16)
    labels[3:5, 4:6, 4:6], labels[7:9, 8:10, 5:7], labels[5, 5, 5] = 1, 2, 3
    atlas = tmp_path / "atlas-toy_dseg.nii.gz"
    nib.save(nib.Nifti1Image(labels, AFFINE), atlas)
    (tmp_path / "atlas-toy_dseg.tsv").write_text("index\tname\n1\tleft\n2\tright\n3\tdot\n")
    out = tmp_path / "out"
    words = ["--measures", "seed_correlation", "--participant-label", "01", "--session-label", "pre", *SMALL]
    seeds = ["pair:4,4,4:9+20,28,4:9", f"prob={file}@0.6", f"both={atlas}#left+right", f"dot={atlas}#3"]
    ended = run_deqi(trial.root, out, "participant", *words, "--seeds", *seeds)
    assert ended.code == 0, ended.err
    series = read_tsv(first(out, "*seg-seeds*_stat-mean_timeseries.tsv"))
    values = {name: np.array([float(v) for v in column if v != "n/a"]) for name, column in series.items()}
    z = {name: load(first(out, f"*seed-{name}_stat-fisherz_statmap.nii.gz")) for name in values}
    kinds = {"prob": probability > 0.6, "both": np.isin(labels, [1, 2]), "dot": labels == 3}
    for name, where in kinds.items():
        assert np.array_equal(np.isnan(z[name]) & mask, where & mask), name
    about = json.loads(first(out, "*seed-dot_stat-r_statmap.json").read_text())
    assert about["SeedRemarks"] == ["fewer than 5 voxels"]
    pair = json.loads(first(out, "*seed-pair_stat-r_statmap.json").read_text())
    assert len(pair["Seed"]["Spheres"]) == 2
    # The weighted mean, from single voxels that are seeds of their own.
    inside = np.argwhere((probability > 0.6) & mask)
    singles = [f"v{i}:{','.join(f'{c:g}' for c in AFFINE[:3, :3] @ v + AFFINE[:3, 3])}:1" for i, v in enumerate(inside)]
    ended = run_deqi(trial.root, tmp_path / "single", "participant", *words, "--seeds", *singles)
    assert ended.code == 0, ended.err
    table = read_tsv(first(tmp_path / "single", "*seg-seeds*_stat-mean_timeseries.tsv"))
    each = np.array([[float(v) for v in table[f"v{i}"] if v != "n/a"] for i in range(len(inside))])
    weights = probability[tuple(inside.T)]
    assert values["prob"] == pytest.approx(weights @ each / weights.sum(), abs=1e-4)


def test_a_seed_that_goes_with_the_fluid_is_marked(trial, tmp_path):
    path = trial.file("01", "pre", "confounds")
    header, *rows = path.read_text().splitlines()
    place = header.split("\t").index("csf")
    data = load(trial.file("01", "pre", "bold"))
    where = tuple(np.rint(np.linalg.solve(AFFINE, [4, 4, 4, 1])[:3]).astype(int))
    fluid = data[where] + np.random.default_rng(0).normal(0, 0.3 * data[where].std(), FRAMES)
    changed = []
    for row, value in zip(rows, fluid, strict=True):
        cells = row.split("\t")
        cells[place] = f"{value:.8g}"
        changed.append("\t".join(cells))
    path.write_text("\n".join([header, *changed]) + "\n")
    out = tmp_path / "out"
    words = ["--measures", "seed_correlation", "--participant-label", "01", "--session-label", "pre"]
    ended = run_deqi(trial.root, out, "participant", *words, "--seeds", "one:4,4,4:1", "far:-28,-28,12:9")
    assert ended.code == 0, ended.err
    about = json.loads(first(out, "*seed-one_stat-r_statmap.json").read_text())
    expected = np.corrcoef(data[where], fluid)[0, 1]
    assert about["SeedCSFCorrelation"] == pytest.approx(expected, abs=1e-4)
    assert f"correlates with CSF (r = {expected:.2f})" in about["SeedRemarks"]
    far = json.loads(first(out, "*seed-far_stat-r_statmap.json").read_text())
    voxels = data[np.linalg.norm(places() - np.array([-28, -28, 12]), axis=-1) <= 9]
    expected = np.mean([np.corrcoef(v, fluid)[0, 1] for v in voxels if v.std() > 0])
    assert far["SeedCSFCorrelation"] == pytest.approx(expected, abs=1e-3)


def test_people_whose_side_is_named_are_mirrored_and_only_they(trial, tmp_path):
    table = trial.root / "participants.tsv"
    lines = table.read_text().splitlines()
    table.write_text("\n".join([f"{lines[0]}\tside", f"{lines[1]}\tright", f"{lines[2]}\tleft"]) + "\n")
    flip = ["--set", "modalities.fmri.flip_column=side"]
    words = ["--measures", "seed_correlation", *SMALL, "--session-label", "pre", "--seeds"]
    ended = run_deqi(trial.root, tmp_path / "flipped", "participant", *words, "there:-20,28,4:9", *flip)
    assert ended.code == 0, ended.err
    ended = run_deqi(trial.root, tmp_path / "plain", "participant", *words, "there:20,28,4:9", "here:-20,28,4:9")
    assert ended.code == 0, ended.err
    # x of voxel i is 8 i - 44, so that voxel 11 - i is its mirror image.
    flipped = load(first(tmp_path / "flipped" / "sub-01", "*seed-there_stat-fisherz_statmap.nii.gz"))
    plain = load(first(tmp_path / "plain" / "sub-01", "*seed-there_stat-fisherz_statmap.nii.gz"))
    assert flipped == pytest.approx(plain[::-1], abs=1e-5, nan_ok=True)
    other = load(first(tmp_path / "flipped" / "sub-02", "*seed-there_stat-fisherz_statmap.nii.gz"))
    assert other == pytest.approx(
        load(first(tmp_path / "plain" / "sub-02", "*seed-here_stat-fisherz_*.nii.gz")), nan_ok=True
    )
    about = json.loads(first(tmp_path / "flipped" / "sub-01", "*seed-there_stat-r_statmap.json").read_text())
    assert about["LeftRightExchanged"] is True
    table.write_text(table.read_text().replace("\tleft", "\tn/a"))
    ended = run_deqi(trial.root, tmp_path / "flipped", "participant", *words, "there:-20,28,4:9", *flip)
    assert ended.code == 65
    assert "has no 'side' for sub-02" in ended.err


def toy() -> str:
    """Return the measure that CONTRIBUTING.md shows."""
    _, _, rest = (ROOT / "CONTRIBUTING.md").read_text().partition("```python\n")
    return rest.partition("```")[0]


def test_a_new_measure_is_one_file_and_runs_at_both_levels(tmp_path):
    package = tmp_path / "package"
    shutil.copytree(ROOT / "bids_app", package / "bids_app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "run.py", package)
    (package / "bids_app" / "measures" / "toy.py").write_text(toy())
    trial = write_trial(tmp_path / "data", per_arm=3)
    python = Path(sys.base_prefix) / "bin" / "python3"
    path = os.pathsep.join(p for p in sys.path if p.endswith("site-packages"))
    for level in ("participant", "group"):
        words = [python, package / "run.py", trial.root, tmp_path / "out", level, "--measures", "toy"]
        words += ["--n-permutations", "20", "--set", "measures.toy.factor=2", "--set", "inference.tfce=none"]
        ended = subprocess.run(
            list(map(str, words)), capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
        )
        assert ended.returncode == 0, ended.stderr
    assert list((tmp_path / "out").glob("group/*_meas-toy_contrast-verumVsShamAdjusted_stat-t_statmap.nii.gz"))
    assert "No difference in the toy between verum and sham" in group_pages(tmp_path / "out")
    assert "The toy was measured." in (tmp_path / "out" / "logs" / "CITATION.md").read_text()


def test_half_a_mask_beyond_the_field_of_view_is_half_covered(trial, tmp_path):
    wide = np.zeros((24, *SHAPE[1:]), dtype=np.uint8)
    wide[10:14, 5:8, 4:7] = 1  # the data end after voxel 11
    mask, atlas = tmp_path / "mask.nii.gz", tmp_path / "atlas-wide_dseg.nii.gz"
    for path in (mask, atlas):
        nib.save(nib.Nifti1Image(wide, AFFINE), path)
    data = load(trial.file("01", "pre", "mask"))
    inside = int((data > 0)[10:12, 5:8, 4:7].sum())
    out = tmp_path / "out"
    words = [
        "--measures",
        "seed_correlation",
        "parcel_correlation",
        "--participant-label",
        "01",
        "--session-label",
        "pre",
    ]
    words += [
        "--set",
        f"measures.parcel_correlation.atlas={atlas}",
        "--set",
        "measures.seed_correlation.min_coverage=0.01",
    ]
    ended = run_deqi(trial.root, out, "participant", *words, "--seeds", f"half={mask}", f"label={atlas}#1")
    assert ended.code == 0, ended.err
    for name in ("half", "label"):
        about = json.loads(first(out, f"*seed-{name}_stat-r_statmap.json").read_text())
        assert about["SeedCoverage"] == pytest.approx(inside / 36)


def test_networks_may_share_nodes_and_a_name_that_is_taken_is_refused(trial, tmp_path):
    out = tmp_path / "out"
    near, far = SEEDS
    words = ["--participant-label", "01", "--session-label", "pre", "--measures", "network_coherence"]
    networks = f'measures.network_coherence.networks=["A={near}+{far}", "B={near}+{far}"]'
    ended = run_deqi(trial.root, out, "participant", *words, "--set", networks)
    assert ended.code == 0, ended.err
    table = read_tsv(first(out, "*_stat-coherence_relmat.tsv"))
    assert table["fisherz"][0] == table["fisherz"][2]
    words = [
        "--participant-label",
        "01",
        "--session-label",
        "pre",
        "--measures",
        "seed_correlation",
        "parcel_correlation",
    ]
    words += ["--seeds", *SEEDS, "--set", "measures.parcel_correlation.name=seeds"]
    ended = run_deqi(trial.root, tmp_path / "two", "participant", *words, "--set",
                     f'measures.parcel_correlation.regions=["{near}", "{far}"]')  # fmt: skip
    assert ended.code == 1
    assert "Two results would be called" in ended.err


def test_runs_with_other_conditions_and_a_voxel_without_signal(trial, tmp_path):
    folder = trial.func("01", "pre")
    for path in list(folder.iterdir()):
        path.unlink()
    raw = trial.root / "sub-01" / "ses-pre" / "func"
    raw.mkdir(parents=True)
    for run, kinds in (("1", ["rest", "rotation"]), ("2", ["insertion", "rest"])):
        stem = f"sub-01_ses-pre_task-rest_run-{run}"
        write_run(folder, stem, seed=hash_of(run))
        lines = ["onset\tduration\ttrial_type", *(f"{14 * i + 4}\t5\t{kinds[i % 2]}" for i in range(20))]
        (raw / f"{stem}_events.tsv").write_text("\n".join(lines) + "\n")
        path = folder / f"{stem}_{SPACE}_desc-preproc_bold.nii.gz"
        image = nib.load(path)
        data = np.asarray(image.dataobj).copy()
        data[6, 7, 5] = np.random.default_rng(0).normal(0, 1, FRAMES)  # no mean: no percent of it
        nib.save(nib.Nifti1Image(data, image.affine, image.header), path)
    out = tmp_path / "out"
    words = ["--participant-label", "01", "--session-label", "pre", "--measures", "task_glm"]
    ended = run_deqi(trial.root, out, "participant", *words, "--set", f'measures.task_glm.regions=["{SEEDS[0]}"]')
    assert ended.code == 0, ended.err
    effect = load(first(out, f"sub-01_ses-pre_task-rest_{SPACE}_meas-rest_stat-effect_statmap.nii.gz"))
    assert np.isnan(effect[6, 7, 5])
    assert np.isfinite(effect[brain()]).mean() > 0.99
    for condition in ("insertion", "rotation"):  # that of the run which has it
        path = first(out, f"sub-01_ses-pre_task-rest_{SPACE}_meas-{condition}_stat-effect_statmap.json")
        assert json.loads(path.read_text())["RunsCombined"] == 1
    session = read_tsv(first(out, "sub-01_ses-pre_task-rest_space-*_seg-fir_*stat-fir_timeseries.tsv"))
    single = [read_tsv(p) for p in sorted(out.rglob("*run-*_stat-fir_timeseries.tsv"))]
    assert set(session["trial_type"]) == {"rest", "rotation", "insertion"}
    row = next(i for i, kind in enumerate(session["trial_type"]) if kind == "rotation")
    other = next(i for i, kind in enumerate(single[0]["trial_type"]) if kind == "rotation")
    assert session["effect"][row] == single[0]["effect"][other]


def test_whose_a_map_is_stands_in_the_record_and_two_of_one_name_end_the_session(tmp_path):
    """A trial type may begin as the maps of networks do; one that is called as a network is has no file of its own."""
    trial = write_trial(tmp_path / "data", per_arm=3)
    maps = np.stack([blob((4, 4, 4)), blob((-20, -12, 8))], axis=-1).astype(np.float32)
    nib.save(nib.Nifti1Image(maps, AFFINE), tmp_path / "networks.nii.gz")
    (tmp_path / "networks.tsv").write_text("index\tname\n1\tleft\n2\tright\n")
    for label in trial.people:
        for session in ("pre", "post"):
            raw = trial.root / f"sub-{label}" / f"ses-{session}" / "func"
            raw.mkdir(parents=True)
            lines = ["onset\tduration\ttrial_type", *(f"{28 * i + 4}\t12\tnetzero" for i in range(10))]
            (raw / f"sub-{label}_ses-{session}_task-rest_events.tsv").write_text("\n".join(lines) + "\n")
    words = ["--measures", "task_glm", "network_maps"]
    words += ["--set", f"measures.network_maps.maps={tmp_path / 'networks.nii.gz'}"]
    out = tmp_path / "out"
    for level, more in (("participant", ()), ("group", ("--n-permutations", "20"))):
        ended = run_deqi(trial.root, out, level, *words, *more)
        assert ended.code == 0, ended.text
    page = group_pages(out)
    assert "netzero" in page
    for label, measure in (("netzero", "task_glm"), ("netLeft", "network_maps"), ("netRight", "network_maps")):
        name = f"*_meas-{label}_contrast-verumVsShamAdjusted_statmap.json"
        assert json.loads(first(out / "group", name).read_text())["Measure"] == measure
    (tmp_path / "networks.tsv").write_text("index\tname\n1\tzero\n2\tright\n")
    ended = run_deqi(trial.root, tmp_path / "two", "participant", *words)
    assert ended.code == 1
    assert "task_glm and network_maps both have results called" in ended.text


def test_partial_correlation_needs_every_seed_of_the_set(trial, tmp_path):
    out = tmp_path / "out"
    words = ["--participant-label", "01", "--measures", "seed_correlation", "--set"]
    words += ["measures.seed_correlation.correlation=partial", "--seeds", *SEEDS]
    ended = run_deqi(trial.root, out, "participant", *words, "outside:80,80,80:5")
    assert ended.code == 0, ended.err
    assert "given fewer seeds than others have is another quantity" in ended.text
    assert not list(out.rglob("*_stat-r_*"))
    ended = run_deqi(trial.root, out, "participant", *words)
    assert ended.code == 0, ended.err
    assert json.loads(first(out, "*seed-near_stat-r_*.json").read_text())["SeedsTakenOut"] == ["far"]
