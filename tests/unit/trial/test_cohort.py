"""Who stands in which arm and stratum outside the scanner, whatever the design of the maps is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bids_app import plugs
from bids_app.errors import UsageError
from bids_app.levels.group.outcome_associations import cohort_of
from bids_app.levels.trial import trial_analysis
from bids_app.levels.trial.outcomes import analyse, scores_of
from bids_app.plan.participants_table import People
from bids_app.plan.trial import later_columns, refuse_late_columns
from bids_app.settings import Settings
from bids_app.trial.outcomes import Said, outcome_of
from bids_app.vocabulary.design import Design
from bids_app.vocabulary.job import NO_MODALITY, TrialJob
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.options.prediction import Prediction
from bids_app.vocabulary.outcome import OutcomeOptions
from bids_app.vocabulary.selected import Selected


def people(kind="group", arms=("verum", "sham")):
    """Two sites that draw arms in different shares and differ by 20 points; the arm does nothing."""
    rng, rows = np.random.default_rng(0), {}
    for i in range(40):
        site = i >= 20
        first = (i % 20 < 15) != site
        after = 50 + 20 * site + rng.normal(0, 3)
        arm, before = arms[0] if first else arms[1], f"{rng.normal(60, 5):.1f}"
        rows[f"{i:02d}"] = {kind: arm, "site": "AB"[site], "vas_pre": before, "vas_post": f"{after:.1f}"}
    return rows


def job(design, rows):
    outcome = outcome_of("vas", OutcomeOptions(better="lower", units="mm"), Said(rows), ["pre", "post"])
    options = plugs.design(design).options()
    return TrialJob(
        label="group_trial", output_dir=Path(), modality=NO_MODALITY, measures={}, inputs=(), participants=rows,
        design=Selected(design, options), outcomes=(outcome,), inference=Inference(n_permutations=500),
    )  # fmt: skip


def test_a_design_of_sites_compares_outcomes_within_sites():
    asked = job("multi_site", people())
    cohort = trial_analysis.everyone(asked)
    assert set(cohort.strata.tolist()) == {0, 1}
    found = {row.name: row for row in analyse(scores_of(asked.outcomes[0], cohort, asked.inference)).rows}
    assert abs(found["ancova"].estimate) < 3  # not the 10 that sites make
    assert found["ancova"].p_rerandomised > 0.05
    design = Design(rows=cohort.rows, sessions={}, contrasts=(), lost=(), notes=(), arms=cohort.arms)
    assert set(cohort_of(asked, design).strata.tolist()) == {0, 1}


def test_orders_of_a_crossover_are_no_arms():
    asked = job("crossover", people("sequence", ("AB", "BA")))
    cohort = trial_analysis.everyone(asked)
    assert cohort.arms == ("all",)
    found = analyse(scores_of(asked.outcomes[0], cohort, asked.inference))
    assert found.deciding is None


@pytest.mark.parametrize("visits", [("pre", "post"), ("ses-pre", "ses-post")])
def test_what_came_after_treatment_adjusts_nothing_and_foretells_nothing(visits):
    rows = people()
    options = plugs.design("parallel_prepost").options
    outcomes = {"vas": OutcomeOptions(visits=visits)}
    who = People(table=Path("participants.tsv"), rows=rows)
    base = {"outcomes": outcomes, "predictors": {"ridge": None}}
    good = Settings(design=Selected("parallel_prepost", options(covariates=("vas_pre",))), **base)
    assert later_columns(good, rows) == ("vas_post",)
    refuse_late_columns(good, who)
    wrong = Settings(design=Selected("parallel_prepost", options(covariates=("vas_post",))), **base)
    with pytest.raises(UsageError, match=r"vas_post arises after randomisation .*covariates"):
        refuse_late_columns(wrong, who)
    for name in ("clinical", "confounds"):
        asked = Prediction(**{name: ("vas_pre", "vas_post")})
        told = Settings(design=Selected("parallel_prepost", options()), prediction=asked, **base)
        with pytest.raises(UsageError, match="vas_post arises after randomisation: it cannot predict"):
            refuse_late_columns(told, who)
