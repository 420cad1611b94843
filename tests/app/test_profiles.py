"""Profiles of cleaning from the command line: the literature's way against a plain computation, and its mark."""

from __future__ import annotations

import json

import nibabel as nib
import numpy as np
import pytest
from conftest import run_deqi
from synthetic import FRAMES, MOTION, SEEDS, TR, brain, places, write_trial

from bids_app import settings
from bids_app.dataset import presets
from bids_app.dataset.tables import numeric, read_tsv
from bids_app.signals.cleaning import regress_then_filter

DROPPED = 10
MARK = "Replication only, not recommended"


def plainly(data: np.ndarray, table: dict, low: float, high: float) -> np.ndarray:
    """Return (frames, n) series after DPARSF's steps: drop, regress Friston's 24 terms, keep bins of a transform."""
    data = data[DROPPED:]
    frames = len(data)
    motion = np.stack([numeric(table[name]) for name in MOTION], axis=1)
    before = np.vstack([np.zeros(6), motion[:-1]])
    tissue = np.stack([numeric(table[name]) for name in ("csf", "white_matter")], axis=1)
    model = np.hstack([motion, before, motion**2, before**2, tissue])[DROPPED:]
    model = np.column_stack([np.ones(frames), np.arange(frames), model])
    residual = data - model @ np.linalg.lstsq(model, data, rcond=None)[0]
    spectrum = np.fft.rfft(residual, axis=0)
    frequencies = np.fft.rfftfreq(frames, TR)
    spectrum[(frequencies < low - 1e-9) | (frequencies > high + 1e-9)] = 0
    return np.fft.irfft(spectrum, frames, axis=0)


def test_legacy_profile_is_what_its_steps_give_and_says_everywhere_what_it_is(tmp_path):
    trial = write_trial(tmp_path / "data", per_arm=3)
    out = tmp_path / "out"
    words = ["--profile", "dpabi-legacy", "--seeds", *SEEDS]
    words += ["--set", "modalities.fmri.smoothing_fwhm=0", "--measures", "seed_correlation", "alff"]
    planned = run_deqi(trial.root, out, "participant", *words, "--dry-run")
    assert MARK in planned.out
    ended = run_deqi(trial.root, out, "participant", *words)
    assert ended.code == 0, ended.err
    assert MARK in ended.err
    for path in out.rglob("sub-*.json"):
        if "_design" not in path.name and "_outliers" not in path.name and "/func/" in str(path):
            assert MARK in path.read_text() or "_mask" in path.name or "stat-mean_statmap" in path.name, path
    table = read_tsv(trial.file("01", "pre", "confounds"))
    inside = brain()
    series = np.asarray(nib.load(trial.file("01", "pre", "bold")).dataobj)[inside].T.astype(float)
    cleaned = plainly(series, table, 0.01, 0.08)
    near = np.linalg.norm(places()[inside] - (4, 4, 4), axis=1) <= 9
    expected = np.corrcoef(cleaned[:, near].mean(axis=1), cleaned.T)[0, 1:]
    found = np.asarray(nib.load(next(out.glob("sub-01/ses-pre/**/*seed-near_stat-r_*.nii.gz"))).dataobj)[inside]
    assert np.isnan(found[near]).all()
    assert found[~near] == pytest.approx(expected[~near], abs=2e-6)
    ended = run_deqi(trial.root, out, "group", "--n-permutations", "20")
    assert ended.code == 0, ended.err
    for page in ("index.html", "sub-01.html", "group.html", "logs/CITATION.md"):
        assert MARK in (out / page).read_text(), page
    about = json.loads(next((out / "group").glob("*seed-near*_statmap.json")).read_text())
    assert MARK in about["ReplicationOnly"]
    assert "Yan & Zang 2010" in (out / "logs" / "CITATION.md").read_text()


def test_recommended_results_carry_no_such_mark(trial, tmp_path):
    out = tmp_path / "out"
    ended = run_deqi(trial.root, out, "participant", "--participant-label", "01", "--profile", "recommended")
    assert ended.code == 0, ended.err
    assert not [
        p for p in out.rglob("*") if p.suffix in (".json", ".html", ".md") and "eplication only, not" in p.read_text()
    ]
    ended = run_deqi(trial.root, out, "participant", "--profile", "dpabi-legcy")
    assert ended.code == 64
    assert "did you mean 'dpabi-legacy'?" in ended.err


def test_recommended_profile_is_the_default():
    plain = settings.resolve({})
    chosen = settings.resolve({"dataset": {"profile": "recommended"}})
    assert chosen.modalities == plain.modalities
    assert chosen.measures == plain.measures
    assert presets.load("profiles", "dpabi-legacy")["status"] == "replication only, not recommended"


def test_legacy_profile_and_censoring_exclude_each_other(trial, tmp_path):
    words = ["--profile", "dpabi-legacy", "--set", "modalities.fmri.fd_threshold=0.2"]
    ended = run_deqi(trial.root, tmp_path / "out", "participant", "--participant-label", "01", *words)
    assert ended.code == 64
    assert "knows no gaps" in ended.err


def test_freedom_after_two_steps_is_that_of_the_whole_operator():
    rng = np.random.default_rng(2)
    time = np.arange(FRAMES)
    confounds = np.column_stack([np.ones(FRAMES), rng.standard_normal((FRAMES, 20)).cumsum(axis=0)])
    angles = 2 * np.pi * np.outer(time, [1, 2, *range(25, FRAMES // 2)]) / FRAMES
    stop = np.hstack([np.cos(angles), np.sin(angles)])
    both = regress_then_filter(confounds, stop)
    regress = np.eye(FRAMES) - confounds @ np.linalg.pinv(confounds)
    model = np.column_stack([np.ones(FRAMES), stop])
    whole = (np.eye(FRAMES) - model @ np.linalg.pinv(model)) @ regress
    assert both.basis @ both.weights.T == pytest.approx(whole, abs=1e-10)
    squared = whole @ whole.T
    assert both.df_res == int(np.trace(squared) ** 2 / np.trace(squared @ squared))
    # Two steps bring back what the first took out; one model leaves nothing of it in the pass band.
    passed = (np.eye(FRAMES) - model @ np.linalg.pinv(model)) @ confounds[:, 1:]
    assert np.linalg.norm(passed.T @ both.basis) > 1
