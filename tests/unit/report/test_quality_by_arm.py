"""Quality of scans by arm, from the tables of sessions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bids_app.derivatives.files import write_table
from bids_app.report.sections.quality_by_arm import quality_by_arm
from bids_app.statistics.table_one import standardised_difference

ARMS = ("verum", "sham")


def found(folder, masses):
    """Return the quality of one session of PET; `masses` by arm."""
    rows = []
    for arm, values in masses.items():
        for i, mass in enumerate(values):
            label = f"{arm}{i}"
            rows.append({"participant_id": f"sub-{label}", "arm": arm})
            qc = folder / f"sub-{label}" / "ses-pre" / "pet" / f"sub-{label}_ses-pre_trc-CFN_desc-pet_qc.tsv"
            table = {"decision": ["used"], "reference_late": [3.0 + i], "injected": [300.0], "injected_mass": [mass]}
            write_table(qc, table)
    return quality_by_arm(folder, pd.DataFrame(rows), {"trc": "CFN"}, "pet", ("ses", {"pre": "pre"}), ARMS)


def test_what_a_scan_was_given_is_shown_by_arm(tmp_path):
    shown = found(tmp_path, {"verum": [2.0, 2.2, 1.8], "sham": [2.1, 1.9, 2.0]})
    charts = {chart["name"]: {cell["arm"]: cell["said"] for cell in chart["cells"]} for chart in shown.charts}
    assert list(charts) == ["reference per injected activity", "injected activity", "injected mass"]
    assert charts["reference per injected activity"]["verum"] == "0.0133 (0.0033)"
    assert charts["injected mass"] == {"verum": "2 (0.2)", "sham": "2 (0.1)"}
    assert not shown.notes


def test_unequal_injected_mass_is_told_with_its_numbers(tmp_path):
    (note,) = found(tmp_path, {"verum": [2.0, 2.2, 1.8], "sham": [2.4, 2.6, 2.5]}).notes
    assert note.startswith("injected mass differs between arms (session pre: 2 verum, 2.5 sham)")


def test_a_standardised_difference_is_that_of_its_definition():
    first, second = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])
    assert standardised_difference(first, second) == pytest.approx(2 / np.sqrt((1 + 4) / 2))


def test_doses_that_are_fixed_within_arms_and_differ_between_them_are_told(tmp_path):
    (note,) = found(tmp_path, {"verum": [5.0, 5.0, 5.0], "sham": [1.0, 1.0, 1.0]}).notes
    assert "5 verum, 1 sham" in note


def test_arms_keep_their_order_whoever_comes_first(tmp_path):
    shown = found(tmp_path, {"sham": [2.0, 2.1], "verum": [2.0, 2.1]})
    assert [cell["arm"] for cell in shown.charts[0]["cells"]] == list(ARMS)
