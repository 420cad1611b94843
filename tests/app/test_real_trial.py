"""Real people: pain thresholds beside connectivity at three sites, a placebo gel, and needle sensations."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bids_app.levels.trial.outcomes import analyse
from bids_app.levels.trial.trial_analysis import exposure
from bids_app.statistics.clinical.mass_index import mass_index
from bids_app.statistics.clinical.outcome_data import OutcomeData
from bids_app.statistics.clinical.rank_correlation import spearman
from bids_app.statistics.permutation.schemes import Exchange
from bids_app.trial.outcomes import Said, outcome_of
from bids_app.trial.treatment_dose import with_exposure
from bids_app.vocabulary.outcome import OutcomeOptions
from bids_app.vocabulary.treatment import TrialOptions

pytestmark = pytest.mark.real
SITES = ("bochum", "essen", "szeged")


@pytest.fixture(scope="module")
def people(real_data):
    """Connectivity (published partial correlations) and pain sensitivity of the people that the authors included."""
    folder, found = real_data / "rpn_pain_rest", []
    for site in SITES:
        table = pd.read_csv(folder / f"{site}_participants_included_with_predictions.csv")
        edges = np.load(folder / f"{site}_reference_partialcorr_features.npy")
        found.append((table["mean_QST_pain_sensitivity"].to_numpy(), edges))
    site = np.repeat(np.arange(3), [len(pain) for pain, _ in found])
    return site, np.concatenate([pain for pain, _ in found]), np.concatenate([edges for _, edges in found])


@pytest.mark.parametrize("edge", [0, 1234, 7000])
def test_connectivity_and_pain_within_each_site_are_those_of_scipy(people, edge):
    site, pain, edges = people
    for number in range(3):
        own = site == number
        found = spearman(
            edges[own, edge], pain[own], np.empty((own.sum(), 0)), Exchange(np.zeros(own.sum(), int), 0, 500)
        )
        expected = stats.spearmanr(edges[own, edge], pain[own])
        assert found.r == pytest.approx(expected.statistic)
        assert found.p == pytest.approx(expected.pvalue)
        assert found.p_exchanged == pytest.approx(expected.pvalue, abs=0.08)


def test_sites_joined_are_adjusted_and_exchanged_within_sites(people):
    site, pain, edges = people
    others = np.column_stack([site == 0, site == 1]).astype(float)
    shifted = edges[:, 0] + 5 * site  # a scanner that adds something
    plain, moved = (spearman(x, pain + 3 * site, others, Exchange(site, 0, 300)) for x in (edges[:, 0], shifted))
    assert plain.people == len(site) == 91
    assert abs(moved.r) < 0.4  # not the near-certain correlation that the sites alone make ...
    assert stats.spearmanr(shifted, pain + 3 * site).statistic > 0.7  # ... when they are pooled


def test_a_placebo_gel_as_an_outcome_within_people(real_data):
    table = pd.read_csv(real_data / "rpn_pain_rest" / "bochum_participants.csv")
    rows = {
        str(i): {"rating_control": _word(row.Rating_Day_1_Control), "rating_gel": _word(row.Rating_Day_1_Gel)}
        for i, row in enumerate(table.itertuples())
    }
    options = OutcomeOptions(visits=("control", "gel"), better="lower", units="VAS", minimum=0.0, maximum=100.0)
    outcome = outcome_of("rating", options, Said(rows), ())
    values = np.array([[float(v) if v != "n/a" else np.nan for v in row.values()] for row in rows.values()])
    n = len(values)
    scores = OutcomeData(
        outcome=outcome,
        values=values,
        arm=np.zeros(n, int),
        arms=("all",),
        strata=np.zeros(n, int),
        nuisance=np.ones((n, 1)),
        moderators=(),
        seed=0,
        requested=200,
    )
    found = {row.name: row for row in analyse(scores).rows}
    known = values[np.isfinite(values).all(axis=1)]
    expected = stats.wilcoxon(known[:, 1] - known[:, 0], correction=False, method="approx")
    assert found["wilcoxon"].p == pytest.approx(expected.pvalue)
    low, high = stats.ttest_1samp(known[:, 1] - known[:, 0], 0).confidence_interval()
    assert (found["mean_change"].low, found["mean_change"].high) == (pytest.approx(low), pytest.approx(high))
    assert found["mean_change"].high < 0  # the gel took pain away


def _word(value: float) -> str:
    return "n/a" if np.isnan(value) else str(value)


def test_real_needle_sensations_at_points_and_beside_them(real_data):
    """Two tables of the same 26 people: the acupuncture point, and a control point."""
    path, rows = real_data / "acupuncture_imacu" / "01_behavioural_data" / "D_MASS.zip", []
    with zipfile.ZipFile(path) as archive:
        for place in ("Acu", "C1"):
            text = io.TextIOWrapper(
                archive.open(f"MASS/Stimulation_session1_{place}.csv"), "utf-8-sig", errors="replace"
            )
            for i, row in enumerate(csv.DictReader(text)):
                ratings = {f"mass_{name}": row[name] or "n/a" for name in list(row)[:12]}
                rows.append({"participant_id": f"sub-{place}{i}", "arm": place, **ratings})
    people = with_exposure({row["participant_id"]: row for row in rows}, [], "mass_")
    found = {row.name: (when, row) for when, row in exposure(list(people.values()), ["Acu", "C1"], TrialOptions())}
    ratings = np.array(
        [[float(v) if v != "n/a" else np.nan for k, v in row.items() if k[:5] == "mass_"] for row in rows]
    )
    index = mass_index(ratings)
    assert len(index) == 52
    assert ((index <= np.nanmax(ratings, axis=1) + 1e-9) & (index >= np.nanmean(ratings, axis=1) - 1e-9)).all()
    when, row = found["mass_index"]
    assert when == "after randomisation"
    assert row.cells[0][0] == pytest.approx(index[:26].mean(), rel=1e-4)
