"""Composites of tests: by hand, and those of a published table of sensory testing."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from bids_app.errors import WrongDataError
from bids_app.settings import resolve
from bids_app.trial.composite import composite, with_composite

ROWS = {
    "01": {"HPT_pre": "44", "CPT_pre": "10", "HPT_post": "46", "CPT_post": "8"},
    "02": {"HPT_pre": "46", "CPT_pre": "14", "HPT_post": "46", "CPT_post": "n/a"},
    "03": {"HPT_pre": "48", "CPT_pre": "18", "HPT_post": "n/a", "CPT_post": "n/a"},
}


def test_z_is_by_mean_and_sd_before_treatment_at_every_visit():
    found = with_composite(ROWS, "pain", {"HPT": -1.0, "CPT": 1.0}, ["pre", "post"])
    # HPT: mean 46, SD 2; CPT: mean 14, SD 4.
    assert [float(found[label]["pain_pre"]) for label in found] == pytest.approx([0.0, 0.0, 0.0])
    assert float(found["01"]["pain_post"]) == pytest.approx((-0.0 + (8 - 14) / 4) / 2)
    assert float(found["02"]["pain_post"]) == 0.0  # of the one test that is known
    assert found["03"]["pain_post"] == "n/a"
    assert "pain_pre" not in ROWS["01"]


def test_what_is_not_there_or_does_not_vary_ends_the_call():
    with pytest.raises(WrongDataError, match="mean_of names MPT_pre"):
        with_composite(ROWS, "pain", {"MPT": 1.0}, ["pre"])
    same = {label: {**row, "HPT_pre": "44"} for label, row in ROWS.items()}
    with pytest.raises(WrongDataError, match="HPT does not vary at pre"):
        with_composite(same, "pain", {"HPT": 1.0}, ["pre"])


def test_settings_name_tests_and_signs():
    found = resolve({"outcomes": {"pain": {"mean_of": {"HPT": -1, "CPT": 1}, "kind": "measurement"}}})
    assert found.outcomes["pain"].mean_of == {"HPT": -1.0, "CPT": 1.0}


@pytest.mark.real
def test_a_published_composite_is_exact(real_data):
    with (real_data / "rpn_pain_rest" / "bochum_participants.csv").open() as stream:
        table = list(csv.DictReader(stream))

    def column(name):
        return np.array([float(row[name]) if row[name].strip() else np.nan for row in table])

    values = np.column_stack([column(name) for name in ("HPT", "CPT", "MPT_log_geom")])
    mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    assert mean == pytest.approx([44.21297, 14.35385, 3.61770], abs=1e-5)
    assert deviation == pytest.approx([2.79972, 7.59560, 0.80118], abs=1e-5)
    found = composite(values, np.array([-1.0, 1.0, -1.0]), mean, deviation)
    theirs = column("mean_QST_pain_sensitivity")
    known = np.isfinite(theirs)
    assert known.sum() == 39
    assert np.abs(found[known] - theirs[known]).max() < 4e-14
