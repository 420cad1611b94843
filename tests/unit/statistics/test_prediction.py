"""Prediction: nothing leaks, noise is noise, what is planted is found, and the model stands in its JSON (T27)."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from bids_app import plugs
from bids_app.derivatives.prediction import PredictionWriter, steady
from bids_app.errors import WrongDataError
from bids_app.report.claims.predictions import verdict
from bids_app.statistics.prediction.cross_validation import CrossValidation, assess
from bids_app.statistics.prediction.metrics import auc, auc_error, auc_within, brier, calibration, explained
from bids_app.statistics.prediction.nested_cv import out_of_fold, train
from bids_app.statistics.prediction.performance import decision_curve, interaction_t, stability
from bids_app.statistics.prediction.preprocessing import Features, prepare
from bids_app.statistics.prediction.task import PredictionTask
from bids_app.vocabulary.sidecars import PredictionSidecar

ALL = plugs.names("predictors")
QUICK = {"boosted_trees": {"rates": (0.1,), "trees": 20}}


@pytest.fixture(autouse=True)
def one_thread():
    """As the application has it: threads of BLAS would wait for each other."""
    with threadpool_limits(1):
        yield


def learner(name, **options):
    plug = plugs.predictor(name)
    return plug.learner(plug.options(**options))


def features(brain, clinical=None, confounds=None, components=0):
    n = len(brain)
    clinical = np.empty((n, 0)) if clinical is None else clinical
    confounds = np.empty((n, 0)) if confounds is None else confounds
    names = [f"f{i}" for i in range(clinical.shape[1] + brain.shape[1])]
    return Features(clinical=clinical, brain=brain, confounds=confounds, names=names, components=components)


def classes(outcome, groups=None, folds=5):
    return PredictionTask(outcome.astype(float), np.zeros(len(outcome), int) if groups is None else groups, True, folds)


def test_area_under_the_curve_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth, score = rng.integers(0, 2, 60), np.round(rng.standard_normal(60), 1)
    assert auc(score, truth) == pytest.approx(roc_auc_score(truth, score))
    assert auc_error(0.79, 25, 24) == pytest.approx(0.0650762, abs=1e-7)
    assert auc_within(score, truth, np.zeros(60, int)) == pytest.approx(auc(score, truth))


def test_scores_of_different_models_are_not_compared():
    """Each model expects more of what it has seen: pooled, that alone makes an AUC of nearly 0 out of nothing."""
    truth = np.array([1, 1, 1, 0, 1, 0, 0, 0] * 4)
    fold = np.repeat(np.arange(8), 4)
    score = np.array([1 - truth[fold == f].mean() for f in fold])
    assert auc(score, truth) < 0.3
    assert auc_within(score, truth, fold) == 0.5


@pytest.mark.parametrize("name", ALL)
@pytest.mark.slow
def test_noise_is_predicted_as_by_chance(name):  # T27
    rng, found = np.random.default_rng(0), []
    truth = (np.arange(49) < 25).astype(float)
    for number in range(25):
        run = out_of_fold(
            features(rng.standard_normal((49, 300))), classes(truth), learner(name, **QUICK.get(name, {})), number
        )
        found.append(auc_within(run.predicted, truth, run.fold))
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)


def test_choosing_features_on_everybody_leaks():  # T27, the canary: this is what the folds are for
    rng = np.random.default_rng(0)
    truth, noise = (np.arange(49) < 25).astype(float), rng.standard_normal((49, 4000))
    chosen = np.argsort(-np.abs((truth - truth.mean()) @ noise))[:50]
    outside = out_of_fold(features(noise[:, chosen]), classes(truth), learner("ridge"), 0)
    assert auc_within(outside.predicted, truth, outside.fold) > 0.95
    inside = out_of_fold(features(noise), classes(truth), learner("elastic_net", most=50), 0)
    assert auc_within(inside.predicted, truth, inside.fold) < 0.75


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_people_who_are_predicted_tell_nothing_to_the_model(name):
    rng = np.random.default_rng(1)
    truth = rng.permutation(40) % 2
    brain, clinical, confounds = (rng.standard_normal((40, k)) for k in (60, 2, 1))
    clinical[3, 0] = np.nan
    one = out_of_fold(features(brain, clinical, confounds), classes(truth), learner(name), 3)
    own = one.fold == 0
    for block in (brain, clinical, confounds):
        block[own] += 1000 * rng.standard_normal(block[own].shape)
    other = out_of_fold(features(brain, clinical, confounds), classes(truth), learner(name), 3)
    assert np.array_equal(one.models[0].weights, other.models[0].weights, equal_nan=True)
    assert np.array_equal(one.models[0].prepared.mean, other.models[0].prepared.mean)
    assert one.models[0].calibration == other.models[0].calibration
    assert not np.array_equal(one.models[1].prepared.mean, other.models[1].prepared.mean)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_what_is_planted_is_found(name):
    rng = np.random.default_rng(2)
    truth = rng.permutation(90) % 2
    brain = rng.standard_normal((90, 100))
    brain[:, :5] += 1.0 * truth[:, None]
    run = out_of_fold(features(brain), classes(truth), learner(name), 0)
    assert auc_within(run.predicted, truth, run.fold) > 0.8
    assert brier(run.predicted, truth) < 0.2
    value = brain[:, 0] * 2 + brain[:, 1] + rng.standard_normal(90)
    run = out_of_fold(features(brain), PredictionTask(value, np.zeros(90, int), False), learner(name), 0)
    assert explained(run.predicted, value) > 0.3


def test_confounds_are_taken_out_of_the_brain_alone_and_inside_the_fold():
    rng = np.random.default_rng(3)
    age = rng.standard_normal((60, 1))
    brain = 5 * age + rng.standard_normal((60, 4))
    clinical = age + 0.1 * rng.standard_normal((60, 1))
    ready = prepare(features(brain, clinical, age), rng.standard_normal(60), 0)[1]
    assert np.abs(np.corrcoef(ready[:, 1:].T, age[:, 0])[-1, :-1]).max() < 1e-10
    assert abs(np.corrcoef(ready[:, 0], age[:, 0])[0, 1]) > 0.9


def test_missing_clinical_values_become_the_median_of_training_people():
    clinical = np.array([[1.0], [2], [9], [np.nan]])
    prepared, ready = prepare(features(np.zeros((4, 1)), clinical), np.arange(4.0), 0)
    assert prepared.median == [2]
    assert np.isfinite(ready).all()
    nothing, _ = prepare(features(np.zeros((4, 1)), np.full((4, 1), np.nan)), np.arange(4.0), 0)
    assert nothing.median == [0]


def test_maps_are_reduced_by_axes_of_training_people():
    rng = np.random.default_rng(4)
    brain = rng.standard_normal((30, 500))
    prepared, ready = prepare(features(brain, components=5), rng.standard_normal(30), 0)
    assert ready.shape == (30, 5)
    left = brain - brain.mean(axis=0)
    axes = np.linalg.svd(left, full_matrices=False)[2][:5]
    assert np.abs(prepared.axes.T @ axes.T) == pytest.approx(np.eye(5), abs=1e-8)


def test_folds_spread_classes_and_arms():
    rng = np.random.default_rng(5)
    outcome, arm = rng.permutation(50) % 2, rng.permutation(50) % 2
    sizes = [(outcome[test].sum(), arm[test].sum(), len(test)) for _, test in classes(outcome, arm).parts(1)]
    assert np.ptp(np.array(sizes), axis=0).max() <= 2
    assert sum(size[2] for size in sizes) == 50


def assessed(n=60, signal=0.0, per_arm=0.0, sites=None, seed=6, **more):
    rng = np.random.default_rng(seed)
    arm, brain = rng.permutation(n) % 2, rng.standard_normal((n, 30))
    value = signal * brain[:, 0] + per_arm * arm * brain[:, 0] + rng.standard_normal(n)
    task = PredictionTask((value > np.median(value)).astype(float), arm.astype(int), True)
    plan = CrossValidation(arm=arm.astype(float), sites=sites, repeats=3, permutations=40, seed=0)
    return assess(features(brain), task, plan, learner("ridge"), **more), task


@pytest.mark.slow
def test_exchanged_outcomes_go_through_the_whole_pipeline():
    told = []
    found, _ = assessed(signal=2.0, tell=lambda: told.append(1))
    assert found.p == 1 / 40
    assert found.low < found.good.mean() < found.high
    assert len(told) >= 3 + 39
    nothing, _ = assessed()
    assert nothing.p > 0.05
    assert abs(nothing.good.mean() - 0.5) < 0.2


@pytest.mark.slow
def test_who_responds_is_told_apart_from_who_gains_more_from_an_arm():
    prognosis, _ = assessed(n=160, signal=2.0)
    assert prognosis.p < 0.05
    assert prognosis.interaction["p"] > 0.05
    modified, _ = assessed(n=160, per_arm=3.0)
    assert modified.interaction["p"] < 0.05
    assert modified.interaction["t"] > 2


@pytest.mark.slow
def test_sites_are_predicted_from_all_others():
    sites = np.arange(90) % 3
    found, _ = assessed(n=90, signal=2.5, sites=sites)
    assert set(found.sites) == {0, 1, 2}
    assert min(found.sites.values()) > 0.6


def test_too_few_responders_are_an_error():
    with pytest.raises(WrongDataError, match="2 of 30 people respond; each class needs at least 5"):
        assess(
            features(np.zeros((30, 2))),
            classes(np.arange(30) < 2),
            CrossValidation(arm=np.zeros(30), sites=None, repeats=1, permutations=20, seed=0),
            learner("ridge"),
        )


@pytest.mark.slow
def test_threads_change_no_bit():
    one, _ = assessed(signal=1.0)
    rng = np.random.default_rng(6)
    arm, brain = rng.permutation(60) % 2, rng.standard_normal((60, 30))
    value = brain[:, 0] + rng.standard_normal(60)
    task = PredictionTask((value > np.median(value)).astype(float), arm.astype(int), True)
    two = assess(
        features(brain),
        task,
        CrossValidation(arm=arm.astype(float), sites=None, repeats=3, permutations=40, seed=0, threads=2),
        learner("ridge"),
    )
    assert np.array_equal(one.predicted, two.predicted)
    assert (one.p, one.interaction) == (two.p, two.interaction)


def apply(card, clinical, brain, confounds):
    """Make the predictions of a model card again, with nothing but its text."""
    filled = np.where(np.isnan(clinical), card["Median"], clinical)
    left = brain - np.column_stack([np.ones(len(brain)), confounds]) @ np.array(card["Slopes"])
    spread = np.array([np.inf if s is None else s for s in card["Spread"]])
    ready = ((np.column_stack([filled, left]) - card["Mean"]) / spread)[:, card["Kept"]]
    model = card["Model"]
    if model["Kind"] == "linear":
        score = ready @ np.array(model["Weights"]) + model["Intercept"]
    else:
        score = np.full(len(ready), model["Start"])
        for i, row in enumerate(ready.astype(np.float32)):
            for tree in model["Trees"]:
                at = 0
                while tree["Left"][at] >= 0:
                    left_ = row[tree["Feature"][at]] <= tree["Threshold"][at]
                    at = tree["Left"][at] if left_ else tree["Right"][at]
                score[i] += model["Rate"] * tree["Value"][at]
    intercept, slope = card["Calibration"]
    return 1 / (1 + np.exp(-(intercept + slope * score)))


@pytest.mark.parametrize("name", ALL)
def test_the_model_that_is_written_predicts_without_this_program(name, tmp_path):
    rng = np.random.default_rng(7)
    truth = rng.permutation(50) % 2
    brain, clinical, confounds = (
        rng.standard_normal((50, 20)),
        rng.standard_normal((50, 2)),
        rng.standard_normal((50, 1)),
    )
    brain[:, 0] += 2 * truth
    clinical[4, 1] = np.nan
    given = features(brain, clinical, confounds)
    model = train(given, classes(truth), learner(name), 0)
    writer = PredictionWriter(tmp_path, {"task": "rest"})
    writer.model(name, model, given, {"Predicts": "responder"})
    card = json.loads(writer.files[0].read_text())
    assert apply(card, clinical, brain, confounds) == pytest.approx(model.predict(given), abs=1e-6)


@pytest.mark.slow
def test_steady_features_and_decisions():
    used, agree = stability(np.array([[1.0, 0, 2], [-1, 0, 3], [1, 0, 0]]))
    assert used == pytest.approx([1, 0, 2 / 3])
    assert agree == pytest.approx([2 / 3, 0, 1])
    found, _ = assessed(signal=2.0)
    assert steady(found, [f"f{i}" for i in range(30)])[0]["feature"] == "f0"
    assert steady(replace(found, weights=np.full((2, 3), np.nan)), ["a", "b", "c"]) == []
    curve = decision_curve(np.array([0.9, 0.8, 0.2, 0.1]), np.array([1, 1, 0, 0]))
    assert curve[9] == pytest.approx({"threshold": 0.5, "model": 0.5, "all": 0.0})
    assert calibration(np.full(4, 0.5), np.array([0, 1, 0, 1])) == pytest.approx((np.nan, np.nan), nan_ok=True)


def said(p, n=60, arms=("verum", "sham"), clinical=("age",)):
    about = PredictionSidecar(
        outcome="pain", baseline="vas_pre", target="responder", share=0.3, units="points", participants=n,
        arms=tuple(arms), measure="alff", brain_features=9, components=0, responders=20, clinical=tuple(clinical),
        confounds=(), folds=5, repeats=1, permutations=99, random_seed=1, sites=(), alpha=0.05, plan=None, notes=(),
    )  # fmt: skip
    rows = [{"features": name, "auc": 0.7, "low": 0.6, "high": 0.8, "p_exchanged": p, "arm_interaction_p": 0.4}
            for name in ("clinical", "brain", "combined")]  # fmt: skip
    told = verdict(about, rows)
    return told, " ".join((told.headline, *told.remarks))


def test_what_may_be_said_of_a_prediction():
    told, text = said(0.01)
    assert text.startswith("Exploratory: who responds in pain was predicted in held-out participants")
    assert not told.positive
    assert "is a prognosis" in text
    assert "about ten points" in text
    assert "about ten points" not in said(0.01, n=150)[1]
    assert "There was no evidence that" in said(0.5)[1]
    assert "prognosis" not in said(0.5, arms=("all",))[1]
    assert "regression to the mean" not in text
    assert "regression to the mean alone" in said(0.01, clinical=("vas_pre", "age"))[1]
    for word in ("predicts response to acupuncture", "biomarker", "specific", "will respond", "because"):
        assert word not in text


def test_further_arms_have_no_part_in_who_gains_from_the_first_against_the_last():
    rng = np.random.default_rng(0)
    predicted, outcome = rng.standard_normal((2, 60))
    arm = np.repeat([1.0, 0.0, np.nan], 20)
    whole = interaction_t(predicted, PredictionTask(outcome, np.zeros(60, dtype=int), classes=False), arm)
    two = interaction_t(predicted[:40], PredictionTask(outcome[:40], np.zeros(40, dtype=int), classes=False), arm[:40])
    assert whole == two != 0


def test_people_who_all_improve_alike_cannot_be_foretold():
    features = Features(
        clinical=np.random.default_rng(0).standard_normal((20, 2)),
        brain=np.empty((20, 0)),
        confounds=np.empty((20, 0)),
        names=["a", "b"],
    )
    task = PredictionTask(np.full(20, 3.0), np.zeros(20, dtype=np.intp), classes=False)
    plug = plugs.predictor("ridge")
    with pytest.raises(WrongDataError, match="nothing to predict"):
        assess(
            features,
            task,
            CrossValidation(arm=np.zeros(20), sites=None, repeats=2, permutations=10, seed=0),
            plug.learner(plug.options()),
        )
