"""Values of people that go together: constants of the literature, statsmodels, and what noise alone makes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from sidecars import contrast
from statsmodels.api import OLS

from bids_app.associations import brain_symptom, coupled_change
from bids_app.errors import UsageError, WrongDataError
from bids_app.levels.group.arm_similarity import outcome_of
from bids_app.report.claims.associations import Coupling, coupling
from bids_app.statistics.clinical.mediation import paths
from bids_app.statistics.clinical.rank_correlation import baseline_with_own_change, pooled_by_arms_alone, spearman
from bids_app.statistics.permutation import linear_model
from bids_app.statistics.permutation.schemes import Exchange
from bids_app.trial.cohort import Cohort
from bids_app.trial.outcome_slopes import RelatedOutcome
from bids_app.trial.region_values import RegionValues
from bids_app.trial.related_values import Coupled
from bids_app.vocabulary.options.design import ArmOptions
from bids_app.vocabulary.options.inference import Inference
from bids_app.vocabulary.participant_row import ParticipantRow

X = np.arange(1.0, 9)
Y = np.array([2.0, 1, 4, 3, 7, 5, 8, 6])
Z = np.array([3.0, 1, 2, 5, 4, 8, 6, 7])
ONE_BLOCK = np.zeros(8, dtype=int)


def test_rank_correlation_with_its_exact_p():  # T23
    found = spearman(X, Y, np.empty((8, 0)), Exchange(ONE_BLOCK, 0, 50_000))
    assert found.r == pytest.approx(0.833333, abs=1e-6)
    assert found.p_exchanged == pytest.approx(0.0153770, abs=1e-7)
    assert found.p == pytest.approx(0.0101755, abs=1e-7)
    assert found.relabellings == 40_320


def test_partial_rank_correlation():  # T23
    found = spearman(X, Y, Z[:, None], Exchange(ONE_BLOCK, 0, 20))
    assert found.r == pytest.approx(0.731272, abs=1e-6)
    assert found.p == pytest.approx(0.0618256, abs=1e-7)


def test_values_change_places_within_arms_alone():
    arm = np.repeat([0, 1], 20)
    rng = np.random.default_rng(0)
    x, y = arm * 3 + rng.standard_normal(40), arm * 3 + rng.standard_normal(40)
    pooled = spearman(x, y, np.empty((40, 0)), Exchange(arm, 0, 500))
    assert pooled.p < 1e-6  # the arms alone make it ...
    assert pooled.p_exchanged > 0.05  # ... and exchange within arms knows
    assert abs(spearman(x, y, arm[:, None], Exchange(arm, 0, 500)).r) < 0.3


def test_what_pooling_and_a_shared_baseline_make_of_nothing():
    assert pooled_by_arms_alone(0.909, 1.838) == pytest.approx(0.280, abs=5e-4)
    assert baseline_with_own_change(0.3) == pytest.approx(-0.592, abs=5e-4)
    rng = np.random.default_rng(1)
    arm = np.repeat([1.0, 0], 40_000)
    first, second = 0.909 * arm + rng.standard_normal(80_000), 1.838 * arm + rng.standard_normal(80_000)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.280, abs=0.01)


def test_paths_are_those_of_ordinary_least_squares_and_add_up():
    rng = np.random.default_rng(2)
    n = 80
    arm = rng.permutation(n) % 2 * 1.0
    others = np.column_stack([np.ones(n), rng.standard_normal((n, 2))])
    value = 0.5 * arm + others @ [1, 0.3, 0] + rng.standard_normal(n)
    outcome = -2 * arm - 1.2 * value + others @ [5, 0, 0.5] + rng.standard_normal(n)
    found = paths(arm, value, outcome, others, 400, 0)
    assert found.to == pytest.approx(OLS(value, np.column_stack([arm, others])).fit().params[0])
    whole = OLS(outcome, np.column_stack([value, arm, others])).fit().params
    assert (found.onward, found.direct) == (pytest.approx(whole[0]), pytest.approx(whole[1]))
    assert found.total == pytest.approx(found.direct + found.to * found.onward)  # c = c' + ab
    assert found.low < found.indirect < found.high


def test_a_common_cause_of_the_size_that_is_told_explains_the_path_away():
    rng = np.random.default_rng(3)
    n = 4000
    arm, hidden = rng.permutation(n) % 2 * 1.0, rng.standard_normal(n)
    value = 0.5 * arm + hidden + rng.standard_normal(n)
    outcome = 2 * hidden + 2 * rng.standard_normal(n)  # the value does nothing
    found = paths(arm, value, outcome, np.ones((n, 1)), 100, 0)
    assert found.onward > 0.8
    # Errors of value and outcome share the hidden cause: 2 / sqrt(2 * 8).
    assert found.breaks == pytest.approx(0.5, abs=0.05)


def people(n=30, seed=0):
    arm = np.random.default_rng(seed).permutation(n) % 2
    rows = tuple(
        ParticipantRow({"participant_id": f"sub-{i:02d}", "arm": ("verum", "sham")[a]}, frozenset({"pre", "post"}))
        for i, a in enumerate(arm)
    )
    return Cohort(rows=rows, arms=("verum", "sham"), lost=(), options=ArmOptions()), (arm == 0) * 1.0


def asked(cohort, improvement, **options):
    to = outcome("brain_symptom", "vas", improvement)
    found = brain_symptom.contrasts(cohort, to, brain_symptom.Options(**options))
    return {contrast.name: contrast for contrast in found}


def outcome(association, name, values):
    improves = association == "brain_symptom"
    return RelatedOutcome(association=association, name=name, title="pain", improves=improves, values=values)


def t_of(contrast, stacks):
    baseline = stacks["pre"][contrast.members] if contrast.asked.outcome.baseline else None
    model = linear_model.fit(outcome_of(stacks, contrast), contrast.tested, contrast.nuisance, baseline)
    return float(model.effect[0] / np.sqrt(model.variance[0]))


def test_contrasts_of_maps_are_the_regressions_they_claim_to_be():
    cohort, arm = people()
    rng = np.random.default_rng(5)
    stacks = {stage: rng.standard_normal((30, 3)).astype(np.float32) for stage in ("pre", "post")}
    before = {stage: stack.copy() for stage, stack in stacks.items()}
    improvement = rng.standard_normal(30)
    improvement[3] = np.nan
    known = np.isfinite(improvement)
    found = asked(cohort, improvement)
    assert set(found) == {
        "verumVasSlope",
        "shamVasSlope",
        "allVasSlope",
        "verumVsShamVasSlope",
        "verumVsShamVasByBaseline",
    }
    change = (stacks["post"] - stacks["pre"])[:, 0].astype(float)
    pre = stacks["pre"][:, 0].astype(float)
    ones = np.ones(30)

    def oracle(y, *columns, rows=known):
        return OLS(y[rows], np.column_stack([c[rows] for c in columns])).fit().tvalues[0]

    own = known & (arm == 1)
    assert t_of(found["verumVasSlope"], stacks) == pytest.approx(oracle(change, improvement, ones, rows=own), rel=1e-4)
    assert t_of(found["allVasSlope"], stacks) == pytest.approx(oracle(change, improvement, ones, arm), rel=1e-4)
    product = arm * np.nan_to_num(improvement)
    assert t_of(found["verumVsShamVasSlope"], stacks) == pytest.approx(
        oracle(change, product, improvement, ones, arm), rel=1e-4
    )
    # Who gains more from which arm is a question to improvement, though maps stand where outcomes do.
    assert t_of(found["verumVsShamVasByBaseline"], stacks) == pytest.approx(
        oracle(improvement, arm * pre, pre, ones, arm), rel=1e-4
    )
    assert all(np.array_equal(stacks[stage], before[stage]) for stage in stacks)
    assert "verumVsShamVasByBaseline" not in asked(cohort, improvement, baseline=False)
    assert all(contrast.asked.association == "brain_symptom" for contrast in found.values())


@pytest.mark.parametrize(
    "options",
    [
        {"clusters": "significant"},
        {"regions": ("mine=out/group/task-rest_seed-PCC_contrast-verumChange_stat-t_statmap.nii.gz",)},
        {"regions": ("mine=elsewhere/task-rest_seed-PCC_contrast-verumChange_stat-t_statmap.nii.gz#2",)},
        {"regions": ("out/group/anything.nii.gz",)},
    ],
)
def test_circular_values_are_refused_with_the_reason(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"counts twice \(circular\)"):
        brain_symptom.check(brain_symptom.Options(**options), tmp_path / "out")


def test_values_that_nobody_chose_by_themselves_are_taken(tmp_path):
    options = brain_symptom.Options(regions=("PAG", "mine:1,2,3:6", "atlas.nii.gz#3"), clusters="leave-one-out")
    brain_symptom.check(options, tmp_path)


def one(p, arm="", between=False, found="connectivity tells who gains more from verum than from sham"):
    about = contrast(smallest_joint_p={"mass": p}, arm=arm, between_arms=between, found=found)
    return Coupling(label="PCC", contrast="", about=about)


def test_what_may_be_said_of_brain_and_symptom():
    arms = ("verum", "sham")
    nothing = coupling([one(0.4, "verum"), one(0.5, between=True)], "pain", arms)
    assert "No map was shown" in nothing.headline
    assert "not evidence that they are unrelated" in " ".join(nothing.remarks)
    within = coupling([one(0.01, "verum"), one(0.5, "sham"), one(0.5, between=True)], "pain", arms)
    assert "shown within verum and not within sham" in " ".join(within.remarks)
    assert within.headline.startswith("Exploratory: ")
    between = coupling([one(0.01, between=True)], "pain", arms)
    assert "tells who gains more" in between.headline
    for verdict in (nothing, within, between):
        text = " ".join((verdict.headline, *verdict.remarks)).lower()
        assert "a common cause explains it as well" in text
        assert not verdict.positive
        for word in ("specific", "mediat", "because", "leads to", "drives", "mechanism"):
            assert word not in text


def test_stats_of_scipy_agree_on_the_plain_correlation():
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((2, 40))
    assert spearman(x, y, np.empty((40, 0)), Exchange(np.zeros(40, dtype=int), 0, 20)).r == pytest.approx(
        stats.spearmanr(x, y).statistic
    )


def test_sites_do_not_make_a_region_go_with_relief():
    """Two sites differ in both values; within each of them the two go against each other."""
    rng = np.random.default_rng(7)
    rows, site = [], np.repeat([0, 1], 30)
    for i, s in enumerate(site):
        cells = {"participant_id": f"sub-{i:02d}", "arm": ("verum", "sham")[i % 2], "site": "AB"[s]}
        rows.append(ParticipantRow(cells, frozenset({"pre", "post"})))
    cohort = Cohort(rows=tuple(rows), arms=("verum", "sham"), lost=(), options=ArmOptions(strata=("site",)))
    change = 5.0 * site + rng.standard_normal(60)
    improvement = 5.0 * site - change + 5.0 * site + 0.5 * rng.standard_normal(60)
    given = SimpleNamespace(
        cohort=cohort, inference=Inference(n_permutations=200), to=outcome("brain_symptom", "vas", improvement)
    )
    region = RegionValues("PAG", before := rng.standard_normal(60), before + change, "declared")
    found = {(row["what"], row["whom"]): row for row in Coupled(given).rows(region)}
    row = found["change and improvement", "given the arm"]
    assert row["high"] < 0
    assert row["p_exchanged"] <= 0.01
    arm, ranks = (cohort.arm == 0) * 1.0, [stats.rankdata(v) for v in (change, improvement)]
    others = np.column_stack([np.ones(60), arm, site])
    left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in ranks]
    assert row["estimate"] == pytest.approx(np.corrcoef(*left)[0, 1])


@pytest.mark.parametrize("gone", ["one arm", "everybody", "alike"])
def test_maps_are_not_related_to_what_nobody_of_an_arm_has(gone):
    cohort, _ = people()
    improvement = np.arange(30.0)
    if gone == "alike":
        improvement[cohort.arm == 1] = 5.0
    else:
        improvement[(cohort.arm == 1) | (gone == "everybody")] = np.nan
    with pytest.raises(WrongDataError, match="improvement is known of"):
        asked(cohort, improvement)


def test_changes_of_two_measurements_are_the_regressions_they_claim_to_be():
    cohort, arm = people()
    rng = np.random.default_rng(8)
    stacks = {stage: rng.standard_normal((30, 3)).astype(np.float32) for stage in ("pre", "post")}
    change = rng.standard_normal(30)
    to, options = outcome("coupled_change", "alpha", change), coupled_change.Options()
    found = {contrast.name: contrast for contrast in coupled_change.contrasts(cohort, to, options)}
    assert set(found) == {"verumAlphaSlope", "shamAlphaSlope", "verumVsShamAlphaSlope", "allAlphaSlope"}
    assert "associated with the change in pain" in found["allAlphaSlope"].asked.words.question
    maps = (stacks["post"] - stacks["pre"])[:, 0].astype(float)
    fitted = OLS(maps, np.column_stack([change, np.ones(30), arm])).fit()
    assert t_of(found["allAlphaSlope"], stacks) == pytest.approx(fitted.tvalues[0], rel=1e-4)
    own = arm == 1
    within = OLS(maps[own], np.column_stack([change[own], np.ones(own.sum())])).fit()
    assert t_of(found["verumAlphaSlope"], stacks) == pytest.approx(within.tvalues[0], rel=1e-4)
    alone = coupled_change.contrasts(cohort, to, coupled_change.Options(within=False))
    assert [contrast.name for contrast in alone] == ["allAlphaSlope"]
    with pytest.raises(UsageError, match="nothing is asked"):
        coupled_change.check(coupled_change.Options(within=False, pooled=False), Path("out"))


def test_arms_that_change_apart_are_no_association():  # eeg.md 8: d = .8 in each makes r = .138 of nothing
    assert pooled_by_arms_alone(0.8, 0.8) == pytest.approx(0.138, abs=5e-4)
    rng = np.random.default_rng(9)
    rejected = []
    for _ in range(200):
        cohort, arm = people(n=60, seed=int(rng.integers(1e6)))
        first, second = 0.8 * arm + rng.standard_normal(60), 0.8 * arm + rng.standard_normal(60)
        stacks = {"pre": np.zeros((60, 1), dtype=np.float32), "post": first[:, None].astype(np.float32)}
        found = coupled_change.contrasts(cohort, outcome("coupled_change", "alpha", second), coupled_change.Options())
        pooled = next(contrast for contrast in found if contrast.name == "allAlphaSlope")
        rejected.append(abs(t_of(pooled, stacks)) > stats.t.isf(0.025, 57))
    assert np.mean(rejected) <= 0.05 + 2.6 * np.sqrt(0.05 * 0.95 / 200)


def test_what_may_be_said_of_two_changes():
    found = coupling([one(0.01), one(0.4, "verum")], "alpha power", ("verum", "sham"), improves=False)
    assert "changes in maps are associated with the change in alpha power" in found.headline
    assert "improve" not in found.headline
    assert "No change in a map was shown" in coupling([one(0.4)], "alpha", ("verum",), improves=False).headline
