"""Beta series and dynamic connectivity, from the command line to the group's pages."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import run_deqi, validate_bids
from pages import group_pages
from synthetic import SEEDS, write_trial

from bids_app.dataset.tables import read_tsv

REGIONS = json.dumps([*SEEDS, "third:20,-20,8:9"])


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A trial whose runs of five minutes have sixteen short events."""
    folder = tmp_path_factory.mktemp("matrices")
    trial = write_trial(folder / "data", per_arm=4)
    for label in trial.people:
        for session in ("pre", "post"):
            raw = trial.root / f"sub-{label}" / f"ses-{session}" / "func"
            raw.mkdir(parents=True)
            rows = [f"{8 + 17 * i}\t2\ttap" for i in range(16)]
            text = "\n".join(["onset\tduration\ttrial_type", *rows]) + "\n"
            (raw / f"sub-{label}_ses-{session}_task-rest_events.tsv").write_text(text)
    words = ["--measures", "beta_series", "dynamic", "parcel_correlation", "--set", "measures.dynamic.surrogates=50"]
    for name in ("beta_series", "dynamic", "parcel_correlation"):
        words += ["--set", f"measures.{name}.regions={REGIONS}", "--set", f"measures.{name}.name=three"]
    words += ["--set", "modalities.fmri.fd_threshold=0"]
    for level, more in (("participant", ()), ("group", ("--n-permutations", "50"))):
        ended = run_deqi(trial.root, folder / "out", level, *words, *more)
        assert ended.code == 0, ended.text
    return trial, folder / "out", ended


def test_both_are_written_for_each_session_and_compared(done):
    _, out, _ = done
    matrix = read_tsv(next(out.glob("sub-01/ses-pre/func/*meas-betasTap_*stat-betaseries_relmat.tsv")))
    assert list(matrix) == ["node", "near", "far", "third"]
    assert matrix["near"][0] == "n/a"
    assert matrix["near"][1] == matrix["far"][0] != "n/a"
    table = read_tsv(next(out.glob("sub-01/ses-pre/func/*_seg-three_*stat-dynamic_relmat.tsv")))
    assert table["kind"] == ["connectivity"] * 3 + ["amplitude"] * 3
    sd, mean, spread = (np.array(table[name], float) for name in ("sd", "surrogate_mean", "surrogate_sd"))
    assert np.array(table["z"], float) == pytest.approx((sd - mean) / spread, rel=1e-5)
    for name, suffix, places in (("meas-betasTap", "edge", 3), ("seg-three", "edge", 3), ("seg-three", "pair", 6)):
        found = read_tsv(next(out.glob(f"group/*{name}_*contrast-verumVsShamAdjusted_{suffix}s.tsv")))
        assert len(found[suffix]) == places
    assert validate_bids(out).returncode == 0


def test_dynamic_measures_are_no_hypothesis_and_pages_say_so(done):
    _, out, ended = done
    trial = json.loads((out / "group" / "desc-trial_multiplicity.json").read_text())
    names = [one["Name"] for graph in trial["Graphs"] for one in graph["Hypotheses"]]
    assert names == ["parcel_correlation", "beta_series"]
    assert "dynamic:" not in ended.text
    page = group_pages(out)
    assert "Exploratory: results on how much connectivity varies over windows suggest and confirm nothing" in page
    assert "Beta series" in page


def test_what_cannot_be_had_says_why(done, tmp_path):
    trial, _, _ = done
    words = ["--participant-label", "01", "--session-label", "pre", "--measures", "dynamic", "beta_series"]
    words += ["--set", "modalities.fmri.fd_threshold=0"]
    words += ["--set", f"measures.dynamic.regions={REGIONS}", "--set", f"measures.beta_series.regions={REGIONS}"]
    ended = run_deqi(trial.root, tmp_path / "a", "participant", *words, "--set", "measures.dynamic.window=40",
                     "--set", "measures.beta_series.min_trials=30")  # fmt: skip
    assert "windows of 40 s hold less than half a period" in ended.text
    assert "16 trials are too few to correlate responses over them (at least 30)" in ended.text
    ended = run_deqi(trial.root, tmp_path / "b", "participant", *words, "--set", "measures.dynamic.min_minutes=6",
                     "--set", "multiplicity.primary=dynamic")  # fmt: skip
    assert ended.code == 64


def test_two_measures_never_write_one_file(done, tmp_path):
    trial, _, _ = done
    words = [
        "--measures",
        "parcel_correlation",
        "network_coherence",
        "--set",
        "measures.parcel_correlation.name=networks",
    ]
    words += ["--set", f"measures.parcel_correlation.regions={REGIONS}"]
    words += ["--set", f'measures.network_coherence.networks=["A={SEEDS[0]}+{SEEDS[1]}"]']
    ended = run_deqi(trial.root, tmp_path / "out", "participant", "--participant-label", "01", *words)
    assert ended.code == 1
    assert "parcel_correlation and network_coherence both have results called networks" in ended.text
    assert "the set of regions" in ended.text
