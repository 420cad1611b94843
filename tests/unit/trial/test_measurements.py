"""Outcomes that were measured: no better side, no responders, logarithms and ratios."""

from __future__ import annotations

import numpy as np
import pytest

from bids_app.errors import WrongDataError
from bids_app.levels.trial import outcomes
from bids_app.report.claims.outcomes import verdict
from bids_app.report.sections.outcome_rows import table_row
from bids_app.statistics.clinical.outcome_data import OutcomeData
from bids_app.trial.cohort import Cohort
from bids_app.trial.outcomes import Said, outcome_of, transformed, values_of
from bids_app.vocabulary.options.design import ArmOptions
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.outcome import OutcomeOptions

N = 60


def people(factor=1.0):
    """Return rows of lognormal power: in verum it is multiplied."""
    rng, rows = np.random.default_rng(4), {}
    for i in range(N):
        before = rng.normal(0.5, 0.4)
        after = 0.6 * before + 0.2 + 0.2 * rng.normal() + np.log10(factor) * (i % 2)
        rows[f"{i:02d}"] = {
            "participant_id": f"sub-{i:02d}", "arm": ("sham", "verum")[i % 2],
            "alpha_pre": f"{10**before:.6f}", "alpha_post": f"{10**after:.6f}",
        }  # fmt: skip
    return rows


def declared(rows, **options):
    return outcome_of(
        "alpha", OutcomeOptions(**{"kind": "measurement", "units": "µV²", **options}), Said(rows), ("pre", "post")
    )  # fmt: skip


def analysed(rows, **options):
    outcome = declared(rows, **options)
    whole = list(rows.values())
    return outcomes.analyse(
        OutcomeData(
            outcome=outcome, values=transformed(values_of(outcome.columns, whole), outcome.scale),
            arm=np.array([row["arm"] == "sham" for row in whole], dtype=int), arms=("verum", "sham"),
            strata=np.zeros(N, dtype=int), nuisance=np.ones((N, 1)), moderators=(), seed=0, requested=500,
        )
    )  # fmt: skip


def cohort_of(rows):
    return Cohort(rows=list(rows.values()), arms=("verum", "sham"), lost=(), options=ArmOptions())


def test_a_measurement_needs_no_better_side_and_has_no_responders():
    found = analysed(people())
    kinds = {row.kind for row in found.rows}
    assert not kinds & {"responders", "remission", "superiority"}
    assert {"ancova", "change", "g", "mann_whitney"} <= kinds
    with pytest.raises(WrongDataError, match="kind=measurement"):
        declared(people(), kind="score")


def test_the_difference_of_logarithms_is_that_of_least_squares_and_stands_as_a_ratio_too():
    rows = people(factor=1.5)
    found = analysed(rows, scale="log10")
    pre, post = (np.log10([float(row[f"alpha_{visit}"]) for row in rows.values()]) for visit in ("pre", "post"))
    arm = np.array([row["arm"] == "verum" for row in rows.values()], dtype=float)
    beta = np.linalg.lstsq(np.column_stack([arm, np.ones(N), pre]), post, rcond=None)[0][0]
    assert found.deciding.estimate == pytest.approx(beta, rel=1e-6)
    assert found.deciding.units == "log10 µV²"
    (ratio,) = [row for row in found.rows if row.kind == "ratio"]
    assert (ratio.estimate, ratio.low) == pytest.approx((10**beta, 10**found.deciding.low), rel=1e-6)
    assert ratio.estimate == pytest.approx(1.5, rel=0.25)


@pytest.mark.parametrize(
    ("scale", "values", "expected"),
    [
        ("", [0.5, 2], [0.5, 2]),
        ("log", [1, np.e], [0, 1]),
        ("log10", [0.01, 100], [-2, 2]),
        ("logit", [0.5, 0.9], [0, np.log(9)]),
    ],
)
def test_scales(scale, values, expected):
    found = transformed(np.array([*values, np.nan]), scale)
    assert found[:2] == pytest.approx(expected)
    assert np.isnan(found[2])


@pytest.mark.parametrize(("scale", "value"), [("log10", "0"), ("log", "-1"), ("logit", "1"), ("logit", "1.5")])
def test_values_without_a_logarithm_are_refused(scale, value):
    rows = {
        label: {**row, **{name: f"{min(float(row[name]) / 100, 0.9)}" for name in ("alpha_pre", "alpha_post")}}
        for label, row in people().items()
    }
    rows["07"]["alpha_post"] = value
    with pytest.raises(WrongDataError, match=f"sub-07 has alpha_post = {value}.*for the scale {scale}"):
        declared(rows, scale=scale)


def test_what_is_said_of_it_has_no_better_and_no_worse():
    rows = people(factor=4.0)
    found = analysed(rows, scale="log10", role="primary")
    cohort = cohort_of(rows)
    about = outcomes.outcome_sidecar(found, cohort, Inference())
    assert about.responders.improvement == ()
    said = verdict(about, [table_row(row) for row in found.rows])
    assert said.positive
    assert " was higher in verum than in sham, by " in said.sentence
    assert "better" not in said.sentence
